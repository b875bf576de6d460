"""How values of the server become Python's: texts shared and always readable, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader

_SHARED: Final = 64
_MOST: Final = 200_000
_texts: dict[bytes, str] = {}


def forget_texts() -> None:
    """Let go of the texts that were shared between rows."""
    _texts.clear()


class SharedText(Loader):
    """Text as str. Short ones are shared: a table's name is in the row of each of its columns.

    pg_stat_activity shows statements of other databases in their own encoding: what is not UTF-8
    is replaced rather than refused.
    """

    def load(self, data: Buffer) -> str:
        raw = bytes(data)
        if len(raw) > _SHARED:
            return raw.decode("utf-8", "replace")
        text = _texts.get(raw)
        if text is None:
            text = raw.decode("utf-8", "replace")
            if len(_texts) < _MOST:
                _texts[raw] = text
        return text


class UtcTime(Loader):
    """timestamptz as an aware time in UTC; None for infinity and years that Python has not."""

    def load(self, data: Buffer) -> datetime | None:
        try:
            return datetime.fromisoformat(bytes(data).decode()).astimezone(UTC)
        except ValueError:
            return None


def register(connection: psycopg.Connection[Any]) -> None:
    """Use these loaders on one connection."""
    for name in ("text", "name", "varchar"):
        connection.adapters.register_loader(name, SharedText)
    connection.adapters.register_loader("timestamptz", UtcTime)
