"""How values of the server become Python's: times in UTC, texts that can always be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader


class LenientText(Loader):
    """Text as str, what is not UTF-8 replaced.

    Statements, and names that the whole cluster shares, keep the encoding of the database that
    they come from; a database in SQL_ASCII keeps anything.
    """

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "replace")


class UtcTime(Loader):
    """timestamptz as an aware time in UTC; None for infinity and years that Python has not."""

    def load(self, data: Buffer) -> datetime | None:
        try:
            return datetime.fromisoformat(bytes(data).decode()).astimezone(UTC)
        except ValueError:
            return None


def configure(connection: psycopg.Connection[Any]) -> None:
    """Read times, and in a database without an encoding texts, as above."""
    connection.adapters.register_loader("timestamptz", UtcTime)
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        # Asked for UTF-8, such a server refuses the whole result for one name that is not.
        connection.execute(
            "SELECT /* pgtune-advisor: encoding */"
            " pg_catalog.set_config('client_encoding', 'SQL_ASCII', false)"
        )
        be_lenient(connection)


def be_lenient(context: psycopg.Connection[Any] | psycopg.Cursor[Any]) -> None:
    """Read texts so there: slower than the default, which refuses."""
    for name in ("text", "name", "varchar"):
        context.adapters.register_loader(name, LenientText)
