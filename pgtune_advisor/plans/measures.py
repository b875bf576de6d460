"""What EXPLAIN (ANALYZE) counted at a node, under whichever name a version gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pgtune_advisor.plans.nodes import Node

KB: Final = 1024
# MAXALIGN(SizeofHeapTupleHeader), which the planner's own estimate adds to each row too.
_ROW_OVERHEAD: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a node ran: rows a loop, as an average from 18 on and rounded before."""

    rows: float
    loops: float

    @property
    def total(self) -> float:
        return self.rows * self.loops


def run_of(node: Node) -> Run | None:
    """None where the plan was not run, or the node was never reached."""
    rows, loops = number(node.extra, "Actual Rows"), number(node.extra, "Actual Loops")
    return Run(rows=rows, loops=loops) if rows is not None and loops else None


def was_run(root: Node) -> bool:
    """Whether the plan was run and counted."""
    return any("Actual Loops" in node.extra for node in root.walk())


def number(values: Mapping[str, Any], key: str) -> float | None:
    """A number under this key; None where there is none."""
    value = values.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def count(values: Mapping[str, Any], key: str) -> int:
    """The same as a whole number, 0 for none."""
    value = number(values, key)
    return int(value) if value is not None else 0


def workers_of(node: Node) -> Iterator[Mapping[str, Any]]:
    """What each parallel worker says of the node."""
    listed = node.extra.get("Workers")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield one


def bytes_of(rows: float, width: int) -> float:
    """What so many rows take in memory, as the planner reckons it."""
    return rows * (-(-width // 8) * 8 + _ROW_OVERHEAD)
