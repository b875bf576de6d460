"""Options of index advice, and the planners that it asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor.advise.indexes.advisor import WhatIf
from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.cli import output
from pgtune_advisor.cli.queries import read_queries
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.units import parse_duration, parse_size
from pgtune_advisor.planner.open import CHOICES, Choice, Planners

PlannerOption = Annotated[
    str,
    typer.Option(
        "--planner",
        help="Who says what an index would do: hypopg (the extension on the target), shadow (a"
        " private copy of schema and statistics), auto (the first of these that is there), none.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Space that new indexes may take in a database, for example 2GB.",
        show_default="half the size of its tables",
    ),
]
Deadline = Annotated[
    str, typer.Option(help="Time for finding indexes, for example 60s; then the best so far.")
]
Queries = Annotated[
    Path | None,
    typer.Option(
        help="Directory with a statement a *.sql file, taken instead of pg_stat_statements. A line"
        " `-- weight: 12` says how often it counts.",
    ),
]
DEADLINE = "60s"


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
    def of(cls, planner: str, budget: str | None, limit: str, queries: Path | None) -> Asked:
        """From the options; UsageError where one is wrong."""
        return cls(
            planner=choice(planner),
            budget=budget_bytes(budget),
            limit=deadline(limit),
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
        began = time.monotonic()
        with output.progress() as bar, Planners(snapshot, dsn, connections, self.planner) as found:
            task = bar.add_task("opening a planner", total=1.0)

            def progress(what: str, share: float) -> None:
                bar.update(task, description=what, completed=share)

            yield WhatIf(
                planner=found.of,
                expired=lambda: time.monotonic() - began > self.limit.total_seconds(),
                elapsed_ms=lambda: (time.monotonic() - began) * 1000,
                budget=self.budget,
                queries=self.queries,
                progress=progress,
            )
