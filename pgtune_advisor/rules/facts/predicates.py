"""Facts of statements' conditions on columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.sqltext import Predicate, compare_expressions

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import BLOCK, Context, derived, fact
from pgtune_advisor.rules.facts.keys import indexes_by_table
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of

_TEXT = "pg_stat_statements.query"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateFacts:
    """One condition of one statement on one column of a known table."""

    KIND: ClassVar[str] = "predicate"
    NEEDS: ClassVar[tuple[str, ...]] = (
        "statements",
        "statement_texts",
        "relations",
        "columns",
        "indexes",
    )

    database: str = fact("database", source="pg_stat_statements.dbid")
    user: str = fact("role", source="pg_stat_statements.userid")
    query_id: int | None = fact("id of the statement", source="pg_stat_statements.queryid")
    statement_text: str = fact("text without constants", source=_TEXT)
    calls: int | None = fact("calls in the window", source="pg_stat_statements.calls")
    total_ms: float | None = fact(
        "execution time in the window", unit="ms", source="pg_stat_statements.total_exec_time"
    )
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table", source="pg_class.relname")
    column: str = fact("column", source="pg_attribute.attname")
    column_type: str = fact("type of the column", source="pg_attribute.atttypid")
    kind: str = derived("equality, range, like, function-on-column, …", source=_TEXT)
    operator: str = derived("operator", source=_TEXT)
    expression: str = derived("the column's side, without constants", source=_TEXT)
    functions: str = derived("functions around the column", source=_TEXT)
    leading_wildcard: bool | None = derived(
        "the pattern begins with a wildcard; unknown where it is a parameter", source=_TEXT
    )
    implicit_cast: bool = derived(
        "the column is converted for the comparison, so that no index serves", source=_TEXT
    )
    other_type: str = derived("type of the other side, where it is known", source=_TEXT)
    has_parameters: bool = derived("constants inside the expression were dropped", source=_TEXT)
    rows: float | None = fact("estimated rows of the table", source="pg_class.reltuples")
    size_bytes: int = derived("heap pages", unit="bytes", source="pg_class.relpages")
    expression_index: str = derived(
        "an index on the same expression, or nothing", source="pg_index"
    )
    trigram_index: str = derived("a trigram index on the column, or nothing", source="pg_index")

    def subject(self) -> Subject:
        place = f"{self.database}.{qualified(self.schema, self.table)}"
        return Subject(
            kind=self.KIND,
            label=f"{place}/{self.query_id}/{self.expression}",
            database=self.database,
            schema=self.schema,
            name=f"{self.table}.{self.column}",
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[PredicateFacts]:
        shapes = shapes_of(context)
        indexes = indexes_by_table(context)
        types = {(c.database, c.schema, c.table, c.name): c.type for c in context.snapshot.columns}
        seen: set[str] = set()
        for statement in context.snapshot.statements:
            shape = shapes.of(statement)
            if shape is None or shapes.is_own(statement) or shape.is_maintenance:
                continue
            for predicate in shape.predicates:
                relation = shapes.relation(statement, predicate.table)
                if relation is None or predicate.column is None or predicate.clause == "having":
                    continue
                place = (relation.database, relation.schema, relation.name)
                column_type = types.get((*place, predicate.column), "")
                row = _facts(
                    context, shapes, statement, predicate, relation, column_type, indexes[place]
                )
                label = f"{row.user}/{row.subject().label}/{row.kind}"
                if label not in seen:
                    seen.add(label)
                    yield row


def _facts(
    context: Context,
    shapes: Shapes,
    statement: Statement,
    predicate: Predicate,
    relation: Relation,
    column_type: str,
    indexes: list[Index],
) -> PredicateFacts:
    delta = context.delta("statements", statement)
    wildcard = {"like-leading-wildcard": True, "like-parameter": None}.get(predicate.kind, False)
    return PredicateFacts(
        database=relation.database,
        user=statement.user or "",
        query_id=statement.query_id,
        statement_text=shapes.text(statement) or "",
        calls=delta.calls if delta else None,
        total_ms=delta.exec_time_ms if delta else None,
        schema=relation.schema,
        table=relation.name,
        column=predicate.column or "",
        column_type=column_type,
        kind=predicate.kind,
        operator=predicate.operator,
        expression=predicate.expression,
        functions=", ".join(predicate.functions),
        leading_wildcard=wildcard,
        implicit_cast=predicate.implicit_cast or predicate.kind == "cast-on-column",
        other_type=predicate.other_cast or "",
        has_parameters="$" in predicate.expression,
        rows=relation.rows,
        size_bytes=relation.pages * BLOCK,
        expression_index=_serving(indexes, predicate),
        trigram_index=_trigram(indexes, predicate.column or ""),
    )


def _serving(indexes: list[Index], predicate: Predicate) -> str:
    for index in indexes:
        for key, is_expression in zip(index.keys, index.key_is_expression, strict=True):
            if not (is_expression and key):
                continue
            if compare_expressions(predicate.expression, key) != "different":
                return index.name
    return ""


def _trigram(indexes: list[Index], column: str) -> str:
    for index in indexes:
        for key, opclass in zip(index.keys, index.opclass_names, strict=True):
            if opclass.endswith("_trgm_ops") and key and column in key:
                return index.name
    return ""
