"""Progress of the demo: one bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import Progress, TaskID

from pgtune_advisor.cli.output import progress

# What each step takes, in seconds on two cores; only the bar's pace depends on it.
PACE: Final = {
    "starting a private PostgreSQL": 2,
    "building the shop": 8,
    "planting faults": 2,
    "reading the server": 2,
    "letting visitors in": 30,
    "reading the server again": 2,
    "simulating indexes": 5,
    "judging what was read": 3,
    "comparing rewrites": 1,
    "building and measuring indexes": 8,
}
_WIDEST: Final = max(map(len, PACE))


class Steps:
    """What is being done, and how much of it."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._done = 0.0
        self._present = 0.0
        self._plain = not sys.stderr.isatty()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One of PACE's steps."""
        self._present = PACE[name]
        self._bar.update(self._task, description=name.ljust(_WIDEST))
        if self._plain:
            sys.stderr.write(f"{name} ...\n")
            sys.stderr.flush()
        yield
        self._done += self._present
        self._bar.update(self._task, completed=self._done)

    def within(self, share: float) -> None:
        """How much of the present step is done, from 0 to 1."""
        done = self._done + self._present * min(share, 1.0)
        self._bar.update(self._task, completed=done)


@contextmanager
def steps() -> Iterator[Steps]:
    """The bar, gone when it is left."""
    with progress() as bar:
        yield Steps(bar, bar.add_task(" " * _WIDEST, total=sum(PACE.values())))
