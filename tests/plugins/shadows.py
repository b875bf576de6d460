"""Snapshots with statistics of a test's database, and shadows made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section, without_password


def snapshot_of(database: Database, folder: Path, *, values: bool = True) -> Snapshot:
    """A full snapshot, by default with the values of the statistics."""
    section = target_section(database.dsn, folder)
    with Collector(section, QueryBook.load()) as collector:
        return collector.full(values=values)


def explainer_of(database: Database, folder: Path) -> Explainer:
    """Plans on the original."""
    return Explainer.connect(without_password(database.dsn, folder))


def index_on(table: str, *columns: str, **fields: Any) -> IndexDef:
    """An index on plain columns of a table in public."""
    keys = tuple(IndexKey.of(column) for column in columns)
    return IndexDef(schema="public", table=table, keys=keys, **fields)


def real_size(database: Database, index: IndexDef) -> int:
    """The bytes of this index when it is really built; it is dropped again."""
    with database.connect() as connection:
        connection.execute(index.statement("measured").encode())
        row = connection.execute("SELECT pg_relation_size('measured')").fetchone()
        connection.execute("DROP INDEX measured")
    assert row is not None
    return int(row[0])
