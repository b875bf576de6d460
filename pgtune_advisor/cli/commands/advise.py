"""`advise`: read a server once, or over a window, and say what to change."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from pgtune_advisor.cli import measuring, options, output, reports, wiring
from pgtune_advisor.cli import what_if as whatif
from pgtune_advisor.cli.statement_plans import statement_plans
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.errors import AdvisorError, UsageError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import StatementReading, windows_of
from pgtune_advisor.domain.units import parse_duration
from pgtune_advisor.domain.window import Window, between, lifetime
from pgtune_advisor.settings import Settings, load
from pgtune_advisor.store import Store

# Without --window, what the daemon stored within this time is compared with.
RECENT = timedelta(hours=24)
# How often the counters are read within the time that is observed, and how close together.
READINGS = 24
SHORTEST_S = 0.5


def register(app: typer.Typer) -> None:
    app.command()(advise)


def advise(
    target: options.Target = None,
    dsn: options.Dsn = None,
    window: Annotated[
        str | None,
        typer.Option(
            help="Time to observe, for example 10m: from the daemon's history if it reaches back, "
            "else by waiting. 0 takes the lifetime totals.",
            show_default="the daemon's history of up to a day, else 0",
        ),
    ] = None,
    planner: whatif.PlannerOption = None,
    budget: whatif.Budget = None,
    deadline: whatif.Deadline = None,
    queries: whatif.Queries = None,
    measure: measuring.MeasureOption = None,
    measure_time: measuring.TimeOption = measuring.TIME,
    measure_on_target: measuring.TargetOption = False,
    output_format: options.OutputFormat = "table",
    output_dir: options.OutputDir = None,
    fail_on: options.Fail = None,
    config: options.Config = None,
) -> None:
    """Say what to change on a server, with the evidence."""
    form, bar = options.known_format(output_format), options.severity(fail_on)
    span = None if window is None else _duration(window)
    settings = load(config)
    report = wiring.reporter(settings)
    chosen = wiring.chosen_target(settings, target, dsn)
    asked = whatif.Asked.of(chosen, planner, budget, deadline, queries)
    trying = None
    if measure is not None:
        if asked.planner == "none":
            raise UsageError("--measure has nothing to try with --planner none")
        limit = _duration(measure_time, "--measure-time")
        trying = measuring.Measuring(dsn=measure, limit=limit, allow_target=measure_on_target)
    with wiring.collector(settings, chosen) as collector:
        values = asked.planner != "none"
        snapshot, observed = _observe(collector, settings, span, values=values)
    advice = None
    with asked.what_if(snapshot, chosen.dsn, chosen.max_connections) as what_if:
        if what_if is not None:
            advice = wiring.advice(snapshot, observed, what_if)
    plans = statement_plans(snapshot, observed, chosen.dsn)
    found = report(snapshot, observed, advice=advice, plans=plans)
    if trying is not None and advice is not None:
        found = trying.of(found, advice, snapshot)
    reports.deliver(
        found,
        output_format=form,
        output_dir=output_dir,
        platform=snapshot.host.platform,
        fail_on=bar,
    )


def _duration(text: str, option: str = "--window") -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _observe(
    collector: Collector, settings: Settings, span: timedelta | None, *, values: bool
) -> tuple[Snapshot, Window]:
    """The snapshot and its window: stored history, else two readings, else lifetime totals."""
    with output.progress() as bar:
        task = bar.add_task("reading the server", total=None)
        first = collector.full(values=values)
        bar.remove_task(task)
        if span is not None and not span:
            return first, lifetime(first)
        base, older = _stored(settings, first, span or RECENT)
        if base is not None and (span is None or first.taken_at - base.taken_at >= span):
            short = windows_of([*older, StatementReading.of(first)])
            return first, replace(between(base, first), statement_windows=short)
        if span is None:
            return first, lifetime(first)
        task = bar.add_task("observing", total=span.total_seconds())
        begun = time.monotonic()
        readings = [StatementReading.of(first)]
        pace = max(span.total_seconds() / READINGS, SHORTEST_S)
        while (passed := time.monotonic() - begun) < span.total_seconds():
            if passed >= pace * len(readings):
                readings.append(StatementReading.of(collector.fast()))
            time.sleep(min(span.total_seconds() - passed, pace / 4, 1.0))
            bar.update(task, completed=passed)
        second = collector.full(values=values)
    short = windows_of([*older, *readings, StatementReading.of(second)])
    return second, replace(between(first, second), statement_windows=short)


def _stored(
    settings: Settings, snapshot: Snapshot, span: timedelta
) -> tuple[Snapshot | None, list[StatementReading]]:
    """The daemon's snapshot of the same server from before the span, and the last readings."""
    try:
        with Store.open(settings.store, settings.daemon.state_dir, read_only=True) as store:
            base = store.window_base(snapshot, span, full=True)
            if base is None or base.server.system_identifier != snapshot.server.system_identifier:
                return None, []
            older = store.statement_readings(snapshot.target, snapshot.taken_at, READINGS)
    except AdvisorError:
        return None, []
    return base, older
