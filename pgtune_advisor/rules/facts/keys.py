"""Facts of foreign keys and of integer keys that fill up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.objects import Constraint, Index, Relation, Sequence
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio

INTEGER_LIMITS: Final = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}

Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeyFacts:
    """One foreign key of a table."""

    KIND: ClassVar[str] = "foreign_key"
    NEEDS: ClassVar[tuple[str, ...]] = ("constraints", "indexes", "relations")

    constraint: Constraint
    database: str = fact("database", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table that refers", source="pg_constraint.conrelid")
    name: str = fact("name of the constraint", source="pg_constraint.conname")
    columns: str = fact("columns that refer", source="pg_constraint.conkey")
    parent: str = fact("table referred to", source="pg_constraint.confrelid")
    is_inherited: bool = fact("comes from a partitioned parent", source="pg_constraint.conparentid")
    supporting_index: str = derived(
        "an index that leads with the key's columns, in any order, or nothing", source="pg_index"
    )
    rows: float | None = fact("estimated rows of the table", source="pg_class.reltuples")
    size_bytes: int | None = derived("heap pages", unit="bytes", source="pg_class.relpages")
    parent_changes: int | None = fact(
        "updates and deletes of the parent in the window", source="pg_stat_user_tables"
    )
    parent_deletes: int | None = fact(
        "deletes of the parent in the window", source="pg_stat_user_tables.n_tup_del"
    )

    def subject(self) -> Subject:
        label = f"{self.database}.{qualified(self.schema, self.table)}.{quote_ident(self.name)}"
        return Subject(
            kind=self.KIND, label=label, database=self.database, schema=self.schema, name=self.name
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[ForeignKeyFacts]:
        relations = {(r.database, r.schema, r.name): r for r in context.snapshot.relations}
        indexes = indexes_by_table(context)
        for key in context.snapshot.constraints:
            if key.type != "f":
                continue
            table = (key.database, key.schema, key.table)
            child = relations.get(table)
            parent = relations.get(
                (key.database, key.foreign_schema or "", key.foreign_table or "")
            )
            delta = context.delta("relations", parent) if parent else None
            changes = add(delta.updates, delta.deletes) if delta else None
            support = next((i for i in indexes[table] if supports(i, key.columns)), None)
            yield cls(
                constraint=key,
                database=key.database,
                schema=key.schema,
                table=key.table,
                name=key.name,
                columns=", ".join(key.columns),
                parent=qualified(key.foreign_schema, key.foreign_table or ""),
                is_inherited=key.is_inherited,
                supporting_index=support.name if support else "",
                rows=_rows(child),
                size_bytes=child.pages * BLOCK if child else None,
                parent_changes=None if changes is None else int(changes),
                parent_deletes=delta.deletes if delta else None,
            )


def _rows(relation: Relation | None) -> float | None:
    if relation is None:
        return None
    return relation.rows if relation.rows is not None else relation.live_rows


def indexes_by_table(context: Context) -> dict[Table, list[Index]]:
    """The indexes of each table, by (database, schema, table)."""
    found: dict[Table, list[Index]] = defaultdict(list)
    for index in context.snapshot.indexes:
        found[index.database, index.schema, index.table].append(index)
    return found


def supports(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the index serves look-ups of these columns together, in whatever order they lead.

    A partial index counts only where its predicate says no more than that the key is not null.
    """
    leading = index.keys[: len(columns)]
    plain = not any(index.key_is_expression[: len(columns)])
    usable = index.is_valid and index.is_live and index.access_method in ("btree", "hash")
    if index.access_method == "hash" and len(columns) > 1:
        return False
    return plain and usable and set(leading) == set(columns) and _total(index, columns)


def _total(index: Index, columns: tuple[str, ...]) -> bool:
    if not index.has_predicate:
        return True
    terms = (index.predicate or "").strip("()").replace(") AND (", " AND ").split(" AND ")
    wanted = {f"{quote_ident(column)} IS NOT NULL" for column in columns}
    return all(term.strip("() ") in wanted for term in terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerKeyFacts:
    """A sequence and a column that holds its values, or a column that refers to such a column."""

    KIND: ClassVar[str] = "integer_key"
    NEEDS: ClassVar[tuple[str, ...]] = ("sequences", "constraints", "columns")

    sequence: Sequence
    type: str = fact("type of the column", source="pg_attribute.atttypid")
    database: str = fact("database", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table", source="pg_class.relname")
    column: str = fact("column", source="pg_attribute.attname")
    role: str = derived("key, or reference to the key", source="pg_constraint")
    sequence_name: str = fact("sequence that feeds it", source="pg_sequence")
    last_value: int | None = fact("last value given", source="pg_sequences.last_value")
    limit_value: int = derived(
        "the smaller of the sequence's maximum and the type's", source="pg_sequence, pg_attribute"
    )
    used: float | None = derived("share of the limit in use", unit="ratio", source="last_value")
    cycles: bool = fact("starts again at its end", source="pg_sequence.seqcycle")
    values_per_day: float | None = derived(
        "values given per day in the window", source="pg_sequences.last_value"
    )
    days_left: float | None = derived(
        "days until the limit at the window's rate; 36,500 where nothing was given",
        unit="days",
        source="last_value",
    )

    def subject(self) -> Subject:
        name = qualified(self.schema, self.table)
        return Subject(
            kind=self.KIND,
            label=f"{self.database}.{name}.{quote_ident(self.column)}",
            database=self.database,
            schema=self.schema,
            name=f"{self.table}.{self.column}",
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[IntegerKeyFacts]:
        references = _References(context)
        for sequence in context.snapshot.sequences:
            if not (sequence.table and sequence.column and sequence.column_type):
                continue
            table = (sequence.database, sequence.table_schema or "", sequence.table)
            column = (table, sequence.column, sequence.column_type)
            yield cls._of(context, sequence, column, "key")
            for reference in references.of(table, sequence.column):
                if INTEGER_LIMITS.get(reference[2], 0) < INTEGER_LIMITS.get(column[2], 0):
                    yield cls._of(context, sequence, reference, "reference")

    @classmethod
    def _of(
        cls, context: Context, sequence: Sequence, place: tuple[Table, str, str], role: str
    ) -> IntegerKeyFacts:
        (database, schema, table), column, column_type = place
        limit = INTEGER_LIMITS.get(column_type, 2**63 - 1)
        limit = min(limit, sequence.max_value) if role == "key" else limit
        rate = _values_per_day(context, sequence)
        left = None if sequence.last_value is None else limit - sequence.last_value
        return cls(
            sequence=sequence,
            type=column_type,
            database=database,
            schema=schema,
            table=table,
            column=column,
            role=role,
            sequence_name=qualified(sequence.schema, sequence.name),
            last_value=sequence.last_value,
            limit_value=limit,
            used=ratio(sequence.last_value, limit),
            cycles=sequence.cycles,
            values_per_day=rate,
            days_left=None if left is None or rate is None else _days(left, rate),
        )


def _days(left: float, rate: float) -> float:
    return min(left / rate, 36_500.0) if rate > 0 else 36_500.0


def _values_per_day(context: Context, sequence: Sequence) -> float | None:
    """A lifetime total has no rate: nobody knows when a sequence began."""
    if context.window.lifetime:
        return None
    delta = context.delta("sequences", sequence)
    seconds = context.window.seconds("sequences")
    given = delta.last_value if delta else None
    per_day = ratio(given, seconds)
    return None if per_day is None else per_day * 86_400


class _References:
    """Columns that refer to a column by a single-column foreign key, with their types."""

    def __init__(self, context: Context) -> None:
        self._found: dict[tuple[Table, str], list[tuple[Table, str]]] = defaultdict(list)
        for key in context.snapshot.constraints:
            if key.type != "f" or len(key.columns) != 1 or not key.foreign_table:
                continue
            parent = (key.database, key.foreign_schema or "", key.foreign_table)
            child = (key.database, key.schema, key.table)
            self._found[parent, key.foreign_columns[0]].append((child, key.columns[0]))
        wanted = {place for places in self._found.values() for place in places}
        self._types = {
            (table, c.name): c.type
            for c in context.snapshot.columns
            if ((table := (c.database, c.schema, c.table)), c.name) in wanted
        }

    def of(self, table: Table, column: str) -> Iterator[tuple[Table, str, str]]:
        for child, name in self._found.get((table, column), []):
            if (child, name) in self._types:
                yield child, name, self._types[child, name]
