"""What the window wrote to each table, and what an index would pay for that.

Counted from the tables' own counters over a window. Totals of a lifetime are no measure: they
hold the first load of the table, and cover another time than the statements'. Then the writing
statements tell, whose counters cover what those of the reading ones do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pgtune_advisor.advise.indexes.tables import Place, Tables
from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.units import format_count
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.shapes import shapes_of
from pgtune_advisor.sqltext import Shape, TableCatalog, TableRef, shape_of, updated_columns

# As btcostestimate() charges a descent: 50 operators a level, and a comparison a halving.
_OPERATOR: Final = 0.0025
_DESCENT: Final = 50 * _OPERATOR
# A changed leaf is written once more or less soon, and its record goes to the WAL: in pages read in
# order, and less than one where entries of neighbours come together.
_DIRTIED: Final = 0.5
_ROW: Final = 0.01


@dataclass(slots=True)
class TableWrites:
    """Rows inserted, updated (of these without new index entries: HOT) and deleted.

    `set` is how many of the updated rows had a column set, by column; None where it is not known
    which columns updates set.
    """

    inserted: float = 0.0
    updated: float = 0.0
    hot: float = 0.0
    deleted: float = 0.0
    set: dict[str, float] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What writes of the window pay for an index, in planner units, and in words."""

    cost: float
    note: str


class Writes:
    """The writes of one database's tables in the window."""

    def __init__(
        self,
        context: Context,
        database: str,
        tables: Tables,
        queries: Sequence[QueryFile] | None,
    ) -> None:
        self._context = context
        self._database = database
        self._tables = tables
        self._by_table: dict[Place, TableWrites] = defaultdict(TableWrites)
        if queries is not None:
            self._from_files(queries)
        else:
            self._from_statements()
            if not context.window.lifetime:
                self._from_counters()
        self._settled = dict(self._by_table)

    def of(self, place: Place) -> TableWrites:
        """Those of one table, partitions under their root."""
        return self._settled.get(self._tables.root(place), TableWrites())

    def _from_statements(self) -> None:
        shapes = shapes_of(self._context)
        rows: Iterable[Any] = self._context.deltas("statements") or ()
        for row in rows:
            shape = shapes.of(row) if row.database == self._database else None
            if shape is not None and shape.writes:
                self._add(shape, float(row.rows or 0))
        for place, writes in self._by_table.items():
            table = self._tables.find(place)
            relation = table.relation if table else None
            if relation is not None and relation.updates:
                writes.hot = writes.updated * min((relation.hot_updates or 0) / relation.updates, 1)

    def _from_files(self, queries: Sequence[QueryFile]) -> None:
        columns = (c for c in self._context.snapshot.columns if c.database == self._database)
        catalog = TableCatalog.of(columns)
        for query in queries:
            shape = shape_of(query.text, catalog)
            if isinstance(shape, Shape) and shape.writes:
                self._add(shape, query.weight)

    def _add(self, shape: Shape, rows: float) -> None:
        columns = updated_columns(shape)
        for ref in shape.writes:
            writes = self._by_table[self._place(ref)]
            if shape.kind == "insert":
                writes.inserted += rows
            elif shape.kind == "delete":
                writes.deleted += rows
            else:
                writes.updated += rows
                for column in columns.get(ref, ()):
                    if writes.set is not None:
                        writes.set[column] = writes.set.get(column, 0.0) + rows

    def _place(self, ref: TableRef) -> Place:
        return self._tables.root((ref.schema or "public", ref.name))

    def _from_counters(self) -> None:
        """The tables' own counters, which see triggers and functions too."""
        found: dict[Place, TableWrites] = defaultdict(TableWrites)
        for relation in self._context.snapshot.relations:
            delta = self._context.delta("relations", relation)
            if relation.database != self._database or delta is None:
                continue
            place = self._tables.root((relation.schema, relation.name))
            told = self._by_table.get(place)
            writes = found[place]
            writes.set = told.set if told else {}
            writes.inserted += delta.inserts or 0
            writes.updated += delta.updates or 0
            writes.hot += delta.hot_updates or 0
            writes.deleted += delta.deletes or 0
            if writes.updated and not writes.set:
                writes.set = None
        self._by_table = found


def upkeep(
    index: IndexDef, writes: TableWrites, *, rows: float, share: float, keys: float, others: int
) -> Upkeep:
    """What the writes pay for a new index.

    `rows` are those of the table, `share` the part of them that the index holds, `keys` the
    entries that one row makes (several for GIN), `others` the indexes that the table has already:
    an update that cannot be HOT any more pays for all of them too.
    """
    cold = max(writes.updated - writes.hot, 0.0)
    lost = _lost_hot(index, writes)
    entries = (writes.inserted + cold + lost) * share
    if not entries:
        return Upkeep(cost=0.0, note="the window saw no write that would have to maintain it")
    one = _entry(rows * share, keys)
    cost = entries * one + lost * share * others * _entry(rows, 1.0)
    note = f"{format_count(round(entries))} entries to maintain in the window"
    if lost:
        note += f", {format_count(round(lost))} updates that are HOT now would not be"
    return Upkeep(cost=cost, note=note)


def _entry(rows: float, keys: float) -> float:
    """One row's entries: a descent for each key, a leaf that is changed."""
    levels = max(math.log(max(rows, 1.0), 300), 1.0)
    descent = (levels + 1) * _DESCENT + math.log2(max(rows, 2.0)) * _OPERATOR
    return keys * (descent + _DIRTIED) + _ROW


def _lost_hot(index: IndexDef, writes: TableWrites) -> float:
    """Updates that set a column of the index and so need entries in every index.

    BRIN does not count: from PostgreSQL 16 it does not keep an update from being HOT. Where it is
    not known what updates set, the index is taken to be spared.
    """
    if index.method == "brin" or not writes.set or not writes.updated:
        return 0.0
    columns = {*index.columns, *index.include}
    touched = sum(
        count
        for column, count in writes.set.items()
        if column in columns or _mentions(index, column)
    )
    return min(touched, writes.updated) * writes.hot / writes.updated


def _mentions(index: IndexDef, column: str) -> bool:
    """Whether an expression or the predicate may read the column."""
    texts: Mapping[str, None] = dict.fromkeys(
        [index.predicate, *(key.expression for key in index.keys if not key.column)]
    )
    return any(column in text for text in texts if text)
