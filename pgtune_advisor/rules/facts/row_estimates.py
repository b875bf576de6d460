"""Facts of tables whose statements return far more rows than the planner expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.domain.proposals import StatisticsProposal
from pgtune_advisor.rules.facts.base import Context, derived, fact, ratio

_PLANNER = "planner (EXPLAIN)"
_STATEMENTS = "pg_stat_statements"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEstimateFacts:
    """Columns that a statement compares together, and how many rows that keeps."""

    KIND: ClassVar[str] = "row_estimate"
    NEEDS: ClassVar[tuple[str, ...]] = ("relations", "columns", "extended_statistics")

    proposal: StatisticsProposal
    database: str = fact("database of the table", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table", source="pg_class.relname")
    columns: str = derived("the columns that are compared together", source=_PLANNER)
    estimated_rows: float = derived("rows a call that the planner expects", source=_PLANNER)
    actual_rows: float = derived(
        "rows a call that the statement returned", source=f"{_STATEMENTS}.rows"
    )
    factor: float | None = derived(
        "actual rows over estimated", unit="ratio", source=f"{_STATEMENTS}, {_PLANNER}"
    )
    modified_ratio: float | None = derived(
        "share of the rows that were modified since ANALYZE",
        unit="ratio",
        source="pg_stat_user_tables.n_mod_since_analyze",
    )
    query_id: int | None = fact("id of the statement", unit="id", source=f"{_STATEMENTS}.queryid")
    statement_text: str = fact("the statement that tells most", source=f"{_STATEMENTS}.query")
    calls: float = fact("its calls in the window", source=f"{_STATEMENTS}.calls")

    def subject(self) -> Subject:
        label = f"{self.database}.{qualified(self.schema, self.table)} ({self.columns})"
        return Subject(
            kind=self.KIND,
            label=label,
            database=self.database,
            schema=self.schema,
            name=self.table,
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[RowEstimateFacts]:
        relations = {(r.database, r.schema, r.name): r for r in context.snapshot.relations}
        for one in context.advice.statistics if context.advice else ():
            relation = relations.get((one.database, one.schema, one.table))
            yield cls(
                proposal=one,
                database=one.database,
                schema=one.schema,
                table=one.table,
                columns=", ".join(map(quote_ident, one.columns)),
                estimated_rows=one.estimated,
                actual_rows=one.actual,
                factor=ratio(one.actual, one.estimated),
                modified_ratio=_modified(relation) if relation else None,
                query_id=one.statement.query_id,
                statement_text=one.statement.text or "",
                calls=one.statement.calls or 0.0,
            )


def _modified(relation: Relation) -> float | None:
    return ratio(relation.modified_since_analyze, relation.live_rows or relation.rows)
