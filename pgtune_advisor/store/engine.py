"""Connections to the store: SQLite in WAL mode, or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from pgtune_advisor.domain.errors import OutputError, UsageError
from pgtune_advisor.pg.conninfo import connection_string
from pgtune_advisor.store.schema import POSTGRES_SCHEMA

FILE_NAME: Final = "advisor.sqlite3"
BUSY_SECONDS: Final = 30.0

# What a write transaction begins with. A deferred one that reads first could not wait for
# another writer later: SQLite would refuse it at once.
WRITING: Final = {"sqlite_begin": "BEGIN IMMEDIATE"}


def sqlite_path(url: str, state_dir: Path) -> Path:
    """The file of a SQLite store; the path of `sqlite:///path` begins at the root."""
    if url == "sqlite":
        return state_dir / FILE_NAME
    return Path("/", url.removeprefix("sqlite:").lstrip("/"))


def sqlite_engine(path: Path, *, read_only: bool) -> Engine:
    """An engine on the file, which is made (for its owner only) unless it is opened read-only.

    Raises UsageError where there is nothing to read, OutputError where it cannot be made.
    """
    query = {"uri": "true"}
    if read_only:
        query |= _reading(path)
    else:
        _make(path)
    url = URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=query)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=12,
        connect_args={"timeout": BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin too late and never IMMEDIATE: `begin` does it.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            return
        # Only before the first table, and before WAL writes the header, does auto_vacuum take.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit survives a power failure, not only a kill; one fsync a cycle is cheap.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 4194304")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _reading(path: Path) -> dict[str, str]:
    """The URI parameters for a reader. A WAL database needs its side files, or to make them."""
    with contextlib.suppress(PermissionError):
        if not path.is_file():
            raise UsageError(
                f"there is no history at {path}",
                detail="No daemon has written there yet.",
                hint="Start `pgtune-advisor daemon`, or name its configuration with --config.",
            )
    if os.access(path.with_name(path.name + "-wal"), os.F_OK) or os.access(path.parent, os.W_OK):
        return {"mode": "ro"}
    # No writer is there and none of the side files can be made: the file does not change.
    return {"mode": "ro", "immutable": "1"}


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise OutputError(
            f"the store {path} cannot be made",
            detail=str(error.strerror),
            hint="Check daemon.state_dir, its owner and the free space.",
        ) from None


def postgres_engine(uri: str, *, read_only: bool) -> Engine:
    """An engine on a PostgreSQL server; nothing is connected yet. `uri` is any of libpq's."""
    engine = create_engine(
        "postgresql+psycopg://", pool_pre_ping=True, pool_size=4, max_overflow=12
    )

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _entry: ConnectionPoolEntry, _args: Any, params: Any) -> Any:
        # libpq reads the URI, since services and several hosts mean nothing to SQLAlchemy; the
        # bounds and credentials are those of the targets' connections.
        return dialect.loaded_dbapi.connect(connection_string(uri), **params)

    options: dict[str, Any] = {"schema_translate_map": {None: POSTGRES_SCHEMA}}
    if read_only:
        options["postgresql_readonly"] = True
    return engine.execution_options(**options)
