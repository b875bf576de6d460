"""The last short windows of statements' counters, kept from cycle to cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import (
    MOST_WINDOWS,
    StatementReading,
    StatementWindow,
    window_between,
    windows_of,
)

# Snapshots that are read again after a start; each costs what its statements cost to decode.
REMEMBERED: Final = 12

Older = Callable[[Snapshot, int], list[StatementReading]]
"""The readings of at most so many stored snapshots from before this one, the oldest first."""


class StatementHistory:
    """The windows of one target, each from one cycle to the next. One thread at a time."""

    def __init__(self, older: Older) -> None:
        self._older = older
        self._last: StatementReading | None = None
        self._windows: deque[StatementWindow] = deque(maxlen=MOST_WINDOWS)
        self._begun = False

    def add(self, snapshot: Snapshot) -> tuple[StatementWindow, ...]:
        """The windows up to this snapshot, the oldest first."""
        reading = StatementReading.of(snapshot)
        if not self._begun:
            self._begun = True
            stored = self._older(snapshot, REMEMBERED)
            self._windows.extend(windows_of(stored))
            self._last = stored[-1] if stored else None
        if reading is not None:
            window = None if self._last is None else window_between(self._last, reading)
            if window is not None:
                self._windows.append(window)
            self._last = reading
        return tuple(self._windows)
