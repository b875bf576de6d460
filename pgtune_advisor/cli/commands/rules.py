"""`rules`: what is looked for, by which condition, with which thresholds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgtune_advisor.cli import options, output, wiring
from pgtune_advisor.emit.rule_reference import markdown_reference, rule_page, rule_table
from pgtune_advisor.settings import load


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The rules: list, show, check.")
    group.command("list")(list_rules)
    group.command("show")(show)
    group.command("check")(check)
    app.add_typer(group, name="rules")


def list_rules(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The whole reference, as a Markdown page.")
    ] = False,
    config: options.Config = None,
) -> None:
    """All rules that run, and those that are disabled."""
    book = wiring.rule_book(load(config))
    text = markdown_reference(book) if markdown else rule_table(book, width=output.width())
    sys.stdout.write(text)


def show(
    rule: Annotated[str, typer.Argument(help="The rule's id.")], config: options.Config = None
) -> None:
    """One rule: why it matters, when it fires, its thresholds, what to do."""
    sys.stdout.write(rule_page(wiring.rule_book(load(config)).get(rule)))


def check(
    directory: Annotated[
        Path | None, typer.Argument(help="Rules to check; by default the configured directory.")
    ] = None,
    config: options.Config = None,
) -> None:
    """Check the shipped rules together with your own, as the daemon would load them."""
    book = wiring.rule_book(load(config), [directory] if directory else [])
    for note in book.notes:
        sys.stdout.write(f"note: {note}\n")
    custom = sum(loaded.rule.is_custom for loaded in book.rules)
    sys.stdout.write(f"{len(book.rules)} rules are valid, {custom} of them your own\n")
