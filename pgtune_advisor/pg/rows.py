"""What the collection queries return: the snapshot's rows, and rows that only collection uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

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
    command_line_settings: tuple[str, ...]


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
class Definition:
    """Texts that define an object (a view's query, partition key and bound, expressions)."""

    schema: str
    name: str
    is_locked: bool
    texts: tuple[str | None, ...]


class ColumnStatistics(NamedTuple):
    """A row of pg_stats, values left out; `inherited` covers the table's children too.

    A tuple, since there is one for each column and it lives for a moment only.
    """

    schema: str
    table: str
    name: str
    inherited: bool
    null_fraction: float | None
    n_distinct: float | None
    average_width: int | None
    correlation: float | None
    top_frequency: float | None


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
        ColumnStatistics,
        IndexExpressions,
        Definition,
        SequenceValue,
        IndexUse,
        OwnProcess,
        ServerFile,
    )
    return {kind.__name__: kind for kind in (Server, *row_tables().values(), *inner)}


@cache
def columns(row_type: Any) -> tuple[str, ...]:
    """The columns that a query for `row_type` returns, in order."""
    return (
        tuple(get_type_hints(row_type))
        if _is_tuple(row_type)
        else tuple(field.name for field in fields(row_type))
    )


def _is_tuple(row_type: Any) -> bool:
    return issubclass(row_type, tuple)


def builder(row_type: Any) -> Callable[[Sequence[Any]], Any]:
    """A function from a record to a row; arrays become tuples.

    Equal texts, arrays and numbers of one builder's rows are one object: a table's name is in the
    row of each of its columns, most indexes have the same few opclasses.
    """
    if _is_tuple(row_type):
        make: Callable[[Sequence[Any]], Any] = row_type._make
        return make
    arrays, shared = _positions(row_type)
    known: dict[Any, Any] = {}
    share = known.setdefault
    new = row_type.__new__
    # Filling the slots is twice as fast as __init__, which has nothing else to do here.
    puts = [row_type.__dict__[name].__set__ for name in columns(row_type)]

    def build(record: Sequence[Any]) -> Any:
        values = list(record)
        for position in arrays:
            if values[position] is not None:
                values[position] = tuple(values[position])
        for position in shared:
            value = values[position]
            values[position] = share(value, value)
        row = new(row_type)
        for put, value in zip(puts, values, strict=True):
            put(row, value)
        return row

    return build


@cache
def _positions(row_type: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the row type has arrays, and where values of which many are equal."""
    hints = get_type_hints(row_type)
    parts = [(hints[name], *get_args(hints[name])) for name in columns(row_type)]
    arrays = tuple(i for i, p in enumerate(parts) if any(get_origin(one) is tuple for one in p))
    scalars = (i for i, p in enumerate(parts) if float in p or str in p)
    return arrays, (*arrays, *scalars)
