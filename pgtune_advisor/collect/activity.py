"""What runs now: texts without their literals, relations of other databases named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.domain.activity import Backend
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.redaction import redact_sql
from pgtune_advisor.pg.pools import Pools
from pgtune_advisor.sqltext import normalise

# Tables whose rows name a relation, and the field that does; only its own database can name it.
NAMING = {"lock_waits": "relation", "vacuums": "table"}


def cleaned(backends: Iterable[Backend], *, keep_literals: bool) -> list[Backend]:
    """The sessions with their statements' literals and secrets gone."""
    return [
        replace(b, query=redact_sql(b.query if keep_literals else normalise(b.query)))
        if b.query
        else b
        for b in backends
    ]


def name_relations(cycle: Cycle, pools: Pools, here: str, databases: Iterable[str]) -> None:
    """Ask the databases of unnamed relations for their names."""
    for table, field in NAMING.items():
        rows = cycle.tables.get(table, [])
        foreign = {row.database for row in rows if getattr(row, field) is None} - {here, None}
        for database in sorted(foreign.intersection(databases)):
            cycle.tables[table] = _named(cycle, pools, table, database, cycle.tables[table])


def _named(cycle: Cycle, pools: Pools, table: str, database: str, rows: list[Any]) -> list[Any]:
    try:
        with pools.session(database) as session:
            theirs = cycle.read(session, table, f"{table}:{database}") or []
    except TargetError as error:
        cycle.gap_of(f"{table}:{database}", error)
        return rows
    field = NAMING[table]
    names = {_key(row): getattr(row, field) for row in theirs if row.database == database}
    return [
        replace(row, **{field: names[_key(row)]})
        if row.database == database and getattr(row, field) is None and _key(row) in names
        else row
        for row in rows
    ]


def _key(row: Any) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in row.IDENTITY)
