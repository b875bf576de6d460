"""What `advise` and `replay` do with a report: print it, write it, turn it into an exit status."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from pgtune_advisor.cli.output import colored, width
from pgtune_advisor.domain.findings import Severity, at_least
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.server import Platform
from pgtune_advisor.emit.formats import render
from pgtune_advisor.emit.output_dir import write

FOUND = 1


def deliver(
    report: Report,
    *,
    output_format: str,
    output_dir: Path | None,
    platform: Platform,
    fail_on: Severity | None,
) -> None:
    """Write the files first, then print; leave with 1 if something is severe enough."""
    written = write(report, output_dir, platform=platform) if output_dir else []
    text = render(report, output_format, width=width(), color=colored())
    sys.stdout.write(text)
    if written:
        sys.stderr.write(f"wrote {len(written)} files; begin with {written[0]}\n")
    if fail_on and any(at_least(finding.severity, fail_on) for finding in report.findings):
        raise typer.Exit(FOUND)
