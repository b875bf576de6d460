"""Facts of foreign keys, and which index serves one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.objects import Constraint, Index, Relation
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact

Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeyFacts:
    """One foreign key of a table; of a partitioned one all its partitions together."""

    KIND: ClassVar[str] = "foreign_key"
    NEEDS: ClassVar[tuple[str, ...]] = ("constraints", "indexes", "relations")

    constraint: Constraint
    database: str = fact("database", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table that refers", source="pg_constraint.conrelid")
    name: str = fact("name of the constraint", source="pg_constraint.conname")
    columns: str = fact("columns that refer", source="pg_constraint.conkey")
    parent: str = fact("table referred to", source="pg_constraint.confrelid")
    is_inherited: bool = fact("comes from a partitioned parent", source="pg_constraint.conparentid")
    supporting_index: str = derived(
        "an index that leads with the key's columns, in any order, or nothing", source="pg_index"
    )
    rows: float | None = fact("estimated rows of the table", source="pg_class.reltuples")
    size_bytes: int | None = derived("heap pages", unit="bytes", source="pg_class.relpages")
    parent_changes: int | None = fact(
        "updates and deletes of the parent in the window", source="pg_stat_user_tables"
    )
    parent_deletes: int | None = fact(
        "deletes of the parent in the window", source="pg_stat_user_tables.n_tup_del"
    )
    append_only: bool | None = derived(
        "rows were only inserted in the window", source="pg_stat_user_tables"
    )

    def subject(self) -> Subject:
        label = f"{self.database}.{qualified(self.schema, self.table)}.{quote_ident(self.name)}"
        return Subject(
            kind=self.KIND, label=label, database=self.database, schema=self.schema, name=self.name
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[ForeignKeyFacts]:
        trees = Trees(context)
        indexes = indexes_by_table(context)
        for key in context.snapshot.constraints:
            if key.type != "f":
                continue
            child = trees.of((key.database, key.schema, key.table))
            parent = trees.of((key.database, key.foreign_schema or "", key.foreign_table or ""))
            written = _sums(context, child, "inserts", "updates", "deletes")
            changed = _sums(context, parent, "updates", "deletes")
            yield cls(
                constraint=key,
                database=key.database,
                schema=key.schema,
                table=key.table,
                name=key.name,
                columns=", ".join(quote_ident(column) for column in key.columns),
                parent=qualified(key.foreign_schema, key.foreign_table or ""),
                is_inherited=key.is_inherited,
                supporting_index=_support(key, child, indexes),
                rows=_rows(child),
                size_bytes=sum(max(r.pages, 0) for r in child) * BLOCK if child else None,
                parent_changes=None if changed is None else sum(changed),
                parent_deletes=None if changed is None else changed[1],
                append_only=None if written is None else written[0] > 0 == sum(written[1:]),
            )


class Trees:
    """The tables that hold a table's rows: its partitions, or the table itself."""

    def __init__(self, context: Context) -> None:
        self._tables: dict[Table, Relation] = {}
        self._children: dict[Table, list[Table]] = defaultdict(list)
        for r in context.snapshot.relations:
            table = (r.database, r.schema, r.name)
            self._tables[table] = r
            if r.is_partition and r.parent_name:
                self._children[r.database, r.parent_schema or "", r.parent_name].append(table)

    def of(self, table: Table) -> list[Relation]:
        """The leaves below a table; empty where it was not read."""
        relation = self._tables.get(table)
        if relation is None or relation.kind != "p":
            return [relation] if relation else []
        return [leaf for child in self._children[table] for leaf in self.of(child)]


def _sums(context: Context, leaves: Iterable[Relation], *names: str) -> tuple[int, ...] | None:
    """The window's sums of some counters; None where one is unknown."""
    deltas: list[Any] = [context.delta("relations", leaf) for leaf in leaves]
    if not deltas or None in deltas:
        return None
    sums = [add(*(getattr(delta, name) for delta in deltas)) for name in names]
    return None if None in sums else tuple(int(total or 0) for total in sums)


def _rows(leaves: Iterable[Relation]) -> float | None:
    known = [leaf.rows if leaf.rows is not None else leaf.live_rows for leaf in leaves]
    return add(*known) if known else None


def _support(key: Constraint, leaves: list[Relation], indexes: dict[Table, list[Index]]) -> str:
    """An index of the table, or one on each of its partitions."""
    own = _supporting(indexes[key.database, key.schema, key.table], key.columns)
    if own or not leaves:
        return own
    found = [_supporting(indexes[r.database, r.schema, r.name], key.columns) for r in leaves]
    return found[0] if all(found) else ""


def _supporting(indexes: Iterable[Index], columns: tuple[str, ...]) -> str:
    return next((index.name for index in indexes if supports(index, columns)), "")


def indexes_by_table(context: Context) -> dict[Table, list[Index]]:
    """The indexes of each table, by (database, schema, table)."""
    found: dict[Table, list[Index]] = defaultdict(list)
    for index in context.snapshot.indexes:
        found[index.database, index.schema, index.table].append(index)
    return found


def supports(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the index serves look-ups of these columns together, in whatever order they lead.

    A partial index counts only where its predicate says no more than that the key is not null.
    """
    leading = index.keys[: len(columns)]
    plain = not any(index.key_is_expression[: len(columns)])
    usable = index.is_valid and index.is_live and index.access_method in ("btree", "hash")
    if index.access_method == "hash" and len(columns) > 1:
        return False
    return plain and usable and set(leading) == set(columns) and _total(index, columns)


def _total(index: Index, columns: tuple[str, ...]) -> bool:
    if not index.has_predicate:
        return True
    terms = (index.predicate or "").strip("()").replace(") AND (", " AND ").split(" AND ")
    wanted = {f"{quote_ident(column)} IS NOT NULL" for column in columns}
    return all(term.strip("() ") in wanted for term in terms)
