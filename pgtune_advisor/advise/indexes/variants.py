"""How one index is made from another: narrower, wider, merged; and what serves in its stead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgtune_advisor.domain.index_def import IndexDef, IndexKey

_BTREE = "btree"


def plainer(index: IndexDef) -> frozenset[IndexDef]:
    """The index without INCLUDE, without its predicate, and with fewer keys."""
    found: set[IndexDef] = set()
    if index.include:
        found.add(replace(index, include=()))
    if index.predicate:
        found.add(replace(index, predicate=""))
        found.add(replace(index, predicate="", include=()))
    if index.method == _BTREE:
        for count in range(1, len(index.keys)):
            found.add(replace(index, keys=index.keys[:count], include=()))
    return frozenset(found)


def extends(wider: IndexDef, index: IndexDef) -> bool:
    """Whether `wider` serves whatever `index` serves: the same keys lead, and it has the rest."""
    if wider == index or wider.relation != index.relation or wider.method != index.method:
        return False
    if index.method != _BTREE or index.predicate != wider.predicate or index.unique:
        return False
    if wider.keys[: len(index.keys)] != index.keys:
        return False
    columns = {key.column for key in wider.keys} | set(wider.include)
    return columns.issuperset(index.include)


def merged(one: IndexDef, other: IndexDef) -> Iterator[IndexDef]:
    """Indexes that serve as both do: where the keys of one lead the other's, or keys are shared."""
    if one.relation != other.relation or one.predicate != other.predicate:
        return
    if one.method != _BTREE or other.method != _BTREE or one == other:
        return
    if one.unique or other.unique:
        return
    for first, second in ((one, other), (other, one)):
        if second.keys[: len(first.keys)] == first.keys:
            yield _with_include(second, (*second.include, *first.include))
            return
    if one.keys[0] == other.keys[0]:
        for first, second in ((one, other), (other, one)):
            columns = (*first.include, *(k.column for k in second.keys), *second.include)
            if all(columns):
                yield _with_include(first, columns)


def _with_include(index: IndexDef, columns: tuple[str, ...]) -> IndexDef:
    present = {key.column for key in index.keys}
    include = tuple(sorted({column for column in columns if column not in present}))
    return replace(index, include=include)


def reversed_keys(keys: tuple[IndexKey, ...]) -> tuple[IndexKey, ...]:
    """The keys of an index that is the mirror image: read backwards it gives the same order."""
    turned = {"": "DESC", "DESC": "", "NULLS FIRST": "DESC NULLS LAST"}
    turned["DESC NULLS LAST"] = "NULLS FIRST"
    return tuple(replace(key, order=turned[key.order]) for key in keys)
