"""What statements spill to temporary files, and how much memory could hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.domain.units import KB, MB
from pgtune_advisor.rules.facts.base import BLOCK, Context, ratio
from pgtune_advisor.rules.facts.load import active_sessions, usable_connections
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of

_DAY: Final = 86_400
_GROWTH: Final = 4
# The manual on work_mem: "several operations could be running concurrently" in one statement.
_OPERATIONS: Final = 3
# Measured: a hash join needs a third of what it spills, sorts and aggregates up to 2.8 times.
_LEAST_NEED: Final = 0.33


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Values for work_mem in bytes, by the memory of the machine; None where that is unknown."""

    safe: float | None
    bounded: float | None
    target: float | None


def work_mem_room(context: Context) -> Room:
    """How large work_mem may be, and what to try next."""
    memory = context.snapshot.host.memory_bytes
    buffers, present = context.number("shared_buffers"), context.number("work_mem")
    multiplier = context.number("hash_mem_multiplier")
    if memory is None or buffers is None or present is None:
        return Room(safe=None, bounded=None, target=None)
    usable = max(usable_connections(context), 1)
    bounded = max(memory * 0.9 - buffers, 0.0) / (usable * (multiplier or 1.0))
    sessions = max(active_sessions(context) or 0, usable // 10, 4)
    free = max(memory - buffers, 0.0) * 0.5 / (sessions * _OPERATIONS)
    safe = min(free, bounded)
    return Room(safe=safe, bounded=bounded, target=_whole(min(present * _GROWTH, safe)))


def _whole(size: float) -> float:
    """Whole megabytes, whole kilobytes below one."""
    step = MB if size >= MB else KB
    return size // step * step


@dataclass(frozen=True, slots=True, kw_only=True)
class Spills:
    """Bytes that statements wrote to temporary files in the window; None unknown."""

    total: float | None
    per_day: float | None

    @classmethod
    def of(cls, context: Context, safe: float | None) -> Spills:
        """Maintenance is left out, and what would need more than `safe` bytes at the least."""
        deltas = context.deltas("statements")
        if deltas is None:
            return cls(total=None, per_day=None)
        shapes = shapes_of(context)
        total = per_day = 0.0
        for statement in deltas:
            if not statement.temp_blocks_written:
                continue
            if shapes.text(statement) is None:
                return cls(total=None, per_day=None)
            if _holdable(shapes, statement, safe):
                written = float(statement.temp_blocks_written * BLOCK)
                seconds = context.window.seconds("statements", statement)
                total += written
                per_day += (ratio(written, seconds) or 0.0) * _DAY
        return cls(total=total, per_day=per_day)


def _holdable(shapes: Shapes, statement: Statement, safe: float | None) -> bool:
    shape = shapes.of(statement)
    if shapes.is_own(statement) or (shape is not None and shape.is_maintenance):
        return False
    per_call = ratio((statement.temp_blocks_written or 0) * BLOCK, statement.calls) or 0.0
    return safe is None or per_call * _LEAST_NEED <= safe
