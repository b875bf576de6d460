"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.findings import SEVERITIES, Severity
from pgtune_advisor.emit.formats import formats

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file.", show_default="/etc/…, if there"),
]
Target = Annotated[str | None, typer.Argument(help="A target of the configuration.")]
Dsn = Annotated[
    str | None, typer.Option("--dsn", help="libpq connection string or URL of the server.")
]
OutputFormat = Annotated[
    str, typer.Option("--format", help=f"How the report is printed: {', '.join(formats())}.")
]
OutputDir = Annotated[
    Path | None,
    typer.Option("--output-dir", help="Also write migrations, settings and the report here."),
]
Fail = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        help=f"Exit with 1 if a finding is at least this severe: {', '.join(SEVERITIES)}.",
    ),
]


def severity(text: str | None) -> Severity | None:
    """The severity that --fail-on names; UsageError for another word."""
    if text is None:
        return None
    for known in SEVERITIES:
        if text == known:
            return known
    raise UsageError(f'--fail-on: "{text}" is no severity', hint=f"Known: {', '.join(SEVERITIES)}")


def known_format(text: str) -> str:
    """The format that --format names; UsageError before anything is read for another word."""
    if text not in formats():
        raise UsageError(f'--format: "{text}" is no format', hint=f"Known: {', '.join(formats())}")
    return text
