"""The changes that make an index, partitioned tables by the safe route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pgtune_advisor.advise.extensions import extension_scripts, needed_by
from pgtune_advisor.advise.ground import Ground, Table
from pgtune_advisor.domain.changes import Change, CreateIndex, Maintain, Script
from pgtune_advisor.domain.identifiers import qualified, quote_ident, quote_literal
from pgtune_advisor.domain.index_ddl import definition, definition_known, key_texts
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
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


def index_changes(ground: Ground, database: str, index: IndexDef) -> list[Change]:
    """All that makes this index: its extensions first, statistics of its expressions last.

    Empty where the server does not have an extension that it needs.
    """
    changes: list[Change] = []
    for extension in needed_by(ground.snapshot, database, index):
        scripts = extension_scripts(ground.snapshot, database, extension)
        if scripts is None:
            return []
        changes += scripts
    named_after = [key.column or key.expression for key in index.keys]
    changes += _made(ground, database, index, named_after)
    if not all(key.column for key in index.keys):
        schema, table = index.relation
        changes.append(Maintain(database=database, schema=schema, table=table, command="ANALYZE"))
    return changes


def create_index(
    ground: Ground,
    table: Table,
    keys: Sequence[str],
    named_after: Sequence[str],
    method: str = "btree",
) -> Iterator[Change]:
    """CREATE INDEX CONCURRENTLY; on a partitioned table partition by partition, then joined.

    `keys` are SQL text, `named_after` what the name is made of.
    """
    database, schema, name = table
    texts = tuple(IndexKey(expression=key) for key in keys)
    index = IndexDef(schema=schema, table=name, keys=texts, method=method)
    return _made(ground, database, index, named_after)


def _made(
    ground: Ground, database: str, index: IndexDef, named_after: Sequence[str]
) -> Iterator[Change]:
    plan = _Plan(ground=ground, database=database, index=index, named_after=tuple(named_after))
    table = (database, *index.relation)
    relation = ground.relations.get(table)
    if relation is not None and relation.kind == "p":
        yield from plan.partitioned(relation)
        return
    yield CreateIndex(
        database=database,
        schema=index.schema,
        table=index.table,
        name=plan.name(table),
        statement=plan.statement(table),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An index that is to be made, on one table or on a tree of partitions."""

    ground: Ground
    database: str
    index: IndexDef
    named_after: tuple[str, ...]

    def on(self, table: Table) -> IndexDef:
        return replace(self.index, schema=table[1], table=table[2])

    def name(self, table: Table) -> str:
        return self.ground.new_index_name(self.database, self.on(table), self.named_after)

    def statement(self, table: Table, *, concurrently: bool = True) -> str:
        return self.on(table).statement(self.name(table), concurrently=concurrently)

    def partitioned(self, parent: Relation) -> Iterator[Script]:
        """A build without a lock for each partition, then all joined in one transaction.

        Dropping the whole drops its parts, so the parts' inverses expect to find nothing. An
        index that was there before goes with the whole as well, and is made again.
        """
        table = _table(parent)
        index = qualified(parent.schema, self.name(table))
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
            up=";\n".join([self._whole(table), *joins, _assert_valid(index)]),
            down=";\n".join([f"DROP INDEX IF EXISTS {index}", *again]),
            lock=_JOIN_LOCK,
            transactional=True,
            duration="short",
        )

    def _whole(self, table: Table) -> str:
        """The index on the parent alone."""
        unique = "UNIQUE " if self.index.unique else ""
        head = f"CREATE {unique}INDEX {quote_ident(self.name(table))} ON "
        return f"{head}ONLY {self.statement(table, concurrently=False).removeprefix(head)}"

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
        return next((i for i in self.ground.indexes[_table(child)] if self._fits(i)), None)

    def _fits(self, index: Index) -> bool:
        return (
            index.parent_name is None
            and index.is_valid
            and definition_known(index)
            and not index.nulls_not_distinct
            and index.access_method == self.index.method
            and key_texts(index) == self.index.key_texts
            and index.include == self.index.include
            and (index.predicate or "") == self.index.predicate
            and index.is_unique == self.index.unique
        )

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
