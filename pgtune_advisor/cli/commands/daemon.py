"""`daemon`: watch all targets on a schedule."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor import daemon as service
from pgtune_advisor import logs
from pgtune_advisor.advise.indexes.advisor import advise_indexes
from pgtune_advisor.cli import options, wiring
from pgtune_advisor.cli import what_if as whatif
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.server import Platform
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.emit.output_dir import write
from pgtune_advisor.planner.shadow_keeper import ShadowKeeper
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.settings import Settings, TargetSection, load


def register(app: typer.Typer) -> None:
    app.command("daemon")(daemon)


def daemon(
    config: options.Config = None,
    debug: Annotated[bool, typer.Option(help="Log more.")] = False,
) -> None:
    """Watch the configured targets until SIGTERM; SIGHUP reads the configuration again."""
    logs.configure(logging.DEBUG if debug else logging.INFO)
    raise typer.Exit(service.run(lambda: load(config), _wire))


def _wire(settings: Settings) -> service.Wiring:
    report = wiring.reporter(settings)
    fast = frozenset(
        q.table for q in wiring.query_book(settings) if q.cadence == "fast" and q.table
    )

    platforms: dict[str, Platform] = {}

    def evaluate(
        snapshot: Snapshot, window: Window, full: bool, advice: IndexAdvice | None
    ) -> Report:
        platforms[snapshot.target] = snapshot.host.platform
        return report(snapshot, window, None if full else fast, advice=advice)

    def publish(report: Report, directory: Path) -> None:
        write(report, directory, platform=platforms[report.target.name])

    return service.Wiring(
        evaluate=evaluate,
        collector=lambda target: wiring.collector(settings, target),
        publish=publish,
        planning=IndexPlanning,
    )


class IndexPlanning:
    """The choice of indexes for one target, which keeps the target's shadows in between."""

    def __init__(self, target: TargetSection) -> None:
        self._target = target
        self._asked = whatif.Asked.of(target, None, None, None)
        self._shadows = ShadowKeeper()

    def plan(self, snapshot: Snapshot, window: Window, stopped: service.Stopped) -> IndexAdvice:
        """Choose, within the target's connections: the collector has given its own back."""
        context = Context(snapshot=snapshot, window=window, now=datetime.now(UTC))
        dsn, connections = self._target.dsn, self._target.max_connections
        with self._asked.quietly(snapshot, dsn, connections, stopped, self._shadows) as what_if:
            return advise_indexes(context, what_if)

    def close(self) -> None:
        """Delete the shadows."""
        self._shadows.close()
