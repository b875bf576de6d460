"""`advise --measure`: the recommended indexes tried on a clone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

import typer

from pgtune_advisor.advise.measured import apply_measurement
from pgtune_advisor.cli import output
from pgtune_advisor.domain.changes import CreateIndex, Script
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.measurement import Identity, Trial
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.observe.clone import measure
from pgtune_advisor.settings import TargetSection

MeasureOption = Annotated[
    str | None,
    typer.Option(
        "--measure",
        metavar="DSN",
        help="A clone of the database (libpq): build the recommended indexes there, run the"
        " statements before and after, and keep what the clone confirms. It is left as it was.",
    ),
]
TimeOption = Annotated[
    str, typer.Option("--measure-time", help="Time for measuring, for example 10m.")
]
TargetOption = Annotated[
    bool,
    typer.Option(
        "--measure-on-target", help="Allow --measure to be the target itself: it builds there."
    ),
]
TIME = "10m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """What the command line asks of a measurement."""

    dsn: str
    limit: timedelta
    allow_target: bool

    def __post_init__(self) -> None:
        # Refuses a dsn with a password in it, as for a target.
        try:
            TargetSection(name="clone", dsn=self.dsn)
        except ValueError as error:
            reason = str(error).splitlines()[2:3]
            raise UsageError("--measure: the dsn cannot be used", detail=" ".join(reason)) from None

    def of(self, report: Report, advice: IndexAdvice, snapshot: Snapshot) -> Report:
        """The report with what the clone said of its indexes."""
        with output.progress() as bar:
            task = bar.add_task("measuring on the clone", total=1.0)

            def progress(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done / max(total, 1))

            return tried(
                report,
                advice,
                snapshot,
                self.dsn,
                seconds=self.limit.total_seconds(),
                allow_target=self.allow_target,
                progress=progress,
            )


def tried(
    report: Report,
    advice: IndexAdvice,
    snapshot: Snapshot,
    dsn: str,
    *,
    seconds: float,
    allow_target: bool,
    progress: Callable[[str, int, int], None],
    keep: bool = False,
) -> Report:
    """The report after its indexes were built at `dsn` and the statements run before and after.

    With `keep` what was confirmed stays there.
    """
    database = snapshot.server.database
    trials = tuple(_trials(report, advice, database, snapshot))
    probes = advice.probes.get(database, ())
    if not trials or not probes:
        what = "index is recommended" if probes else "statement can be run"
        gap = Gap(source="measure", reason=f"there was nothing to measure: no {what}")
        return replace(report, gaps=(*report.gaps, gap))
    measured = measure(
        dsn,
        trials,
        probes,
        target=Identity.of(snapshot.server),
        allow_target=allow_target,
        deadline=seconds,
        keep=keep,
        progress=progress,
    )
    texts = {
        effect.name: effect.statement.text
        for proposal in advice.proposals
        for effect in proposal.effects
        if effect.statement.text
    }
    by_probe = {
        probe.id: texts[name] for probe in probes if (name := probe.id.rpartition("/")[0]) in texts
    }
    return apply_measurement(report, measured, by_probe)


def _trials(
    report: Report, advice: IndexAdvice, database: str, snapshot: Snapshot
) -> Iterator[Trial]:
    """The recommended indexes of the database, each with the probes that it is meant for."""
    rows = {(r.schema, r.name): r.rows for r in snapshot.relations if r.database == database}
    names: dict[tuple[str, str, str], list[str]] = {}
    for proposal in advice.proposals:
        place = (proposal.database, proposal.index.schema, proposal.index.table)
        names.setdefault(place, []).extend(effect.name for effect in proposal.effects)
    for one in report.recommendations:
        change = _creation(one)
        if change is None or change.database != database:
            continue
        meant = set(names.get((database, change.schema, change.table), ()))
        yield Trial(
            id=one.id,
            name=change.name,
            statement=change.statement,
            database=database,
            schema=change.schema,
            table=change.table,
            statements=tuple(
                probe.id
                for probe in advice.probes.get(database, ())
                if probe.id.rpartition("/")[0] in meant
            ),
            rows=rows.get((change.schema, change.table)),
            extensions=tuple(_extensions(one)),
        )


def _creation(one: Recommendation) -> CreateIndex | None:
    """The index of a recommendation that makes just one; partitioned ones are made in parts."""
    made = [change for change in one.changes if isinstance(change, CreateIndex)]
    return made[0] if len(made) == 1 and "missing-index" in one.rules else None


def _extensions(one: Recommendation) -> Iterator[str]:
    """The extensions that a recommendation creates before its index."""
    lead = "CREATE EXTENSION IF NOT EXISTS "
    for change in one.changes:
        if isinstance(change, Script) and change.up.startswith(lead):
            yield change.up.removeprefix(lead).strip('"')
