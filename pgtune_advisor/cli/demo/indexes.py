"""The demo's indexes: simulated in a shadow, built on the shop's server, and measured there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from pgtune_advisor.cli import measuring, what_if, wiring
from pgtune_advisor.cli.demo import clients
from pgtune_advisor.cli.demo.steps import Steps
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.units import format_count, format_ms
from pgtune_advisor.domain.window import Window
from pgtune_advisor.emit.tables import plain_table

DEADLINE: Final = "60s"
MEASURE_SECONDS: Final = 60.0
RULE: Final = "missing-index"
_CONNECTIONS: Final = 2


def advice(cluster: PrivateCluster, snapshot: Snapshot, window: Window) -> IndexAdvice:
    """What the index advisor says of the shop."""
    asked = what_if.Asked.of(None, "auto", None, DEADLINE)
    with asked.quietly(snapshot, cluster.dsn(clients.DATABASE), _CONNECTIONS) as found:
        return wiring.advice(snapshot, window, found)


def measured(
    cluster: PrivateCluster, report: Report, found: IndexAdvice, snapshot: Snapshot, bar: Steps
) -> Report:
    """The report after the indexes were built on the shop's server; what helps stays there."""
    return measuring.tried(
        report,
        found,
        snapshot,
        cluster.dsn(clients.DATABASE),
        seconds=MEASURE_SECONDS,
        allow_target=True,
        progress=lambda _what, done, total: bar.within(done / max(total, 1)),
        keep=True,
    )


def text(report: Report, width: int) -> str:
    """The indexes that were built, what the planner promised, and what was measured."""
    built = [one for one in report.recommendations if one.confidence == "measured"]
    rows = [row for one in built for row in _rows(one)]
    if not rows:
        return "No index was built and measured."
    headers = ("cost before", "after", "ms before", "after", "times", "index, statement")
    lines = [
        f"Built {len(built)} indexes on this server and ran the statements before and after:",
        "",
        # Short headings are given room on both sides.
        plain_table(headers, rows, width=width - 2 * (len(headers) - 1)),
    ]
    refuted = [one for one in report.rejected if one.reason.startswith("measured-")]
    lines += [textwrap.fill(f"Taken back: {one.detail}", width) for one in refuted]
    return "\n".join(lines)


def _rows(one: Recommendation) -> Iterator[list[str]]:
    for statement in one.impact.statements:
        before, after = statement.measured_ms_before, statement.measured_ms_after
        if before is None or after is None:
            continue
        index = one.title.removeprefix("Index ")
        yield [
            format_count(round(statement.cost_before or 0.0)),
            format_count(round(statement.cost_after or 0.0)),
            format_ms(before),
            format_ms(after),
            f"{before / after:.0f}x" if after else "-",
            f"{index}: {' '.join((statement.text or '').split())}",
        ]
