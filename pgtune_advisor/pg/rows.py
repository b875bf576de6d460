"""What the collection queries return: the snapshot's rows, and rows that only collection uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Final, get_origin, get_type_hints

from pgtune_advisor.domain.server import Server
from pgtune_advisor.domain.snapshot import row_tables

FACTS: Final = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemIdentifier:
    """What pg_control_system() says of the cluster."""

    system_identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the role may do on this server, and the marks of a managed platform."""

    version_num: int
    role: str
    database: str
    in_recovery: bool
    is_superuser: bool
    monitor: bool
    read_all_stats: bool
    read_all_settings: bool
    read_all_data: bool
    read_server_files: bool
    execute_read_file: bool
    execute_control_system: bool
    statements_preloaded: bool
    platform_roles: tuple[str, ...]
    platform_settings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccess:
    """pg_stat_statements (None: not created) and the helpers that may be called, of a database."""

    database: str
    statements_version: str | None
    statements_schema: str | None
    statements_usable: bool | None
    helpers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseName:
    """A database of the server and whether the role may connect to it."""

    name: str
    may_connect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexExpressions:
    """An index's expressions, parallel to its keys, and its predicate; None where it has none."""

    schema: str
    name: str
    is_locked: bool
    expressions: tuple[str | None, ...]
    predicate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceValue:
    """The last value of a sequence; None where it was never used or may not be read."""

    schema: str
    name: str
    is_locked: bool
    may_read: bool
    last_value: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexUse:
    """How often the server that was asked scanned an index."""

    database: str
    schema: str
    name: str
    scans: int | None
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcess:
    """The server's process that serves the session."""

    pid: int
    began_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """A file of the server's host; None where there is none of that name."""

    path: str
    content: str | None


@cache
def row_types() -> dict[str, type[Any]]:
    """Every type that a query may return, by its name."""
    inner = (
        SystemIdentifier,
        Access,
        DatabaseAccess,
        DatabaseName,
        IndexExpressions,
        SequenceValue,
        IndexUse,
        OwnProcess,
        ServerFile,
    )
    return {kind.__name__: kind for kind in (Server, *row_tables().values(), *inner)}


@cache
def columns(row_type: Any) -> tuple[str, ...]:
    """The columns that a query for `row_type` returns, in order."""
    return tuple(field.name for field in fields(row_type))


@cache
def builder(row_type: Any) -> Callable[[Sequence[Any]], Any]:
    """A function from a record to a row; arrays become tuples."""
    names = columns(row_type)
    hints = get_type_hints(row_type)
    arrays = tuple(i for i, name in enumerate(names) if _is_tuple(hints[name]))

    def build(record: Sequence[Any]) -> Any:
        if not arrays:
            return row_type(**dict(zip(names, record, strict=True)))
        values = list(record)
        for position in arrays:
            if values[position] is not None:
                values[position] = tuple(values[position])
        return row_type(**dict(zip(names, values, strict=True)))

    return build


def _is_tuple(hint: Any) -> bool:
    parts = getattr(hint, "__args__", ()) if get_origin(hint) is not tuple else (hint,)
    return any(get_origin(part) is tuple for part in parts)
