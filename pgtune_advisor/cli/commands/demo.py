"""`demo`: a private server with a faulty shop, and what the advisor says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor.cli.demo.run import run

MISSED = 1


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    output_dir: Annotated[
        Path, typer.Option("--output-dir", help="Where migrations, settings and report go.")
    ] = Path("pgtune-advisor-demo"),
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server running, and say how to connect.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1024, max=65535, help="Port of the server.", show_default="a free one"),
    ] = None,
) -> None:
    """Start a PostgreSQL of its own, build a shop with planted faults, and find them.

    Takes about a minute. Nothing leaves this machine; the server lies in a temporary directory
    and is gone at the end. Exit status 0 says that every planted fault was found.
    """
    if not run(output_dir, keep=keep, port=port):
        raise typer.Exit(MISSED)
