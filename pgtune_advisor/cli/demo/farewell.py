"""What the reader may do next: read the files, and look around on a kept server."""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pgtune_advisor.cli.demo.clients import DATABASE
from pgtune_advisor.cluster import PrivateCluster

SHOWN_MIGRATION: Final = "cart_items"
SETTINGS: Final = "postgresql.advisor.conf"
_INDENT: Final = "  "


def excerpts(written: Sequence[Path], directory: Path, columns: int) -> str:
    """Where the files are, the core of a migration, and that of the settings patch."""
    migrations = [path for path in written if path.name.endswith(".up.sql")]
    summary = (
        f"Wrote {len(written)} files to {directory}: {len(migrations)} migrations, each with its"
        f" way back, the settings patch and the report. Begin with {written[0]}."
    )
    blocks = [textwrap.fill(summary, columns, break_on_hyphens=False, break_long_words=False)]
    wanted = [path for path in migrations if SHOWN_MIGRATION in path.name]
    blocks += [_excerpt(path, _statements) for path in (wanted or migrations)[:1]]
    blocks += [_excerpt(path, _assignments) for path in written if path.name == SETTINGS]
    return "\n\n".join(blocks) + "\n"


def _excerpt(path: Path, select: Callable[[list[str]], Iterator[str]]) -> str:
    """What `select` takes of a file's paragraphs, below the file's name."""
    paragraphs = path.read_text(encoding="utf-8").strip().split("\n\n")
    return f"In {path}:\n\n" + textwrap.indent("\n".join(select(paragraphs)), _INDENT)


def _statements(paragraphs: list[str]) -> Iterator[str]:
    """A migration's header and what it does, without the checks before and after."""
    header, _, _ = paragraphs[0].partition("\n--\n")
    yield header
    for paragraph in paragraphs[1:]:
        if not paragraph.startswith(("SET ", "DO ", "-- sealed")):
            yield f"...\n{paragraph}"


def _assignments(paragraphs: list[str]) -> Iterator[str]:
    """The settings with the first line of what is said of each."""
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        if not lines[-1].startswith("#"):
            yield f"{lines[0]}\n{lines[-1]}"


def access(cluster: PrivateCluster) -> str:
    """How to connect to a kept server, and how to stop it; no password is printed."""
    psql = shlex.quote(str(cluster.binaries.program("psql")))
    socket = f"-h {shlex.quote(str(cluster.socket_dir))} -p {cluster.port} -U postgres"
    secret = _passfile(cluster)
    tcp = f"host=127.0.0.1 port={cluster.port} dbname={DATABASE} user=postgres passfile={secret}"
    return "\n".join(
        [
            "The server runs on; its applications have left.",
            "  connect:    " + f"{psql} {socket} {DATABASE}",
            f'  over TCP:   {psql} "{tcp}"',
            f'  ask again:  pgtune-advisor advise --dsn "host={cluster.socket_dir}'
            f' port={cluster.port} user=postgres dbname={DATABASE}"',
            f"  log:        {cluster.log_path}",
            f"  stop:       kill -INT {cluster.pid}",
            "Once it is stopped, the next run of the demo deletes its files.",
            "",
        ]
    )


def _passfile(cluster: PrivateCluster) -> Path:
    """A libpq passfile beside the server's log, readable by its owner alone."""
    path = cluster.log_path.parent / "pgpass"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"127.0.0.1:{cluster.port}:*:postgres:{cluster.password}\n")
    return path
