"""Ordinary rows: what a case does not say is what a healthy server would show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from pgtune_advisor.domain import activity, custom, objects, proposals, server, statements
from pgtune_advisor.domain.row import counters
from pgtune_advisor.domain.units import parse_duration

NOW: Final = datetime(2027, 1, 1, 12, tzinfo=UTC)
UNKNOWN: Final = "?"
"""How a case file writes NULL, which TOML does not have."""

_BIGINT: Final = 2**63 - 1
_EMPTY: Final[dict[type, Any]] = {str: "", int: 0, float: 0.0, bool: False, tuple: ()}

# Facts and columns that are names say what they name.
_NAMES: Final[dict[str, Any]] = {
    "database": "shop",
    "schema": "public",
    "table": "orders",
    "name": "orders",
    "column": "id",
    "user": "app",
    "application": "shop",
    "owner": "app",
}

_ROWS: Final[dict[type, dict[str, Any]]] = {
    objects.Relation: {
        "kind": "r",
        "persistence": "p",
        "replica_identity": "d",
        "rows": 1000.0,
        "pages": 10,
        "xid_age": 1000,
        "mxid_age": 0,
        "live_rows": 1000,
        "dead_rows": 0,
        "modified_since_analyze": 0,
        "inserted_since_vacuum": 0,
        "last_autovacuum": "-1d",
        "last_autoanalyze": "-1d",
    },
    objects.Column: {
        "name": "id",
        "position": 1,
        "type": "integer",
        "has_statistics": True,
        "null_fraction": 0.0,
        "n_distinct": -1.0,
        "average_width": 4,
    },
    objects.Index: {
        "name": "orders_idx",
        "access_method": "btree",
        "keys": ("id",),
        "is_valid": True,
        "is_ready": True,
        "is_live": True,
        "pages": 1000,
        "rows": 1000.0,
    },
    objects.Constraint: {"name": "orders_fkey", "type": "f", "columns": ("id",)}
    | {"foreign_schema": "public", "is_validated": True, "on_update": "a", "on_delete": "a"},
    objects.Sequence: {
        "name": "orders_id_seq",
        "table_schema": "public",
        "table": "orders",
        "column": "id",
        "column_type": "bigint",
        "data_type": "bigint",
        "increment": 1,
        "min_value": 1,
        "max_value": _BIGINT,
        "last_value": 1,
    },
    objects.IndexBuild: {"name": "orders_idx", "phase": "building index"},
    objects.ReplicaIndexUse: {"replica": "replica1", "name": "orders_idx"},
    activity.Backend: {
        "pid": 4711,
        "backend_type": "client backend",
        "state": "idle",
        "started_at": "-1h",
        "state_changed_at": "-1s",
        "query": "SELECT $1",
    },
    activity.LockWait: {"pid": 4712, "lock_type": "relation", "mode": "ShareLock"}
    | {"relation": "public.orders", "waiting_since": "-1s"},
    activity.PreparedTransaction: {"gid": "order-1", "prepared_at": "-1s"},
    activity.Replica: {"pid": 4720, "application": "replica1", "state": "streaming"}
    | {"sync_state": "async", "replay_lag_bytes": 0, "replay_lag_ms": 0.0},
    activity.Slot: {"name": "slot1", "type": "physical", "wal_status": "reserved"}
    | {"database": None, "retained_bytes": 0},
    activity.VacuumProgress: {"pid": 4730, "table": "public.orders", "phase": "scanning heap"},
    server.Server: {
        "version_num": 180006,
        "version": "18.6",
        "system_identifier": "7000000000000000001",
        "started_at": "-100d",
        "clock": "-0s",
        "role": "advisor",
        "max_connections": 100,
        "reserved_connections": 3,
    },
    server.Host: {
        "memory_bytes": 16 * 2**30,
        "memory_source": "declared",
        "cpus": 4,
        "cpus_source": "declared",
        "storage": "ssd",
        "storage_source": "declared",
        "platform": "none",
    },
    server.Extension: {"name": "pg_stat_statements", "installed_version": "1.12"}
    | {"default_version": "1.12", "schema": "public"},
    server.Database: {"name": "shop", "allows_connections": True, "connection_limit": -1}
    | {"xid_age": 1000, "backends": 1, "stats_reset": "-90d"},
    server.DatabaseSize: {"name": "shop", "size_bytes": 10 * 2**30},
    server.Checkpointer: {"stats_reset": "-90d"},
    server.Wal: {"stats_reset": "-90d"},
    server.IoCounters: {"backend_type": "client backend", "object": "relation"}
    | {"context": "normal", "stats_reset": "-90d"},
    server.ClockCost: {"nanoseconds": 25.0},
    statements.Statement: {"query_id": 1, "toplevel": True},
    statements.StatementText: {"query_id": 1, "text": "SELECT $1"},
    statements.StatementsInfo: {"stats_reset": "-90d"},
    custom.CustomFact: {"label": "row", "values": ()},
    proposals.StatisticsProposal: {
        "columns": ["city", "zip"],
        "statement": {"query_id": 1, "text": "SELECT $1", "calls": 30.0},
    },
    proposals.Proposal: {
        "index": {
            "schema": "public",
            "table": "orders",
            "keys": [{"expression": "customer_id", "column": "customer_id"}],
        },
    },
}


def moment(text: str) -> datetime:
    """`-90s`: that long before NOW. ValueError for anything else."""
    if not text.startswith(("-", "+")):
        raise ValueError(f"not an offset from now: {text!r} (write for example -90s or -40d)")
    distance: timedelta = parse_duration(text[1:])
    return NOW - distance if text[0] == "-" else NOW + distance


@cache
def _adapter(row_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(row_type)


@cache
def _hints(row_type: type) -> dict[str, Any]:
    return get_type_hints(row_type)


def options(hint: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation: `int | None` gives (int, NoneType)."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def nullable(hint: Any) -> bool:
    """Whether NULL is among the values."""
    return type(None) in options(hint)


def empty(hint: Any) -> Any:
    """The zero of a type; of a nullable one as well."""
    plain = next(part for part in options(hint) if part is not type(None))
    return _EMPTY.get(get_origin(plain) or plain)


def plain_value(value: Any, hint: Any) -> Any:
    """A value of a case file: `?` is NULL, `-90s` a moment where one is due, lists are tuples."""
    if value == UNKNOWN:
        return None
    if isinstance(value, list):
        return tuple(plain_value(item, Any) for item in value)
    if isinstance(value, str) and datetime in options(hint):
        return moment(value)
    return value


def domain_row(row_type: Any, given: Mapping[str, Any]) -> Any:
    """A row of `pgtune_advisor.domain` with defaults for what is not given."""
    hints = _hints(row_type)
    unknown = set(given) - set(hints)
    if unknown:
        raise ValueError(f"{row_type.__name__} has no {', '.join(sorted(unknown))}")
    grown = set(counters(row_type))
    special = _NAMES | _ROWS.get(row_type, {})
    values = {}
    for item in fields(row_type):
        hint = hints[item.name]
        if item.name in given:
            value = given[item.name]
        elif item.name in special and not (nullable(hint) and item.name not in _spoken(row_type)):
            value = special[item.name]
        elif item.default is not MISSING:
            value = item.default
        else:
            value = None if nullable(hint) and item.name not in grown else empty(hint)
        values[item.name] = plain_value(_rows_within(value, hint), hint)
    if row_type is objects.Index:
        _per_key(values, given)
    return _adapter(row_type).validate_python(values)


def _rows_within(value: Any, hint: Any) -> Any:
    """Indexes inside another row have their defaults too."""
    if hint == tuple[objects.Index, ...] and value:
        return [domain_row(objects.Index, one) for one in value]
    return value


def _spoken(row_type: type) -> set[str]:
    """Nullable fields that have a default all the same."""
    return {*_ROWS.get(row_type, {}), "database", "user"}


def _per_key(values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """An index's columns that run parallel to its keys."""
    size = len(values["keys"])
    each = {"key_is_expression": False, "opclasses": None, "opclass_names": "int4_ops"}
    for name, value in (each | {"collations": None, "orders": ""}).items():
        if name not in given:
            values[name] = (value,) * size


def fact_row(facts_type: Any, given: Mapping[str, Any], special: Mapping[str, Any]) -> Any:
    """A row of facts; the domain row that it carries takes what has the same name."""
    hints = _hints(facts_type)
    unknown = set(given) - set(hints)
    if unknown:
        raise ValueError(f"{facts_type.KIND} has no {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for item in fields(facts_type):
        if "fact" in item.metadata:
            named = special.get(item.name, _NAMES.get(item.name, empty(hints[item.name])))
            value = plain_value(given.get(item.name, named), hints[item.name])
            values[item.name] = _typed(facts_type, item.name, value, hints[item.name])
    for item in fields(facts_type):
        if item.name not in values:
            values[item.name] = _carried(hints[item.name], given.get(item.name), values)
    return facts_type(**values)


def nullable_facts(facts_type: Any) -> list[str]:
    """The facts of a fact table that may be unknown."""
    hints = _hints(facts_type)
    return [f.name for f in fields(facts_type) if "fact" in f.metadata and nullable(hints[f.name])]


def _typed(facts_type: Any, name: str, value: Any, hint: Any) -> Any:
    """The value as the fact's type; ValueError where it is another."""
    kinds = options(hint)
    if isinstance(value, int) and not isinstance(value, bool) and float in kinds:
        return float(value)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"{facts_type.KIND}.{name} cannot be {value!r}")
    return value


def _carried(hint: Any, given: Any, facts: Mapping[str, Any]) -> Any:
    row_type: Any = next((part for part in options(hint) if is_dataclass(part)), None)
    if row_type is None or given == UNKNOWN:
        return plain_value(given, hint) if given is not None else empty(hint)
    known = _hints(row_type)
    same = {
        name: value
        for name, value in facts.items()
        if name in known
        and (value is not None or nullable(known[name]))
        and (value is None or isinstance(value, _plain_types(known[name])))
    }
    return domain_row(row_type, {**same, **(given or {})})


def _plain_types(hint: Any) -> tuple[type, ...]:
    parts = [get_origin(part) or part for part in options(hint)]
    return tuple(str if part is Literal else part for part in parts)
