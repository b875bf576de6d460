"""`doctor`: what can be seen on a target, what cannot, why, and the GRANTs that would help."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from pgtune_advisor.cli import options, output, wiring
from pgtune_advisor.collect.doctor import Examination, Source, examine
from pgtune_advisor.domain.server import Host
from pgtune_advisor.domain.units import format_bytes
from pgtune_advisor.settings import load

_UNKNOWN_MEMORY = "unknown: declare it as memory under [targets.host]"


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    target: options.Target = None,
    dsn: options.Dsn = None,
    helpers: Annotated[
        bool,
        typer.Option(
            "--helpers", help="Print only the SQL of the helper functions, to run as superuser."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: options.Config = None,
) -> None:
    """Say what can be seen on a server, what cannot, why, and what would help."""
    settings = load(config)
    chosen = wiring.chosen_target(settings, target, dsn)
    with output.progress() as bar:
        bar.add_task("examining the server", total=None)
        found = examine(chosen, wiring.query_book(settings))
    if as_json:
        sys.stdout.write(json.dumps(asdict(found), indent=2, ensure_ascii=False) + "\n")
    elif helpers:
        sys.stdout.write(found.helper_script)
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")


def _lines(found: Examination) -> Iterator[str]:
    standing = "standby" if found.in_recovery else "primary"
    power = "a superuser" if found.is_superuser else "no superuser"
    yield f"{found.target}: PostgreSQL {found.server_version}, {standing}"
    yield f"role {found.role} ({power}), databases {', '.join(found.databases)}"
    yield from _host(found.host)
    clear = [source for source in found.sources if source.seen and not source.gaps]
    yield f"\nSEEN ({len(clear)})"
    yield from _seen(clear)
    partial = [source for source in found.sources if source.gaps]
    if partial:
        yield f"\nNOT SEEN, OR ONLY IN PART ({len(partial)})"
        yield from _not_seen(partial)
    yield from _help(found)


def _host(host: Host) -> Iterator[str]:
    memory = _UNKNOWN_MEMORY
    if host.memory_bytes is not None:
        memory = f"{format_bytes(host.memory_bytes)} ({host.memory_source})"
    cpus = "unknown" if host.cpus is None else f"{host.cpus} ({host.cpus_source})"
    yield f"memory {memory}; processors {cpus}; storage {host.storage or 'unknown'}"
    if host.platform != "none":
        yield f"managed by {host.platform} ({host.platform_source})"


def _seen(sources: list[Source]) -> Iterator[str]:
    names = [
        source.name if source.rows is None else f"{source.name} {source.rows:,}"
        for source in sources
    ]
    yield _indented(" · ".join(names) or "nothing", 2)


def _not_seen(sources: list[Source]) -> Iterator[str]:
    """Each source with its gaps; those that share all of their gaps stand together."""
    groups: dict[tuple[bool, tuple[tuple[str, str, str], ...]], list[str]] = {}
    for source in sources:
        gaps = tuple((g.source.partition(":")[2], g.reason, g.hint) for g in source.gaps)
        groups.setdefault((source.seen, gaps), []).append(source.name)
    for (seen, gaps), names in groups.items():
        yield f"  {', '.join(names)}: {'only in part' if seen else 'not seen'}"
        for where, reason, hint in gaps:
            yield _indented(f"{f'{where}: ' if where else ''}{reason}", 4)
            if hint:
                yield _indented(f"hint: {hint}", 4)


def _help(found: Examination) -> Iterator[str]:
    if not found.grants:
        yield "\nNo GRANT would show more."
        return
    yield "\nWHAT WOULD HELP, to be run by a superuser"
    for grant in found.grants:
        yield _indented(f"-- {grant.shows}", 2, "--   ")
        yield from (f"  {statement}" for statement in grant.statements)
        if grant.helper:
            yield f"  -- or, without these rights, the helpers {grant.helper}"
    if found.helper_script:
        yield "\nThe helpers are SECURITY DEFINER functions that this role alone may call;"
        yield "--helpers prints the SQL that makes them."


def _indented(text: str, depth: int, rest: str = "") -> str:
    indent = " " * depth
    return textwrap.fill(
        text,
        output.width(),
        initial_indent=indent,
        subsequent_indent=indent + rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
