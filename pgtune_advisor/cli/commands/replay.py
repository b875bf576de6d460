"""`snapshot` and `replay`: keep what a server said, and judge it again elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pgtune_advisor.cli import options, output, reports, wiring
from pgtune_advisor.cli import what_if as whatif
from pgtune_advisor.collect.snapshot_file import load as load_snapshot
from pgtune_advisor.collect.snapshot_file import save
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.window import between, lifetime
from pgtune_advisor.settings import load

# Connections to the private cluster that plans.
PLANNERS: Final = 2


def register(app: typer.Typer) -> None:
    app.command()(snapshot)
    app.command()(replay)


def snapshot(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    target: options.Target = None,
    dsn: options.Dsn = None,
    with_statistics: Annotated[
        bool,
        typer.Option(
            "--with-statistics",
            help="Keep the values in the planner's statistics too: they are data of your tables.",
        ),
    ] = False,
    config: options.Config = None,
) -> None:
    """Write all that can be read of a server into a file, without constants of statements."""
    settings = load(config)
    chosen = wiring.chosen_target(settings, target, dsn)
    with output.progress() as bar, wiring.collector(settings, chosen) as collector:
        bar.add_task("reading the server", total=None)
        taken = collector.full(values=with_statistics)
    save(taken, file)
    kept = (
        "with values of your tables, as the planner's statistics hold them"
        if with_statistics
        else "without the values in the planner's statistics (--with-statistics keeps them)"
    )
    sys.stderr.write(f"wrote {file}, {len(taken.gaps)} gaps, {kept}\n")


def replay(
    file: Annotated[Path, typer.Argument(help="A file that `snapshot` wrote.")],
    since: Annotated[
        Path | None,
        typer.Option(help="An earlier snapshot of the same server: judge what happened between."),
    ] = None,
    planner: whatif.PlannerOption = None,
    budget: whatif.Budget = None,
    deadline: whatif.Deadline = None,
    output_format: options.OutputFormat = "table",
    output_dir: options.OutputDir = None,
    fail_on: options.Fail = None,
    config: options.Config = None,
) -> None:
    """Give the advice for a snapshot file, without a server."""
    form, bar = options.known_format(output_format), options.severity(fail_on)
    asked = whatif.Asked.of(None, planner, budget, deadline)
    if asked.planner == "hypopg":
        raise UsageError(
            "--planner: hypopg needs the server, and there is only a snapshot",
            hint="auto and shadow work without one; none proposes no indexes.",
        )
    report = wiring.reporter(load(config))
    taken = load_snapshot(file)
    window = lifetime(taken) if since is None else between(load_snapshot(since), taken)
    with asked.what_if(taken, None, PLANNERS) as what_if:
        found = report(taken, window, what_if=what_if)
    reports.deliver(
        found,
        output_format=form,
        output_dir=output_dir,
        platform=taken.host.platform,
        fail_on=bar,
    )
