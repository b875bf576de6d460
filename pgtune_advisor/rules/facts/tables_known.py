"""What a snapshot tells of tables to whoever writes statements anew."""

from __future__ import annotations

from collections import defaultdict

from pgtune_advisor.domain.objects import Index
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.sqltext import TableCatalog
from pgtune_advisor.sqltext.rewrites import Lookup, TableFacts

_Place = tuple[str, str]


def tables_known(snapshot: Snapshot, database: str) -> Lookup:
    """The tables of one database; a name stands for a table as TableCatalog finds it."""
    columns = [column for column in snapshot.columns if column.database == database]
    catalog = TableCatalog.of(columns)
    not_null: dict[_Place, set[str]] = defaultdict(set)
    for column in columns:
        if column.not_null:
            not_null[column.schema, column.table].add(column.name)
    keys: dict[_Place, list[tuple[str, ...]]] = defaultdict(list)
    # A key of a table does not hold for the rows of those that inherit from it.
    inherited = {
        (r.parent_schema, r.parent_name)
        for r in snapshot.relations
        if r.database == database and r.parent_name and not r.is_partition
    }
    for index in sorted(snapshot.indexes, key=lambda one: (not one.is_primary, one.name)):
        place = (index.schema, index.table)
        if index.database == database and place not in inherited and (key := _key(index)):
            keys[place].append(key)
    collated: dict[_Place, set[str]] = defaultdict(set)
    for one in snapshot.column_collations:
        if one.database == database:
            collated[one.schema, one.table].add(one.name)

    def find(schema: str | None, name: str) -> TableFacts | None:
        table = catalog.find(schema, name)
        if table is None:
            return None
        place = (table.schema, name)
        return TableFacts(
            types=dict(table.columns),
            not_null=frozenset(not_null[place]),
            keys=tuple(keys[place]),
            collated=frozenset(collated[place]),
        )

    return find


def _key(index: Index) -> tuple[str, ...]:
    """The columns that a unique index tells rows apart by; none of a partial one."""
    plain = [key for key in index.keys if key is not None]
    unfit = index.has_predicate or any(index.key_is_expression) or not index.is_valid
    if not index.is_unique or unfit or len(plain) < len(index.keys):
        return ()
    return tuple(plain)
