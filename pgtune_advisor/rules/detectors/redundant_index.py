"""Indexes that another index of the same table makes unnecessary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from pgtune_advisor.domain.index_ddl import definition_known
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.rules.detectors import Detection, Undecided
from pgtune_advisor.rules.factbase import FactBase
from pgtune_advisor.rules.facts.indexes import IndexFacts

NAMES: Final = ("keeper", "keeper_schema", "keeper_size_bytes", "keeper_scans", "relation")


def detect(facts: FactBase, params: Mapping[str, float]) -> Iterator[Detection | Undecided]:
    """One finding for each index to drop, naming one that stays."""
    tables: dict[tuple[str, str, str], list[IndexFacts]] = defaultdict(list)
    for row in facts.rows("index"):
        if row.is_valid and row.is_live and not row.is_partition_child and not row.extension:
            tables[row.database, row.index.schema, row.table].append(row)
    for rows in tables.values():
        yield from _in_table(rows, params["max_size_ratio"], params["min_size"])


def _in_table(
    rows: list[IndexFacts], max_ratio: float, min_size: float
) -> Iterator[Detection | Undecided]:
    for row in rows:
        if row.size_bytes < min_size or _needed(row.index):
            continue
        if not definition_known(row.index):
            if len(rows) > 1:
                yield Undecided(row=row, missing=("definition",))
            continue
        keepers = [other for other in rows if _makes_redundant(other, row, max_ratio)]
        final = [k for k in keepers if not any(_makes_redundant(o, k, max_ratio) for o in rows)]
        # Where every keeper is redundant itself, this one waits until those are gone.
        if final:
            keeper = min(final, key=lambda k: (k.size_bytes, k.name))
            same = len(keeper.index.keys) == len(row.index.keys)
            names = {
                "keeper": keeper.name,
                "keeper_schema": keeper.schema,
                "keeper_size_bytes": keeper.size_bytes,
                "keeper_scans": keeper.scans,
                "relation": "has the same keys" if same else "begins with the same keys",
            }
            yield Detection(row=row, extra=names)


def _needed(index: Index) -> bool:
    """What a drop would lose beyond look-ups: a constraint, an identity, an order on disk."""
    return (
        index.is_primary
        or index.is_exclusion
        or index.constraint_name is not None
        or index.is_replica_identity
        or index.is_clustered
    )


def _makes_redundant(keeper: IndexFacts, row: IndexFacts, max_ratio: float) -> bool:
    """Whether `row` may go while `keeper` stays; of two equals exactly one may go."""
    if keeper is row or not _covers(keeper.index, row.index):
        return False
    if _covers(row.index, keeper.index):
        return _rank(keeper.index) < _rank(row.index)
    return keeper.size_bytes <= max_ratio * max(row.size_bytes, 1)


def _rank(index: Index) -> tuple[bool, bool, bool, int, str]:
    """Of two equal indexes the lesser rank stays."""
    return (
        not index.is_primary,
        not (_needed(index) or index.is_unique),
        not index.constraint_name,
        len(index.include),
        index.name,
    )


def _covers(wide: Index, narrow: Index) -> bool:
    """Whether `wide` answers all that `narrow` answers, and enforces all that it enforces."""
    if not definition_known(wide) or wide.access_method != narrow.access_method:
        return False
    if wide.predicate != narrow.predicate or wide.is_partitioned != narrow.is_partitioned:
        return False
    size = len(narrow.keys)
    if _key_identity(wide)[:size] != _key_identity(narrow):
        return False
    same_keys = len(wide.keys) == size
    if not same_keys and narrow.access_method != "btree":
        return False
    if narrow.is_unique and not _enforces(wide, narrow, same_keys):
        return False
    plain = {key for key, expr in zip(wide.keys, wide.key_is_expression, strict=True) if not expr}
    return set(narrow.include) <= {*plain, *wide.include}


def _enforces(wide: Index, narrow: Index, same_keys: bool) -> bool:
    return same_keys and wide.is_unique and wide.nulls_not_distinct == narrow.nulls_not_distinct


def _key_identity(index: Index) -> list[tuple[object, ...]]:
    return list(
        zip(
            index.keys,
            index.key_is_expression,
            index.opclass_names,
            index.collations,
            index.orders,
            strict=True,
        )
    )
