"""The version of the store's tables: making them, and bringing older ones up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, inspect, select
from sqlalchemy.schema import CreateSchema

from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.store.schema import METADATA, POSTGRES_SCHEMA, schema_version

Step = Callable[[Connection], None]

VERSION: Final = 1
# What makes version n out of version n - 1; a new store is made in the newest version at once.
STEPS: Final[Mapping[int, Step]] = {}

_LOCK: Final = 0x7067_7475_6E65


def lock(connection: Connection, *, shared: bool) -> None:
    """Until the transaction ends, keep out who prunes or migrates; SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.execute(select(getattr(func.pg_catalog, function)(_LOCK)))


def migrate(
    connection: Connection, now: datetime, place: str, *, steps: Mapping[int, Step] = STEPS
) -> None:
    """Bring the tables to the newest version, in the caller's transaction.

    Raises UsageError where a newer release has written them.
    """
    lock(connection, shared=False)
    newest = max(steps, default=VERSION)
    found = version_of(connection)
    if found is None:
        _create(connection)
        connection.execute(insert(schema_version).values(version=newest, applied_at=now))
        return
    refuse_newer(found, newest, place)
    for number in range(found + 1, newest + 1):
        steps[number](connection)
        connection.execute(insert(schema_version).values(version=number, applied_at=now))


def version_of(connection: Connection) -> int | None:
    """The version of the tables, or None where there are none."""
    schema = POSTGRES_SCHEMA if connection.dialect.name == "postgresql" else None
    if not inspect(connection).has_table(schema_version.name, schema=schema):
        return None
    return connection.execute(select(func.max(schema_version.c.version))).scalar_one_or_none()


def refuse_newer(found: int, known: int, place: str) -> None:
    """UsageError where the tables are of a release that is newer than this one."""
    if found > known:
        raise UsageError(
            f"the store {place} was written by a newer release",
            detail=f"Its tables have version {found}; this program knows version {known}.",
            hint="Upgrade pgtune-advisor, or give it another store.url or daemon.state_dir.",
        )


def require_current(connection: Connection, place: str) -> None:
    """UsageError where a reader finds no tables, or tables of another version."""
    found = version_of(connection)
    if found is None:
        raise UsageError(
            f"the store {place} holds no history",
            detail="No daemon has written there yet.",
            hint="Start `pgtune-advisor daemon`, or name its configuration with --config.",
        )
    refuse_newer(found, VERSION, place)
    if found < VERSION:
        raise UsageError(
            f"the store {place} was written by an older release",
            detail=f"Its tables have version {found}; this program reads version {VERSION}.",
            hint="Restart the daemon with this release: it brings the tables up to date.",
        )


def _create(connection: Connection) -> None:
    is_postgres = connection.dialect.name == "postgresql"
    # IF NOT EXISTS would demand the right to create schemas even where this one exists.
    if is_postgres and not inspect(connection).has_schema(POSTGRES_SCHEMA):
        connection.execute(CreateSchema(POSTGRES_SCHEMA))
    METADATA.create_all(connection, checkfirst=False)
