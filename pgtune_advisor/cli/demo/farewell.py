"""What the reader may do next: read the files, and look around on a kept server."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pgtune_advisor.cli.demo.clients import DATABASE
from pgtune_advisor.cluster import PrivateCluster

EXCERPT_LINES: Final = 40
SHOWN_MIGRATION: Final = "cart_items"
SETTINGS: Final = "postgresql.advisor.conf"


def excerpts(written: Sequence[Path], directory: Path) -> str:
    """Where the files are, a migration of them, and the settings patch."""
    migrations = [path for path in written if path.name.endswith(".up.sql")]
    blocks = [
        f"Wrote {len(written)} files to {directory}: {len(migrations)} migrations, each with its"
        f" way back, the settings patch and the report. Begin with {written[0]}."
    ]
    shown = [*_chosen(migrations), *(path for path in written if path.name == SETTINGS)]
    return "\n\n".join([*blocks, *(f"{path}\n{_indented(path)}" for path in shown)]) + "\n"


def _chosen(migrations: Sequence[Path]) -> list[Path]:
    wanted = [path for path in migrations if SHOWN_MIGRATION in path.name]
    return (wanted or list(migrations))[:1]


def _indented(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    shown = [f"    {line}".rstrip() for line in lines[:EXCERPT_LINES]]
    return "\n".join(shown + ["    ..."] * (len(lines) > EXCERPT_LINES))


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
