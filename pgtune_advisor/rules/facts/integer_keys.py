"""Facts of integer keys that fill up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.objects import Sequence
from pgtune_advisor.rules.facts.base import Context, derived, fact, ratio

INTEGER_LIMITS: Final = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_FOREVER: Final = 36_500.0

Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A column by its table, its name and its type."""

    table: Table
    column: str
    type: str

    @property
    def limit(self) -> int:
        """The largest value that it can hold."""
        return INTEGER_LIMITS.get(self.type, 2**63 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerKeyFacts:
    """A sequence and a column that holds its values, or a column that refers to such a column."""

    KIND: ClassVar[str] = "integer_key"
    NEEDS: ClassVar[tuple[str, ...]] = ("sequences", "constraints", "columns")

    sequence: Sequence
    references: tuple[Place, ...]
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
    cycles: bool = derived(
        "starts again before the column is full", source="pg_sequence.seqcycle, pg_attribute"
    )
    values_per_day: float | None = derived(
        "values given per day in the window", source="pg_sequences.last_value"
    )
    days_left: float | None = derived(
        "days until the limit at the window's rate; 36,500 where nothing was given",
        unit="days",
        source="last_value",
    )
    exhausted_on: str = derived(
        "the day on which it ends at that rate, or nothing within ten years", source="last_value"
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
        empty = {
            (r.database, r.schema, r.name)
            for r in context.snapshot.relations
            if r.live_rows == 0 and not r.rows
        }
        for sequence in context.snapshot.sequences:
            if not (sequence.table and sequence.column and sequence.column_type):
                continue
            table = (sequence.database, sequence.table_schema or "", sequence.table)
            key = Place(table=table, column=sequence.column, type=sequence.column_type)
            referring = tuple(references.of(table, sequence.column))
            last = sequence.last_value
            # The server shows no last value of a sequence that was never used.
            if last is None and table in empty:
                last = 0
            yield cls._of(context, sequence, last, key, "key", referring)
            for place in referring:
                if place.limit < key.limit:
                    yield cls._of(context, sequence, last, place, "reference", ())

    @classmethod
    def _of(
        cls,
        context: Context,
        sequence: Sequence,
        last: int | None,
        place: Place,
        role: str,
        references: tuple[Place, ...],
    ) -> IntegerKeyFacts:
        descends = sequence.increment < 0
        end = -sequence.min_value if descends else sequence.max_value
        limit = min(place.limit, end) if role == "key" else place.limit
        gone = None if last is None else max(-last if descends else last, 0)
        rate = _values_per_day(context, sequence)
        left = None
        if rate is not None and gone is not None:
            left = min(max(limit - gone, 0) / rate, _FOREVER) if rate > 0 else _FOREVER
        return cls(
            sequence=sequence,
            references=references,
            type=place.type,
            database=place.table[0],
            schema=place.table[1],
            table=place.table[2],
            column=place.column,
            role=role,
            sequence_name=qualified(sequence.schema, sequence.name),
            last_value=last,
            limit_value=limit,
            used=ratio(gone, limit) if limit > 0 else 0.0,
            cycles=sequence.cycles and end <= place.limit,
            values_per_day=rate,
            days_left=left,
            exhausted_on=_date(context, left),
        )


def _date(context: Context, days: float | None) -> str:
    if days is None or days > _FOREVER / 10:
        return ""
    return f"{context.now + timedelta(days=days):%Y-%m-%d}"


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
            place = ((key.database, key.schema, key.table), key.columns[0])
            if not key.is_inherited and place not in self._found[parent, key.foreign_columns[0]]:
                self._found[parent, key.foreign_columns[0]].append(place)
        wanted = {place for places in self._found.values() for place in places}
        self._types = {
            (table, c.name): c.type
            for c in context.snapshot.columns
            if ((table := (c.database, c.schema, c.table)), c.name) in wanted
        }

    def of(self, table: Table, column: str) -> Iterator[Place]:
        for child, name in self._found.get((table, column), []):
            if (child, name) in self._types:
                yield Place(table=child, column=name, type=self._types[child, name])
