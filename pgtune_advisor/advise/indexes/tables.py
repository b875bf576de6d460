"""The tables of one database as the advice sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.objects import Column, Constraint, Index, Relation
from pgtune_advisor.domain.snapshot import Snapshot

Place = tuple[str, str]
"""Schema and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; of a partitioned one, rows and pages of all its leaves."""

    relation: Relation
    rows: float
    pages: int
    columns: Mapping[str, Column]
    indexes: tuple[Index, ...]
    definitions: Mapping[IndexDef, Index]
    foreign_keys: tuple[Constraint, ...]
    leaves: tuple[Place, ...] = ()

    @property
    def place(self) -> Place:
        return self.relation.schema, self.relation.name

    def distinct(self, column: str) -> float:
        """How many values the column has, by its statistics; the planner's 200 where unknown."""
        found = self.columns.get(column)
        if found is None or found.n_distinct is None:
            return min(200.0, max(self.rows, 1.0))
        if found.n_distinct < 0:
            return max(-found.n_distinct * self.rows, 1.0)
        return max(found.n_distinct, 1.0)

    def width(self, column: str) -> float:
        """Bytes of the column in a row."""
        found = self.columns.get(column)
        return float(found.average_width or 8) if found else 8.0

    def has_statistics(self) -> bool:
        """Whether the planner knows anything of its columns."""
        return any(column.has_statistics for column in self.columns.values())


class Tables:
    """The tables of a database by place; a partition is found under its root."""

    def __init__(self, snapshot: Snapshot, database: str) -> None:
        mine = [r for r in snapshot.relations if r.database == database]
        self._relations = {(r.schema, r.name): r for r in mine}
        self._children: dict[Place, list[Relation]] = defaultdict(list)
        for relation in mine:
            if relation.is_partition and relation.parent_name:
                self._children[relation.parent_schema or "", relation.parent_name].append(relation)
        self._columns: dict[Place, dict[str, Column]] = defaultdict(dict)
        for column in snapshot.columns:
            if column.database == database:
                self._columns[column.schema, column.table][column.name] = column
        self._indexes: dict[Place, list[Index]] = defaultdict(list)
        for index in snapshot.indexes:
            if index.database == database:
                self._indexes[index.schema, index.table].append(index)
        self._keys: dict[Place, list[Constraint]] = defaultdict(list)
        for key in snapshot.constraints:
            if key.database == database and key.type == "f":
                self._keys[key.schema, key.table].append(key)
        self._tables: dict[Place, Table | None] = {}

    def root(self, place: Place) -> Place:
        """The partitioned table that a partition belongs to, else the table itself."""
        seen = self._relations.get(place)
        while seen is not None and seen.is_partition and seen.parent_name:
            place = (seen.parent_schema or "", seen.parent_name)
            seen = self._relations.get(place)
        return place

    def find(self, place: Place) -> Table | None:
        """The table at this place; None where it was not collected."""
        if place not in self._tables:
            relation = self._relations.get(place)
            self._tables[place] = self._table(relation) if relation else None
        return self._tables[place]

    def places(self) -> list[Place]:
        """All tables that are no partitions."""
        return sorted(place for place, r in self._relations.items() if not r.is_partition)

    def leaves(self, place: Place) -> list[Relation]:
        """The partitions below that hold rows, or the table itself."""
        relation = self._relations[place]
        if relation.kind != "p":
            return [relation]
        return [
            leaf
            for child in self._children[place]
            for leaf in self.leaves((child.schema, child.name))
        ]

    def _table(self, relation: Relation) -> Table:
        place = (relation.schema, relation.name)
        leaves = self.leaves(place)
        indexes = tuple(self._indexes[place])
        known = ((IndexDef.of(index), index) for index in indexes if index.is_valid)
        return Table(
            relation=relation,
            rows=sum(_rows(leaf) for leaf in leaves),
            pages=sum(max(leaf.pages, 0) for leaf in leaves),
            columns=self._columns[place],
            indexes=indexes,
            definitions={found: index for found, index in known if found},
            foreign_keys=tuple(self._keys[place]),
            leaves=tuple((r.schema, r.name) for r in leaves) if relation.kind == "p" else (),
        )


def _rows(relation: Relation) -> float:
    return max(relation.rows if relation.rows is not None else relation.live_rows or 0.0, 0.0)
