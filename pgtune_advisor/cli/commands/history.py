"""`history`: what the daemon found, recommended and saw resolved."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import Annotated

import typer

from pgtune_advisor.cli import options, output, wiring
from pgtune_advisor.settings import load
from pgtune_advisor.store import Event, Store

_INDENT = " " * 22


def register(app: typer.Typer) -> None:
    app.command()(history)


def history(
    target: options.Target = None,
    limit: Annotated[int, typer.Option(min=1, help="How many events, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: options.Config = None,
) -> None:
    """What appeared and went away on a target, newest first."""
    settings = load(config)
    chosen = wiring.chosen_target(settings, target, None)
    with Store.open(settings.store, settings.daemon.state_dir, read_only=True) as store:
        events = store.history(chosen.name, limit)
    if as_json:
        sys.stdout.write(json.dumps([_plain(event) for event in events], indent=2) + "\n")
        return
    if not events:
        sys.stdout.write(f"nothing has happened on {chosen.name} yet\n")
        return
    for event in events:
        grade = f" ({event.severity})" if event.severity else ""
        sys.stdout.write(f"{event.at:%Y-%m-%d %H:%M} UTC  {event.kind}{grade}  {event.key}\n")
        sys.stdout.write(_indented(event.text))


def _indented(text: str) -> str:
    return (
        textwrap.fill(text, output.width(), initial_indent=_INDENT, subsequent_indent=_INDENT)
        + "\n"
    )


def _plain(event: Event) -> dict[str, str | None]:
    return {
        "at": event.at.isoformat(),
        "kind": event.kind,
        "severity": event.severity,
        "key": event.key,
        "text": event.text,
    }
