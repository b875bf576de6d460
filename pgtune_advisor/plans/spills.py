"""Nodes that wrote to disk, and those that would need much memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pgtune_advisor.domain.plan_observations import MemoryNeed, Place, Spill, SpillKind
from pgtune_advisor.plans.measures import KB, bytes_of, count, number, workers_of
from pgtune_advisor.plans.nodes import Node

# Below this nobody's work_mem is too small: 64 kB is the least that can be set.
LEAST_NEED: Final = 64 * KB
_SORTS: Final = frozenset({"Sort", "Incremental Sort"})
_GROUPS: Final = ("Full-sort Groups", "Pre-sorted Groups")


def spills_of(node: Node, place: Place) -> Iterator[Spill]:
    """What the node and its workers wrote to disk."""
    for values in (node.extra, *workers_of(node)):
        kind = _spilled(node, values)
        if kind is not None:
            yield Spill(
                place=place,
                kind=kind,
                disk_bytes=_disk(values, kind),
                memory_bytes=_memory(values),
                batches=count(values, "Hash Batches") or count(values, "HashAgg Batches"),
            )


def _spilled(node: Node, values: Mapping[str, Any]) -> SpillKind | None:
    if node.kind in _SORTS and (values.get("Sort Space Type") == "Disk" or _group_disk(values)):
        return "sort"
    if count(values, "Hash Batches") > 1:
        return "hash"
    if node.kind == "Aggregate" and count(values, "Disk Usage"):
        return "aggregate"
    return "materialize" if values.get("Storage") == "Disk" else None


def _disk(values: Mapping[str, Any], kind: SpillKind) -> int | None:
    match kind:
        case "sort":
            return (count(values, "Sort Space Used") or _group_disk(values)) * KB
        case "aggregate":
            return count(values, "Disk Usage") * KB
        case "materialize":
            return count(values, "Maximum Storage") * KB
        case "hash":
            return None


def _memory(values: Mapping[str, Any]) -> int | None:
    used = number(values, "Peak Memory Usage")
    return None if used is None else int(used * KB)


def _group_disk(values: Mapping[str, Any]) -> int:
    """The most that one group of an incremental sort took."""
    spaces = [values[name].get("Sort Space Disk") for name in _GROUPS if _is_map(values, name)]
    return max((count(s, "Peak Sort Space Used") for s in spaces if isinstance(s, dict)), default=0)


def _is_map(values: Mapping[str, Any], name: str) -> bool:
    return isinstance(values.get(name), Mapping)


def memory_need(node: Node, parent: Node | None, place: Place) -> MemoryNeed | None:
    """What a sort or hash would hold by estimate; a sort under LIMIT only what is asked for."""
    kind: SpillKind
    if node.kind == "Sort" and node.children:
        kind, rows = "sort", node.children[0].rows
        if parent is not None and parent.kind == "Limit":
            rows = min(rows, parent.rows)
    elif node.kind == "Hash":
        kind, rows = "hash", node.rows
    elif node.kind == "Aggregate" and node.extra.get("Strategy") in ("Hashed", "Mixed"):
        kind, rows = "aggregate", node.rows
    else:
        return None
    need = bytes_of(rows, node.width)
    return MemoryNeed(place=place, kind=kind, bytes=need, rows=rows) if need > LEAST_NEED else None
