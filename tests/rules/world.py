"""The snapshot, the window and the rows of facts that a case describes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from pgtune_advisor.advise.indexes.advisor import WhatIf, advise_indexes
from pgtune_advisor.domain.server import Host, Server, Setting
from pgtune_advisor.domain.snapshot import Gap, Snapshot, row_tables
from pgtune_advisor.domain.units import parse_duration, parse_size, setting_factor
from pgtune_advisor.domain.window import Window, between, lifetime
from pgtune_advisor.rules.factbase import Catalogue, FactBase, fact_tables
from pgtune_advisor.rules.facts.base import Context
from rules.casefile import Case, Tables
from rules.defaults import NOW, UNKNOWN, domain_row, fact_row, nullable_facts, plain_value

UNPLANNED: Final = WhatIf(
    planner=lambda database: Gap(source=f"planner:{database}", reason="none was asked for"),
    expired=lambda: False,
    elapsed_ms=lambda: 0.0,
)
_SETTINGS: Final = Path(__file__).with_name("pg_settings_18.tsv")
_BYTES: Final = ("B", "kB", "MB", "GB", "TB")

# Facts of a healthy thing whose zero would be a smell.
_FACTS: Final[dict[str, dict[str, Any]]] = {
    "server": {
        "major": 18,
        "uptime_ms": 100 * 86_400_000.0,
        "memory_bytes": 16 * 2**30,
        "memory_source": "declared",
        "cpus": 4,
        "storage": "ssd",
        "platform": "none",
        "databases_bytes": 10 * 2**30,
        "window_seconds": 600.0,
    },
    "index": {
        "name": "orders_idx",
        "access_method": "btree",
        "is_valid": True,
        "is_ready": True,
        "is_live": True,
        "stats_reset_known": True,
    },
    "table": {"kind": "r", "persistence": "p"},
    "foreign_key": {"name": "orders_fkey", "columns": "customer_id", "parent": "public.customers"},
    "integer_key": {"role": "key", "type": "integer", "sequence_name": "public.orders_id_seq"},
    "database": {"name": "shop"},
    "replica": {"name": "replica1", "state": "streaming", "sync_state": "async"},
    "slot": {"name": "slot1", "type": "physical", "active": True, "wal_status": "reserved"},
    "xmin_holder": {"name": "4711", "holder": "backend", "is_oldest": True},
    "statement": {"statement_text": "SELECT $1", "kind": "select", "toplevel": True},
    "predicate": {"statement_text": "SELECT $1"},
    "lookup": {
        "query_id": 42,
        "statement_text": "SELECT total FROM orders WHERE customer_id = $1",
        "key": "public.orders.customer_id",
        "parent_query_id": 41,
        "parent_text": "SELECT id, name FROM customers",
        "parent_key": "public.customers.id",
        "is_declared": True,
        "round_trip_ms": 0.5,
    },
    "setting": {"name": "work_mem", "value": "4096", "context": "user", "origin": "default"},
    "index_proposal": {
        "definition": "public.orders USING btree (customer_id)",
        "access_method": "btree",
        "upkeep_note": "no row of the table was written",
        "planner": "hypopg",
        "confidence": "estimated",
        "statements": 1,
        "gainers_text": "SELECT $1",
    },
    "autovacuum": {"enabled": True, "counting": True},
    "autovacuum_scope": {"scope": "server", "enabled": True, "cause": "autovacuum", "name": ""},
}


@cache
def settings_of_18() -> Mapping[str, Setting]:
    """pg_settings of PostgreSQL 18 with the values that the server was built with."""
    with _SETTINGS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        row["name"]: Setting(
            name=row["name"],
            value=row["value"],
            unit=row["unit"] or None,
            vartype=row["vartype"],
            context=row["context"],
            source="default",
            min_value=row["min_value"] or None,
            max_value=row["max_value"] or None,
            enum_values=tuple(row["enum_values"].split(",")) if row["enum_values"] else None,
            boot_value=row["value"],
            reset_value=row["value"],
            in_auto_conf=False,
            pending_restart=False,
        )
        for row in rows
    }


def settings(given: Mapping[str, Any]) -> tuple[Setting, ...]:
    """Those of a fresh server with what the case sets; `?` leaves a setting out."""
    found = dict(settings_of_18())
    for name, value in given.items():
        if value == UNKNOWN:
            found.pop(name)
            continue
        own = {"value": value} if not isinstance(value, dict) else value
        text = _in_unit(found[name], str(own["value"])) if "value" in own else found[name].value
        known = {k: plain_value(v, Any) for k, v in own.items() if k != "value"}
        found[name] = replace(
            found[name], **{"value": text, "source": "configuration file", **known}
        )
    return tuple(found[name] for name in sorted(found))


def _in_unit(setting: Setting, text: str) -> str:
    """`64MB` of a setting counted in 8 kB is `8192`, as pg_settings shows it."""
    if setting.vartype not in ("integer", "real") or not setting.unit:
        return text
    if text.lstrip("-").replace(".", "").isdigit():
        return text
    if setting.unit.endswith(_BYTES):
        amount: float = parse_size(text)
    else:
        amount = parse_duration(text).total_seconds() * 1000
    value = amount / setting_factor(setting.unit)
    return str(int(value)) if value.is_integer() else str(value)


def snapshot(case: Case) -> Snapshot:
    """The snapshot that a case describes; with rows of facts alone an empty one."""
    given = case.snapshot or Tables()
    rows: dict[str, Any] = {"databases": (domain_row(row_tables()["databases"], {}),)}
    for table, found in _known(given).items():
        rows[table] = tuple(domain_row(row_tables()[table], row) for row in found)
    rows["settings"] = settings(case.settings)
    collected = frozenset(row_tables()) - set(given.not_collected)
    for table in given.not_collected:
        rows.pop(table, None)
    return Snapshot(
        target="shop",
        taken_at=NOW,
        server=domain_row(Server, {"database": "shop", **given.server}),
        host=domain_row(Host, given.host),
        collected=collected,
        **rows,
    )


def _known(given: Tables) -> dict[str, list[Any]]:
    unknown = set(given.tables) - set(row_tables())
    if unknown:
        raise ValueError(f"a snapshot has no {', '.join(sorted(unknown))}")
    return given.tables


def window(case: Case, now: Snapshot) -> Window:
    """The window between the case's two snapshots, or that of lifetime totals."""
    if case.before is None:
        return lifetime(now)
    then = NOW - timedelta(minutes=case.before.minutes)
    rows: dict[str, Any] = {}
    given = case.snapshot or Tables()
    for table, changes in _known(case.before).items():
        row_type = row_tables()[table]
        new = given.tables.get(table, [{}] if table == "databases" else [])
        rows[table] = tuple(
            domain_row(row_type, {**row, **change})
            for row, change in zip(new, [*changes, *[{}] * (len(new) - len(changes))], strict=True)
            if change != "absent"
        )
    server = domain_row(Server, {"database": "shop", **given.server, **case.before.server})
    earlier = replace(
        now,
        taken_at=then,
        server=replace(server, clock=then),
        collected=now.collected - set(case.before.not_collected),
        **rows,
    )
    return between(earlier, now)


def context(case: Case) -> Context:
    now = snapshot(case)
    return Context(snapshot=now, window=window(case, now), now=NOW)


def advised(case: Case) -> Context:
    """The context with what the index advisor proposes where it has no planner."""
    plain = context(case)
    return replace(plain, advice=advise_indexes(plain, UNPLANNED))


def facts(case: Case, subject: str) -> FactBase:
    """A fact base that holds the case's rows of the subject and of the server."""
    base = FactBase(context(case), Catalogue())
    kinds = fact_tables()
    base.put("server", [fact_row(kinds["server"], case.server, _FACTS["server"])])
    if subject != "server":
        special = _FACTS.get(subject, {})
        base.put(subject, [fact_row(kinds[subject], row, special) for row in case.rows])
    else:
        base.put("server", [fact_row(kinds["server"], r, _FACTS["server"]) for r in case.rows])
    return base


def default_row(subject: str, *, unknown: bool) -> Any:
    """A row of defaults; with `unknown` every fact that may be NULL is."""
    kind = fact_tables()[subject]
    given = dict.fromkeys(nullable_facts(kind), UNKNOWN) if unknown else {}
    return fact_row(kind, given, _FACTS.get(subject, {}))
