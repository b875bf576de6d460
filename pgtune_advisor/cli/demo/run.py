"""The demo from its first step to its last; whatever happens, nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from pgtune_advisor.cli import wiring
from pgtune_advisor.cli.demo import checklist, clients, farewell, faults, indexes, rewrites, shop
from pgtune_advisor.cli.demo.faults import Fault
from pgtune_advisor.cli.demo.steps import Steps, steps
from pgtune_advisor.cli.output import colored, width
from pgtune_advisor.cli.statement_plans import statement_plans
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.errors import OutputError
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import StatementReading, windows_of
from pgtune_advisor.domain.window import between
from pgtune_advisor.emit import output_dir
from pgtune_advisor.emit.formats import render
from pgtune_advisor.settings import RulesSection, Settings, TargetSection

TRAFFIC_SECONDS: Final = 30
READING_SECONDS: Final = 1.5
VISITORS: Final = 2
# Twice what the rule takes for too many.
CONNECTIONS_PER_SECOND: Final = 20
NOWHERE: Final = Path(os.devnull)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the advisor made of the shop; `advice` is what it said of indexes."""

    snapshot: Snapshot
    report: Report
    advice: IndexAdvice


def run(directory: Path, *, keep: bool, port: int | None) -> bool:
    """Show the whole loop on a shop of our own; whether every planted fault was found.

    Migrations, settings and the report go to `directory`. Raises AdvisorError.
    """
    _check_writable(directory)
    planted = faults.load()
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        with steps() as bar:
            with bar.step("starting a private PostgreSQL"):
                cluster = stack.enter_context(shop.make_server(planted, port))
            outcome = _observe(cluster, planted, bar)
            with bar.step("comparing rewrites"):
                rewritten = rewrites.compared(cluster, outcome.report, outcome.snapshot, planted)
            with bar.step("building and measuring indexes"):
                measured = indexes.measured(
                    cluster, outcome.report, outcome.advice, outcome.snapshot, bar
                )
        written = output_dir.write(outcome.report, directory, platform="none")
        checks = checklist.compare(planted, outcome.report, outcome.snapshot.statement_texts)
        _say(render(outcome.report, "table", width=width(), color=colored()))
        _say(farewell.excerpts(written, directory, width()))
        _say(indexes.text(measured, width()))
        _say(rewrites.text(rewritten, width()))
        _say(checklist.text(checks, outcome.report, width()))
        if keep:
            words = farewell.access(cluster)
            cluster.keep()
            _say(words)
    return checklist.complete(checks)


def _observe(cluster: PrivateCluster, planted: tuple[Fault, ...], bar: Steps) -> Outcome:
    """Build the shop, read it before and after the visitors, and judge the time between."""
    with bar.step("building the shop"):
        shop.found_database(cluster)
        scripts = shop.building_scripts()
        for number, script in enumerate(scripts, start=1):
            clients.run_file(cluster, script)
            bar.within(number / len(scripts))
    with ExitStack() as sessions:
        with bar.step("planting faults"):
            _plant(cluster, planted, sessions)
        settings = _settings(planted)
        report = wiring.reporter(settings)
        target = TargetSection(name="demo", dsn=cluster.dsn(clients.DATABASE))
        with wiring.collector(settings, target) as collector:
            with bar.step("reading the server"):
                first = collector.full()
            with bar.step("letting visitors in"):
                readings = _let_visitors_in(cluster, planted, bar, collector)
            with bar.step("reading the server again"):
                second = collector.full(values=True)
    moments = (StatementReading.of(one) for one in (first, second))
    short = windows_of([*readings, *moments])
    window = replace(between(first, second), statement_windows=short)
    with bar.step("simulating indexes"):
        advice = indexes.advice(cluster, second, window)
    with bar.step("judging what was read"):
        plans = statement_plans(second, window, target.dsn)
        found = report(second, window, advice=advice, plans=plans)
        return Outcome(snapshot=second, report=found, advice=advice)


def _plant(cluster: PrivateCluster, planted: Sequence[Fault], sessions: ExitStack) -> None:
    for fault in planted:
        if fault.way == "setup":
            clients.run_file(cluster, fault.path)
    for fault in planted:
        if fault.way == "session":
            sessions.enter_context(clients.session(cluster, fault))


def _let_visitors_in(
    cluster: PrivateCluster, planted: Sequence[Fault], bar: Steps, collector: Collector
) -> list[StatementReading | None]:
    """Visitors come for a while, and the counters are read as a daemon would."""
    readings: list[StatementReading | None] = []

    def tick(passed: float) -> None:
        bar.within(passed / TRAFFIC_SECONDS)
        if passed >= READING_SECONDS * (len(readings) + 1):
            readings.append(StatementReading.of(collector.fast()))

    clients.traffic(
        cluster,
        shop.traffic_scripts(planted),
        next(fault.path for fault in planted if fault.way == "churn"),
        seconds=TRAFFIC_SECONDS,
        clients=VISITORS,
        connections_per_second=CONNECTIONS_PER_SECOND,
        tick=tick,
    )
    return readings


def _settings(planted: Sequence[Fault]) -> Settings:
    """The shipped rules with the faults' lower thresholds, whatever this machine configures."""
    params = {fault.rule: dict(fault.params) for fault in planted if fault.params}
    rules = RulesSection(params=params, directory=NOWHERE, sql_directory=NOWHERE)
    return Settings.model_construct(rules=rules)


def _check_writable(directory: Path) -> None:
    """OutputError before a minute is spent, where the files could not be written at its end."""
    output_dir.read(directory)
    nearest = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(
            f"the directory {directory} cannot be written",
            hint="Choose another one with --output-dir.",
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Whatever asks us to end lets us clean up first, and only once."""
    # What is ignored, as SIGHUP under nohup, stays so.
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    names = [name for name in asked if signal.getsignal(name) != signal.SIG_IGN]

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(name, leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
