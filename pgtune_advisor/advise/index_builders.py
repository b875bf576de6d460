"""Builders of changes that create an index, partitioned tables by the safe route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgtune_advisor.advise.builders import Built, Site, builds, extension_scripts
from pgtune_advisor.domain.changes import Change, CreateIndex, Script
from pgtune_advisor.domain.identifiers import index_name, qualified, quote_ident
from pgtune_advisor.domain.index_ddl import create_statement
from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.domain.snapshot import Snapshot

_STRONG = "SHARE UPDATE EXCLUSIVE on the parent, ACCESS EXCLUSIVE on its index, for an instant"


@builds("index-foreign-key")
def _index_foreign_key(site: Site) -> Built:
    key = site.match.row.constraint
    keys = [quote_ident(column) for column in key.columns]
    title = f"Index {qualified(key.schema, key.table)} ({', '.join(keys)})"
    return title, list(
        create_index(site.snapshot, (key.database, key.schema, key.table), keys, key.columns)
    )


@builds("create-index")
def _create_index(site: Site) -> Built:
    """An index from templates: `keys` (SQL text), `access_method`, `extension` if it needs one."""
    row = site.match.row
    keys = [site.text("keys")]
    method = site.text("access_method") if site.has("access_method") else "btree"
    changes: list[Change] = []
    if site.has("extension"):
        changes += extension_scripts(site, site.text("extension"))
    table = (row.database, row.schema, row.table)
    suffix = (site.text("suffix"),) if site.has("suffix") else ()
    changes += create_index(site.snapshot, table, keys, (row.column, *suffix), method)
    return f"Index {qualified(row.schema, row.table)} USING {method} ({keys[0]})", changes


def create_index(
    snapshot: Snapshot,
    table: tuple[str, str, str],
    keys: Sequence[str],
    named_after: Sequence[str],
    method: str = "btree",
) -> Iterator[Change]:
    """CREATE INDEX CONCURRENTLY; on a partitioned table leaf by leaf, then attached."""
    database, schema, name = table
    relation = next(
        (r for r in snapshot.relations if (r.database, r.schema, r.name) == table), None
    )
    taken = _taken(snapshot, database)
    new = index_name(name, named_after, taken.get(schema, ()))
    if relation is None or relation.kind != "p":
        yield CreateIndex(
            database=database,
            schema=schema,
            table=name,
            name=new,
            statement=create_statement(
                name=new, schema=schema, table=name, keys=keys, access_method=method
            ),
        )
        return
    yield from _partitioned(snapshot, relation, new, keys, named_after, method)


def _taken(snapshot: Snapshot, database: str) -> dict[str, set[str]]:
    """The names of relations and indexes in each schema of a database."""
    names: dict[str, set[str]] = {}
    places = [(r.database, r.schema, r.name) for r in snapshot.relations]
    places += [(i.database, i.schema, i.name) for i in snapshot.indexes]
    for home, schema, name in places:
        if home == database:
            names.setdefault(schema, set()).add(name)
    return names


def _partitioned(
    snapshot: Snapshot,
    parent: Relation,
    index: str,
    keys: Sequence[str],
    named_after: Sequence[str],
    method: str,
) -> Iterator[Change]:
    """ON ONLY the parent (invalid until complete), each child without a lock, then attached."""
    only = create_statement(
        name=index,
        schema=parent.schema,
        table=parent.name,
        keys=keys,
        access_method=method,
        concurrently=False,
    ).replace(" ON ", " ON ONLY ", 1)
    yield Script(
        database=parent.database,
        up=only,
        down=f"DROP INDEX {qualified(parent.schema, index)}",
        lock="SHARE on the partitioned table, for an instant",
        transactional=True,
        duration="short",
    )
    for child in children(snapshot, parent):
        steps = list(
            create_index(
                snapshot, (child.database, child.schema, child.name), keys, named_after, method
            )
        )
        yield from steps
        attached = index_name(
            child.name, named_after, _taken(snapshot, child.database).get(child.schema, ())
        )
        attach = f"ATTACH PARTITION {qualified(child.schema, attached)}"
        yield Script(
            database=parent.database,
            up=f"ALTER INDEX {qualified(parent.schema, index)} {attach}",
            down=None,
            lock=_STRONG,
            transactional=True,
            duration="short",
        )


def children(snapshot: Snapshot, parent: Relation) -> list[Relation]:
    """The direct partitions of a partitioned table, in their collected order."""
    return [
        r
        for r in snapshot.relations
        if r.is_partition
        and r.database == parent.database
        and (r.parent_schema, r.parent_name) == (parent.schema, parent.name)
    ]
