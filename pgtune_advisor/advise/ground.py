"""What builders look up in a snapshot, each table gone through once an evaluation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pgtune_advisor.domain.identifiers import index_name
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.proposals import Proposal
from pgtune_advisor.domain.server import Setting
from pgtune_advisor.domain.snapshot import Snapshot

Table = tuple[str, str, str]
"""Database, schema, name."""


@dataclass(kw_only=True)
class Ground:
    """A snapshot by name, the indexes that are proposed, and the names given to new ones so far."""

    snapshot: Snapshot
    proposals: tuple[Proposal, ...] = ()
    _given: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def settings(self) -> Mapping[str, Setting]:
        return {setting.name: setting for setting in self.snapshot.settings}

    @cached_property
    def relations(self) -> Mapping[Table, Relation]:
        return {(r.database, r.schema, r.name): r for r in self.snapshot.relations}

    @cached_property
    def indexes(self) -> Mapping[Table, Sequence[Index]]:
        """The indexes of each table."""
        found: dict[Table, list[Index]] = defaultdict(list)
        for index in self.snapshot.indexes:
            found[index.database, index.schema, index.table].append(index)
        return found

    @cached_property
    def columns(self) -> Mapping[Table, Sequence[str]]:
        """The names of the columns of each table."""
        found: dict[Table, list[str]] = defaultdict(list)
        for column in self.snapshot.columns:
            found[column.database, column.schema, column.table].append(column.name)
        return found

    @cached_property
    def partitions(self) -> Mapping[Table, Sequence[Relation]]:
        """The direct partitions of each partitioned table, in their collected order."""
        found: dict[Table, list[Relation]] = defaultdict(list)
        for r in self.snapshot.relations:
            if r.is_partition and r.parent_name:
                found[r.database, r.parent_schema or "", r.parent_name].append(r)
        return found

    @cached_property
    def _taken(self) -> dict[tuple[str, str], set[str]]:
        """The names of tables and indexes in each schema of each database."""
        names: dict[tuple[str, str], set[str]] = defaultdict(set)
        for r in self.snapshot.relations:
            names[r.database, r.schema].add(r.name)
        for i in self.snapshot.indexes:
            names[i.database, i.schema].add(i.name)
        return names

    def new_index_name(self, database: str, index: IndexDef, named_after: Sequence[str]) -> str:
        """A free name made of `named_after`; the same for the same index."""
        key = (database, index.label())
        if key not in self._given:
            taken = self._taken[database, index.schema]
            plain = index_name(index.table, named_after)
            free = plain not in taken
            self._given[key] = plain if free else index_name(index.table, named_after, taken)
            taken.add(self._given[key])
        return self._given[key]
