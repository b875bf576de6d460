"""Whether a statement got faster or slower, from some runs of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from pgtune_advisor.pg.clone import Run

Verdict = Literal["faster", "slower", "same"]

MARGIN: Final = 0.10
# Below these a difference is the clock's, or a page of an index's height.
LEAST_BLOCKS: Final = 4.0
LEAST_MS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Runs of one statement under one set of indexes; empty if it ran into its time limit.

    `indexes` are the names of those that its plan reads.
    """

    runs: tuple[Run, ...]
    indexes: frozenset[str]
    timed_out: bool = False

    @property
    def blocks(self) -> float | None:
        return median(run.blocks for run in self.runs) if self.runs else None

    @property
    def has_cpu(self) -> bool:
        return bool(self.runs) and all(run.cpu_ms is not None for run in self.runs)

    def times(self, *, cpu: bool) -> list[float]:
        """Milliseconds; of the CPU where asked for and known."""
        return [
            run.cpu_ms if cpu and run.cpu_ms is not None else run.execution_ms for run in self.runs
        ]

    def milliseconds(self, *, cpu: bool) -> float | None:
        """The median; None where no run came to its end."""
        return median(self.times(cpu=cpu)) if self.runs else None


def compare(before: Series, after: Series) -> Verdict:
    """Blocks decide, unless time says clearly the opposite: time is what users wait for."""
    if not before.runs or not after.runs:
        if before.timed_out == after.timed_out:
            return "same"
        return "faster" if before.timed_out else "slower"
    by_time, by_blocks = _by_time(before, after), compare_blocks(before, after)
    return by_time if by_blocks == "same" or by_time not in ("same", by_blocks) else by_blocks


def compare_blocks(before: Series, after: Series) -> Verdict:
    """By the blocks alone, which hardly vary between runs."""
    if before.blocks is None or after.blocks is None:
        return "same"
    return _side(before.blocks, after.blocks, LEAST_BLOCKS)


def _by_time(before: Series, after: Series) -> Verdict:
    """By medians, and only where hardly a run of one side lies beyond one of the other."""
    cpu = before.has_cpu and after.has_cpu
    old, new = before.times(cpu=cpu), after.times(cpu=cpu)
    side = _side(median(old), median(new), LEAST_MS)
    apart = _apart(old, new) if side == "slower" else _apart(new, old)
    return side if apart else "same"


def _apart(low: Sequence[float], high: Sequence[float]) -> bool:
    """Whether the runs of `high` lie above those of `low`, in nine pairs of ten."""
    above = sum(h > value for value in low for h in high)
    return above >= 0.9 * len(low) * len(high)


def _side(before: float, after: float, least: float) -> Verdict:
    if abs(after - before) < least or abs(after - before) <= MARGIN * before:
        return "same"
    return "slower" if after > before else "faster"
