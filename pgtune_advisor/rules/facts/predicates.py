"""Facts of statements' conditions on columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts import serving
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio, total
from pgtune_advisor.rules.facts.keys import indexes_by_table
from pgtune_advisor.rules.facts.partitions import Extent, Extents
from pgtune_advisor.rules.facts.planned import plans_of, reading
from pgtune_advisor.rules.facts.rewritten import NOTHING, Rewriting, rewritings_of
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of
from pgtune_advisor.sqltext import Predicate

_TEXT = "pg_stat_statements.query"
_Table = tuple[str, str, str]
_READS_ALL: Final = 0.5
_OF_FUNCTIONS: Final = ("truncated_time", "day_of_time", "year_of_time", "coalesced")
_OF_CASTS: Final = ("column_cast", "day_of_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateFacts:
    """One condition of one statement, of whichever role, on one column of a known table."""

    KIND: ClassVar[str] = "predicate"
    NEEDS: ClassVar[tuple[str, ...]] = (
        "statements",
        "statement_texts",
        "relations",
        "columns",
        "indexes",
    )

    database: str = fact("database", source="pg_stat_statements.dbid")
    query_id: int = fact("id of the statement", unit="id", source="pg_stat_statements.queryid")
    statement_text: str = fact("text without constants", source=_TEXT)
    calls: int | None = fact("calls in the window", source="pg_stat_statements.calls")
    total_ms: float | None = fact(
        "execution time in the window", unit="ms", source="pg_stat_statements.total_exec_time"
    )
    blocks_per_call: float | None = derived(
        "shared blocks touched by a call", unit="blocks", source="pg_stat_statements.shared_blks_*"
    )
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table", source="pg_class.relname")
    column: str = fact("column", source="pg_attribute.attname")
    column_type: str = fact("type of the column", source="pg_attribute.atttypid")
    rows: float | None = fact(
        "estimated rows of the table, its partitions included", source="pg_class.reltuples"
    )
    size_bytes: int = derived("its heap pages", unit="bytes", source="pg_class.relpages")
    read_share: float | None = derived(
        "blocks of a call over the pages of the table, at most 1; unknown for an empty table",
        unit="ratio",
        source="pg_stat_statements.shared_blks_*, pg_class.relpages",
    )
    kind: str = derived("equality, range, like, function-on-column, …", source=_TEXT)
    operator: str = derived("operator", source=_TEXT)
    negated: bool = derived("turned round by NOT", source=_TEXT)
    expression: str = derived("the column's side, without constants", source=_TEXT)
    functions: str = derived("functions around the column, outermost first", source=_TEXT)
    casts: str = derived("types that the column is cast to, outermost first", source=_TEXT)
    other_type: str = derived("type of the other side, where it is known", source=_TEXT)
    implicit_cast: bool | None = derived(
        "the column is converted for the comparison, so that no index serves; unknown where the "
        "text has the plan of a look-up and the calls read the table: a parameter may be bound "
        "with another type",
        source=f"{_TEXT}, EXPLAIN",
    )
    plan_reads: str = derived(
        "whole: the plan reads the table from end to end and tests the condition on every row; "
        "index: an index serves it; other: it is tested on rows found otherwise; nothing without "
        "a plan",
        source="EXPLAIN",
    )
    plan_missing: str = derived("why there is no plan, or nothing", source="EXPLAIN")
    rewrite: str = derived("the statement with the same answer, or nothing", source=_TEXT)
    rewrite_notes: str = derived("what to know of it, or nothing", source=_TEXT)
    rewrite_refused: str = derived(
        "the name of the reason why there is none, or nothing", source=_TEXT
    )
    rewrite_why: str = derived("that reason in words, or nothing", source=_TEXT)
    needs_trigrams: bool | None = derived(
        "a LIKE that no ordered index serves: its pattern begins with a wildcard, or it reads the "
        "whole table as ILIKE or in spite of an index for prefixes; unknown where a parameter "
        "could be either",
        source=f"{_TEXT}, pg_index",
    )
    index_key: str = derived(
        "key of an index for the column's side, nothing where none is surely immutable",
        source=f"{_TEXT}, pg_attribute",
    )
    expression_index: str = derived(
        "an index on the same expression, or nothing", source="pg_index"
    )
    trigram_index: str = derived("a trigram index on the same, or nothing", source="pg_index")
    trigram_key: str = derived(
        "key of a trigram index, nothing where the type has none", source="pg_attribute"
    )
    plain_index: str = derived(
        "an index that leads with the column as it is, or nothing", source="pg_index"
    )

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
        indexes, extents = indexes_by_table(context), Extents(context)
        columns = context.snapshot.columns
        types = {(c.database, c.schema, c.table, c.name): c.type for c in columns}
        for statements in _same_text(context):
            statement = statements[0]
            shape = shapes.of(statement)
            if shape is None or shapes.is_own(statement) or shape.is_maintenance:
                continue
            use = _Use.of(context, statements)
            seen: set[tuple[str, str]] = set()
            for predicate in shape.predicates if use.calls != 0 else ():
                relation = shapes.relation(statement, predicate.table)
                if relation is None or predicate.column is None or predicate.clause == "having":
                    continue
                site = _Site.of(shapes, statement, predicate, relation, types, indexes)
                row = _facts(context, statement, predicate, site, extents.of(relation), use)
                if (key := (row.subject().label, row.kind)) not in seen:
                    seen.add(key)
                    yield row


def _same_text(context: Context) -> list[list[Statement]]:
    """The entries of each query id in each database: one for each role and nesting."""
    groups: dict[tuple[str | None, int], list[Statement]] = defaultdict(list)
    for statement in context.snapshot.statements:
        if statement.query_id is not None:
            groups[statement.database, statement.query_id].append(statement)
    return list(groups.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What all roles together did with a statement in the window."""

    calls: int | None
    time_ms: float | None
    blocks_per_call: float | None

    @classmethod
    def of(cls, context: Context, statements: Sequence[Statement]) -> _Use:
        deltas = [d for s in statements if (d := context.delta("statements", s)) is not None]
        calls = total(deltas, "calls")
        blocks = add(total(deltas, "shared_blocks_hit"), total(deltas, "shared_blocks_read"))
        return cls(
            calls=None if calls is None else int(calls),
            time_ms=total(deltas, "exec_time_ms"),
            blocks_per_call=ratio(blocks, calls),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """Where a predicate stands: its table, the types of both sides, the table's indexes."""

    query_id: int
    text: str
    relation: Relation
    column_type: str
    other_type: str
    indexes: Sequence[Index]

    @classmethod
    def of(
        cls,
        shapes: Shapes,
        statement: Statement,
        predicate: Predicate,
        relation: Relation,
        types: dict[tuple[str, str, str, str], str],
        indexes: dict[_Table, list[Index]],
    ) -> _Site:
        place = (relation.database, relation.schema, relation.name)
        other = shapes.relation(statement, predicate.other_table)
        joined = ""
        if other is not None and predicate.other_column is not None:
            key = (other.database, other.schema, other.name, predicate.other_column)
            joined = types.get(key, "")
        return cls(
            query_id=statement.query_id or 0,
            text=shapes.text(statement) or "",
            relation=relation,
            column_type=types.get((*place, predicate.column or ""), ""),
            other_type=predicate.other_cast or joined,
            indexes=indexes[place],
        )


def _facts(
    context: Context,
    statement: Statement,
    predicate: Predicate,
    site: _Site,
    extent: Extent,
    use: _Use,
) -> PredicateFacts:
    relation = site.relation
    share = ratio(use.blocks_per_call, extent.pages)
    share = None if share is None else min(share, 1.0)
    prefix_index = serving.pattern_index(site.indexes, predicate)
    key = serving.index_key(predicate, site.column_type)
    plans = plans_of(context)
    plan = reading(plans, statement, predicate, relation, site.column_type)
    casts = predicate.implicit_cast or predicate.kind == "cast-on-column"
    implicit: bool | None = casts or plan.cast is not None
    if not implicit and plan.is_lookup and _is_read_whole(context, share):
        implicit = None
    written = _written(context, statement, predicate, site, bool(implicit))
    return PredicateFacts(
        database=relation.database,
        query_id=site.query_id,
        statement_text=site.text,
        calls=use.calls,
        total_ms=use.time_ms,
        blocks_per_call=use.blocks_per_call,
        schema=relation.schema,
        table=relation.name,
        column=predicate.column or "",
        column_type=site.column_type,
        rows=extent.rows,
        size_bytes=extent.pages * BLOCK,
        read_share=share,
        kind=predicate.kind,
        operator=predicate.operator,
        negated=predicate.negated,
        expression=predicate.expression,
        functions=", ".join(predicate.functions),
        casts=", ".join(predicate.cast_types),
        other_type=site.other_type or plan.cast or "",
        implicit_cast=implicit,
        plan_reads=plan.reads,
        plan_missing=plans.missing(statement),
        rewrite=written.text,
        rewrite_notes=written.notes,
        rewrite_refused=written.refused,
        rewrite_why=written.why,
        needs_trigrams=serving.needs_trigrams(predicate, share, prefix_index),
        index_key=key,
        expression_index=serving.expression_index(site.indexes, predicate),
        trigram_index=serving.trigram_index(site.indexes, predicate),
        trigram_key=f"{key} gin_trgm_ops" if key and serving.is_text(site.column_type) else "",
        plain_index=serving.plain_index(site.indexes, predicate),
    )


def _is_read_whole(context: Context, share: float | None) -> bool:
    """Whether the calls of a real window read what the plan would not; totals may be older."""
    return share is not None and share >= _READS_ALL and not context.window.lifetime


def _written(
    context: Context, statement: Statement, predicate: Predicate, site: _Site, implicit: bool
) -> Rewriting:
    """By the rewrites for what wraps the column."""
    if predicate.kind == "function-on-column":
        return rewritings_of(context).of(statement, site.text, _OF_FUNCTIONS)
    if implicit:
        return rewritings_of(context).of(statement, site.text, _OF_CASTS)
    return NOTHING
