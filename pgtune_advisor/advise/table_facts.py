"""What the statistics say of tables and their columns, as the size of an index needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from pgtune_advisor.domain.objects import Column, Relation
from pgtune_advisor.domain.snapshot import Snapshot

PAGE: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFacts:
    """What of a column only its values tell: data of the target, which may be withheld.

    `common` are the commonest values as text and their shares of all rows, `samples` others
    (histogram bounds). `element_shares` are of arrays' and tsvectors' commonest elements and
    `elements` how many a row has.
    """

    common: Mapping[str, float] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    element_shares: tuple[float, ...] = ()
    elements: float | None = None


# schema, table, column → what its values tell.
Values = Mapping[tuple[str, str, str], ValueFacts]

# Length and alignment of the types of fixed length, by format_type()'s names.
FIXED: Final[Mapping[str, tuple[int, int]]] = {
    '"char"': (1, 1),
    "boolean": (1, 1),
    "smallint": (2, 2),
    "integer": (4, 4),
    "bigint": (8, 8),
    "real": (4, 4),
    "double precision": (8, 8),
    "oid": (4, 4),
    "xid": (4, 4),
    "xid8": (8, 8),
    "tid": (6, 2),
    "date": (4, 4),
    "time without time zone": (8, 8),
    "time with time zone": (12, 8),
    "timestamp without time zone": (8, 8),
    "timestamp with time zone": (8, 8),
    "interval": (16, 8),
    "money": (8, 8),
    "uuid": (16, 1),
    "macaddr": (6, 4),
    "macaddr8": (8, 4),
    "pg_lsn": (8, 8),
    "name": (64, 1),
    "point": (16, 8),
    "box": (32, 8),
    "circle": (24, 8),
    "lseg": (32, 8),
    "line": (24, 8),
}
# Varlena types whose values are mostly of one length, so that their average says it all.
_STEADY: Final = frozenset({"character", "bit", "inet", "cidr", "date", "tsquery"})
# What get_typavgwidth() assumes of a type without statistics or a maximum.
UNKNOWN_WIDTH: Final = 32
_MODIFIER: Final = re.compile(r"\(([^)]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWidth:
    """A column, or an expression: width in bytes as pg_stats counts it (varlena header included).

    `distinct` is the number of values, nulls not counted (None: unknown). `common` are the shares
    of the commonest values, falling. `elements` are, for arrays, documents and tsvectors, how
    many a row has, and `vocabulary` how many there are; None where only the width is known.
    `element_shares` are the rows' shares that have each of the commonest elements, falling;
    `samples` are values as text, as a histogram's bounds are.
    """

    type: str
    average_width: float
    null_fraction: float = 0.0
    distinct: float | None = None
    common: tuple[float, ...] = ()
    correlation: float | None = None
    elements: float | None = None
    vocabulary: float | None = None
    element_shares: tuple[float, ...] = ()
    samples: tuple[str, ...] = field(default=(), repr=False)

    @property
    def base_type(self) -> str:
        """The type without its modifier: `numeric` for `numeric(10,2)`."""
        return base_type(self.type)

    @property
    def is_array(self) -> bool:
        return self.type.endswith("[]")

    @property
    def fixed(self) -> tuple[int, int] | None:
        """Length and alignment in bytes; None for a type of varying length."""
        return FIXED.get(self.base_type)

    @property
    def spread(self) -> float:
        """How far lengths stray from their average, in bytes: nothing says, so a modest guess."""
        if self.fixed or self.base_type in _STEADY:
            return 0.0
        widest = 2.0 if self.base_type == "numeric" else 4.0
        return min(widest, self.average_width / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table: rows, pages and its columns by name."""

    rows: float
    pages: int
    columns: Mapping[str, ColumnWidth]

    @property
    def rows_per_page(self) -> float:
        return max(self.rows / self.pages, 1.0) if self.pages else 1.0

    @property
    def row_width(self) -> float:
        """Bytes of a row with its header and line pointer."""
        return 28.0 + sum(
            column.average_width * (1 - column.null_fraction) for column in self.columns.values()
        )


@lru_cache(maxsize=1024)
def base_type(type_name: str) -> str:
    """`numeric(10,2)` → `numeric`, `timestamp(3) with time zone` → `timestamp with time zone`."""
    return " ".join(_MODIFIER.sub("", type_name).split())


def default_width(type_name: str) -> float:
    """What the planner assumes of a column that was never analysed (get_typavgwidth)."""
    fixed = FIXED.get(base_type(type_name))
    if fixed:
        return fixed[0]
    limit = _MODIFIER.search(type_name)
    if base_type(type_name).startswith("character") and limit and limit[1].isdigit():
        longest = int(limit[1])
        if base_type(type_name) == "character" or longest <= UNKNOWN_WIDTH:
            return longest + 1
        return min(UNKNOWN_WIDTH + (longest - UNKNOWN_WIDTH) / 2, 516)
    if base_type(type_name) == "numeric":
        return 8
    return UNKNOWN_WIDTH


def column_width(column: Column, rows: float) -> ColumnWidth:
    """A column with its statistics, or with what is likely where it has none."""
    distinct = None
    if column.n_distinct:
        distinct = column.n_distinct if column.n_distinct > 0 else -column.n_distinct * rows
    if distinct is None and base_type(column.type) == "boolean":
        distinct = 2.0
    width = column.average_width
    return ColumnWidth(
        type=column.type,
        average_width=default_width(column.type) if width is None or width <= 0 else width,
        null_fraction=min(max(column.null_fraction or 0.0, 0.0), 1.0),
        distinct=distinct,
        common=() if column.top_frequency is None else (column.top_frequency,),
        correlation=column.correlation,
    )


def table_facts(
    snapshot: Snapshot, database: str, values: Values
) -> dict[tuple[str, str], TableFacts]:
    """The tables of one database; a partitioned one without figures is the sum of its parts."""
    relations = {(r.schema, r.name): r for r in snapshot.relations if r.database == database}
    columns: dict[tuple[str, str], list[Column]] = {}
    for column in snapshot.columns:
        if column.database == database:
            columns.setdefault((column.schema, column.table), []).append(column)
    children: dict[tuple[str, str], list[Relation]] = {}
    for relation in relations.values():
        if relation.parent_schema is not None and relation.parent_name is not None:
            parent = relation.parent_schema, relation.parent_name
            children.setdefault(parent, []).append(relation)
    facts: dict[tuple[str, str], TableFacts] = {}
    for name, relation in relations.items():
        own = columns.get(name, [])
        pages, rows = _extent(relation, own, children)
        widths = {column.name: column_width(column, rows) for column in own}
        for column_name, width in widths.items():
            known = values.get((*name, column_name))
            if known is not None:
                widths[column_name] = _with_values(width, known)
        facts[name] = TableFacts(rows=rows, pages=pages, columns=widths)
    return facts


def _with_values(width: ColumnWidth, known: ValueFacts) -> ColumnWidth:
    return replace(
        width,
        common=tuple(sorted(known.common.values(), reverse=True)) or width.common,
        samples=known.samples,
        element_shares=tuple(sorted(known.element_shares, reverse=True)),
        elements=known.elements,
    )


def _extent(
    relation: Relation,
    columns: Sequence[Column],
    children: Mapping[tuple[str, str], Sequence[Relation]],
) -> tuple[int, float]:
    """Pages and rows. A table never analysed has as many rows as its pages hold."""
    parts = children.get((relation.schema, relation.name), ())
    if relation.kind == "p":
        extents = [_extent(part, columns, children) for part in parts]
        pages = sum(pages for pages, _ in extents)
        rows = sum(rows for _, rows in extents)
        return pages, float(relation.rows or rows)
    pages = max(relation.pages, 0)
    if relation.rows is not None and relation.rows >= 0 and (relation.rows or not relation.pages):
        counted = relation.rows
        if counted or not relation.live_rows:
            return pages, counted
    if relation.live_rows:
        return pages, float(relation.live_rows)
    width = 28.0 + sum(column.average_width or default_width(column.type) for column in columns)
    return pages, float(int(pages * (PAGE - 24) / width))
