"""Builders of changes that create an index, partitioned tables by the safe route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgtune_advisor.advise.builders import Built, Site, advice, builds, extension_scripts
from pgtune_advisor.domain.changes import Change, CreateIndex, Maintain, Script
from pgtune_advisor.domain.identifiers import index_name, qualified, quote_ident
from pgtune_advisor.domain.index_ddl import create_statement, definition_known, key_texts
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
    """An index from templates: `keys` (SQL text), `access_method`, `extension` if it needs one.

    `analyze = true` gathers the statistics of an expression. No keys, no index: advice.
    """
    row = site.match.row
    keys = [site.text("keys")]
    if not keys[0]:
        return advice(site)
    method = site.text("access_method") if site.has("access_method") else "btree"
    changes: list[Change] = []
    if site.has("extension"):
        changes += extension_scripts(site, site.text("extension"))
    table = (row.database, row.schema, row.table)
    suffix = (site.text("suffix"),) if site.has("suffix") else ()
    changes += create_index(site.snapshot, table, keys, (row.column, *suffix), method)
    if site.has("analyze"):
        database, schema, name = table
        changes.append(Maintain(database=database, schema=schema, table=name, command="ANALYZE"))
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
        attached = _same_index(snapshot, child, keys, method)
        if attached is None:
            table = (child.database, child.schema, child.name)
            yield from create_index(snapshot, table, keys, named_after, method)
            taken = _taken(snapshot, child.database).get(child.schema, ())
            attached = index_name(child.name, named_after, taken)
        attach = f"ATTACH PARTITION {qualified(child.schema, attached)}"
        yield Script(
            database=parent.database,
            up=f"ALTER INDEX {qualified(parent.schema, index)} {attach}",
            down=None,
            lock=_STRONG,
            transactional=True,
            duration="short",
        )


def _same_index(
    snapshot: Snapshot, child: Relation, keys: Sequence[str], method: str
) -> str | None:
    """The name of an index that a partition has already and that can be attached."""
    table = (child.database, child.schema, child.name)
    for index in snapshot.indexes:
        plain = not (index.is_unique or index.has_predicate or index.include or index.parent_name)
        if (
            (index.database, index.schema, index.table) == table
            and plain
            and index.is_valid
            and index.access_method == method
            and definition_known(index)
            and key_texts(index) == tuple(keys)
        ):
            return index.name
    return None


def children(snapshot: Snapshot, parent: Relation) -> list[Relation]:
    """The direct partitions of a partitioned table, in their collected order."""
    return [
        r
        for r in snapshot.relations
        if r.is_partition
        and r.database == parent.database
        and (r.parent_schema, r.parent_name) == (parent.schema, parent.name)
    ]
