"""What the daemon is given to work with: how to collect, how to judge, where to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.settings import TargetSection


class CollectorLike(Protocol):
    """Reads one target; every method raises TargetError where the target cannot be reached."""

    def full(self, *, values: bool = False) -> Snapshot:
        """Read all facts; with `values` those in statistics too, which are data of the target."""

    def fast(self) -> Snapshot:
        """Read the facts that change quickly and cost little."""

    def ping(self) -> None:
        """Ask whether the target answers, as cheaply as can be."""

    def close(self) -> None:
        """Give the connections back."""


@runtime_checkable
class Cancellable(CollectorLike, Protocol):
    """A collector whose running call another thread can end, with a TargetError."""

    def cancel(self) -> None:
        """End the query in flight."""


CollectorFactory = Callable[[TargetSection], CollectorLike]

Stopped = Callable[[], bool]
"""Whether what runs is to end now."""


class Planning(Protocol):
    """Chooses indexes for one target, in one thread at a time."""

    def plan(self, snapshot: Snapshot, window: Window, stopped: Stopped) -> IndexAdvice:
        """What to create by these facts, with values of statistics, and the window.

        AdvisorError where no planner can be had.
        """

    def close(self) -> None:
        """Let go of what it keeps between its calls."""


Evaluate = Callable[[Snapshot, Window, bool, IndexAdvice | None], Report]
"""The facts, the window, whether to judge all subjects or only those of a fast cycle, and what the
index advisor proposes (None: it was not asked)."""

Publish = Callable[[Report, Path], object]
"""Bring the advice in a directory, which is made if it is missing, up to the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The parts that depend on the configuration; made anew when it is read anew.

    Without `planning` no indexes are proposed.
    """

    collector: CollectorFactory
    evaluate: Evaluate
    publish: Publish
    planning: Callable[[TargetSection], Planning] | None = None
