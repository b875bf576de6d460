"""Options of index advice, and the planners that it asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor.advise.indexes.advisor import WhatIf
from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.advise.whatif import Planner
from pgtune_advisor.cli import output
from pgtune_advisor.cli.queries import read_queries
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.units import parse_duration, parse_size
from pgtune_advisor.planner.open import CHOICES, Choice, Planners
from pgtune_advisor.planner.shadow_keeper import ShadowKeeper
from pgtune_advisor.planner.stoppable import StoppablePlanner
from pgtune_advisor.settings import TargetSection

PlannerOption = Annotated[
    str | None,
    typer.Option(
        "--planner",
        show_default="the target's, else auto",
        help="Who says what an index would do: hypopg (the extension on the target), shadow (a"
        " private copy of schema and statistics), auto (the first of these that is there), none.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Space that new indexes may take in a database, for example 2GB.",
        show_default="the target's, else half the size of its tables",
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        help="Time for finding indexes, for example 60s; then the best so far.",
        show_default="the target's, else 60s",
    ),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        help="Directory with a statement a *.sql file, taken instead of pg_stat_statements. A line"
        " `-- weight: 12` says how often it counts.",
    ),
]

# What counts without a configured target.
_SHARE = 0.9
NO_TARGET = TargetSection.model_construct(name="none", dsn="")


def choice(text: str) -> Choice:
    """The planner that --planner names; UsageError for another word."""
    for known in CHOICES:
        if text == known:
            return known
    raise UsageError(f'--planner: "{text}" is no planner', hint=f"Known: {', '.join(CHOICES)}")


def budget_bytes(text: str | None) -> int | None:
    """The bytes that --budget names; UsageError where it is no size."""
    try:
        return None if text is None else parse_size(text)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from None


def deadline(text: str) -> timedelta:
    """The duration that --deadline names; UsageError where it is none."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--deadline: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks of index advice, checked before anything is read."""

    planner: Choice
    budget: int | None
    limit: timedelta
    queries: tuple[QueryFile, ...] | None

    @classmethod
    def of(
        cls,
        target: TargetSection | None,
        planner: str | None,
        budget: str | None,
        limit: str | None,
        queries: Path | None = None,
    ) -> Asked:
        """From the options, and where they are silent from the target; UsageError if wrong."""
        kept = target or NO_TARGET
        return cls(
            planner=kept.planner if planner is None else choice(planner),
            budget=kept.index_budget if budget is None else budget_bytes(budget),
            limit=kept.index_deadline if limit is None else deadline(limit),
            queries=None if queries is None else read_queries(queries),
        )

    @contextmanager
    def what_if(
        self, snapshot: Snapshot, dsn: str | None, connections: int
    ) -> Iterator[WhatIf | None]:
        """What is asked for indexes, for as long as it is; None where no planner is wanted."""
        if self.planner == "none":
            yield None
            return
        with output.progress() as bar:
            task = bar.add_task("opening a planner", total=1.0)

            def progress(what: str, share: float) -> None:
                bar.update(task, description=what, completed=share)

            with self.quietly(snapshot, dsn, connections) as what_if:
                yield replace(what_if, progress=progress)

    @contextmanager
    def quietly(
        self,
        snapshot: Snapshot,
        dsn: str | None,
        connections: int,
        stopped: Callable[[], bool] = lambda: False,
        keeper: ShadowKeeper | None = None,
    ) -> Iterator[WhatIf]:
        """The same without a progress bar; `stopped` ends it, `keeper` keeps its shadows."""
        began = time.monotonic()
        # What comes after the choice takes time too.
        seconds = self.limit.total_seconds() * _SHARE

        def of(database: str) -> Planner | Gap:
            planner = planners.of(database)
            return planner if isinstance(planner, Gap) else StoppablePlanner(planner, stopped)

        with Planners(snapshot, dsn, connections, self.planner, keeper) as planners:
            yield WhatIf(
                planner=of,
                expired=lambda: stopped() or time.monotonic() - began > seconds,
                elapsed_ms=lambda: (time.monotonic() - began) * 1000,
                budget=self.budget,
                queries=self.queries,
            )
