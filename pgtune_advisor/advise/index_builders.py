"""Builders of changes that create an index, partitioned tables by the safe route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.builders import Built, Site, advice, builds, extension_scripts
from pgtune_advisor.advise.ground import Ground, Table
from pgtune_advisor.domain.changes import Change, CreateIndex, Maintain, Script
from pgtune_advisor.domain.identifiers import qualified, quote_ident, quote_literal
from pgtune_advisor.domain.index_ddl import (
    create_statement,
    definition,
    definition_known,
    key_texts,
)
from pgtune_advisor.domain.objects import Index, Relation

_JOIN_LOCK: Final = (
    "SHARE on the partitioned table, ACCESS EXCLUSIVE on the partitions' indexes, for an instant"
)
_ASSERT_VALID: Final = """\
DO {tag} BEGIN
  IF NOT (SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = {index}::regclass) THEN
    RAISE EXCEPTION 'a partition has no valid index yet' USING HINT = 'Analyse anew.';
  END IF;
END {tag}"""


@builds("index-foreign-key")
def _index_foreign_key(site: Site) -> Built:
    key = site.match.row.constraint
    keys = [quote_ident(column) for column in key.columns]
    title = f"Index {qualified(key.schema, key.table)} ({', '.join(keys)})"
    return title, list(
        create_index(site.ground, (key.database, key.schema, key.table), keys, key.columns)
    )


@builds("create-index")
def _create_index(site: Site) -> Built:
    """An index from templates: `keys` (SQL text), `access_method`, `extension` if it needs one.

    `analyze = true` gathers the statistics of an expression. It is advice where `keys` gives
    nothing, or the server does not have the extension.
    """
    row = site.match.row
    keys = [site.text("keys")]
    if not keys[0]:
        return advice(site)
    method = site.text("access_method") if site.has("access_method") else "btree"
    scripts = extension_scripts(site, site.text("extension")) if site.has("extension") else []
    if scripts is None:
        return advice(site)
    changes: list[Change] = [*scripts]
    table = (row.database, row.schema, row.table)
    suffix = (site.text("suffix"),) if site.has("suffix") else ()
    changes += create_index(site.ground, table, keys, (row.column, *suffix), method)
    if site.has("analyze"):
        database, schema, name = table
        changes.append(Maintain(database=database, schema=schema, table=name, command="ANALYZE"))
    return f"Index {qualified(row.schema, row.table)} USING {method} ({keys[0]})", changes


def create_index(
    ground: Ground,
    table: Table,
    keys: Sequence[str],
    named_after: Sequence[str],
    method: str = "btree",
) -> Iterator[Change]:
    """CREATE INDEX CONCURRENTLY; on a partitioned table partition by partition, then joined."""
    database, schema, name = table
    plan = _Plan(ground=ground, keys=tuple(keys), named_after=tuple(named_after), method=method)
    relation = ground.relations.get(table)
    if relation is not None and relation.kind == "p":
        yield from plan.partitioned(relation)
        return
    yield CreateIndex(
        database=database,
        schema=schema,
        table=name,
        name=plan.name(table),
        statement=plan.statement(table),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An index that is to be made, on one table or on a tree of partitions."""

    ground: Ground
    keys: tuple[str, ...]
    named_after: tuple[str, ...]
    method: str

    def name(self, table: Table) -> str:
        return self.ground.new_index_name(table, self.named_after, self.keys, self.method)

    def statement(self, table: Table, *, concurrently: bool = True) -> str:
        return create_statement(
            name=self.name(table),
            schema=table[1],
            table=table[2],
            keys=self.keys,
            access_method=self.method,
            concurrently=concurrently,
        )

    def partitioned(self, parent: Relation) -> Iterator[Script]:
        """A build without a lock for each partition, then all joined in one transaction.

        Dropping the whole drops its parts, so the parts' inverses expect to find nothing. An
        index that was there before goes with the whole as well, and is made again.
        """
        table = _table(parent)
        index = qualified(parent.schema, self.name(table))
        head = f"CREATE INDEX {quote_ident(self.name(table))} ON "
        whole = f"{head}ONLY {self.statement(table, concurrently=False).removeprefix(head)}"
        joins = []
        for child in self.ground.partitions[table]:
            found = self._present(child)
            if found is None:
                yield from self._part(child)
            part = found.name if found else self.name(_table(child))
            joins.append(f"ALTER INDEX {index} ATTACH PARTITION {qualified(child.schema, part)}")
        again = [
            definition(present, concurrently=False).replace("INDEX", "INDEX IF NOT EXISTS", 1)
            for present in self._all_present(parent)
        ]
        yield Script(
            database=parent.database,
            up=";\n".join([whole, *joins, _assert_valid(index)]),
            down=";\n".join([f"DROP INDEX IF EXISTS {index}", *again]),
            lock=_JOIN_LOCK,
            transactional=True,
            duration="short",
        )

    def _part(self, child: Relation) -> Iterator[Script]:
        if child.kind == "p":
            yield from self.partitioned(child)
            return
        name = qualified(child.schema, self.name(_table(child)))
        yield Script(
            database=child.database,
            up=self.statement(_table(child)),
            down=f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
            lock=CreateIndex.lock,
            transactional=False,
            duration="long",
        )

    def _present(self, child: Relation) -> Index | None:
        """An index that a partition has already and that can be attached."""
        for index in self.ground.indexes[_table(child)]:
            plain = not (index.is_unique or index.has_predicate or index.include)
            if (
                plain
                and index.parent_name is None
                and index.is_valid
                and index.access_method == self.method
                and definition_known(index)
                and key_texts(index) == self.keys
            ):
                return index
        return None

    def _all_present(self, parent: Relation) -> Iterator[Index]:
        for child in self.ground.partitions[_table(parent)]:
            found = self._present(child)
            if found is not None:
                yield found
            elif child.kind == "p":
                yield from self._all_present(child)


def _table(relation: Relation) -> Table:
    return relation.database, relation.schema, relation.name


def _assert_valid(index: str) -> str:
    """Fails where a partition was added meanwhile, so that nothing half-made is kept."""
    tag = "$advisor$"
    while tag in index:
        tag = f"{tag[:-1]}_$"
    return _ASSERT_VALID.format(tag=tag, index=quote_literal(index))
