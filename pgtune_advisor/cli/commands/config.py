"""`config check`: whether the configuration is valid, without connecting anywhere."""

from __future__ import annotations

import sys

import typer

from pgtune_advisor.cli import options, wiring
from pgtune_advisor.settings import load


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The configuration.")
    group.command("check")(check)
    group.callback()(lambda: None)
    app.add_typer(group, name="config")


def check(config: options.Config = None) -> None:
    """Validate the configuration and the rules it names; nothing is connected to."""
    settings = load(config)
    book = wiring.rule_book(settings)
    for note in book.notes:
        sys.stdout.write(f"note: {note}\n")
    names = ", ".join(target.name for target in settings.targets) or "none"
    sys.stdout.write(f"the configuration is valid: targets {names}; {len(book.rules)} rules\n")
