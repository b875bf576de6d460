"""Which databases are read, and what becomes of those that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    with Database.create(database.server) as fresh:
        yield fresh


def full(dsn: str, folder: Path, **fields: Any) -> Snapshot:
    with Collector(target_section(dsn, folder, **fields), QueryBook.load()) as collector:
        return collector.full()


def databases(snapshot: Snapshot) -> set[str]:
    return {relation.database for relation in snapshot.relations}


def test_the_databases_that_are_named(database: Database, other: Database, tmp_path: Path) -> None:
    for one in (database, other):
        one.execute("CREATE TABLE t (id int PRIMARY KEY)")
    assert databases(full(database.dsn, tmp_path)) == {database.name}
    assert databases(full(database.dsn, tmp_path, databases=(other.name,))) == {other.name}
    both = full(database.dsn, tmp_path, databases=(other.name, database.name))
    assert databases(both) == {database.name, other.name}
    assert both.server.database == other.name
    assert {index.database for index in both.indexes} == {database.name, other.name}
    every = full(database.dsn, tmp_path, databases=("*",))
    assert databases(every) >= {database.name, other.name}
    assert every.server.database == database.name
    assert {d.name for d in every.databases} >= {"template0", database.name}
    assert {d.name for d in every.database_sizes} >= {database.name, other.name}
    assert all(d.size_bytes > 0 for d in every.database_sizes)


def test_one_connection_is_enough(database: Database, other: Database, tmp_path: Path) -> None:
    names = (database.name, other.name)
    section = target_section(database.dsn, tmp_path, databases=names, max_connections=1)
    with Collector(section, QueryBook.load()) as collector:
        collector.full()
        collector.fast()
        assert collector.full().gaps == full(database.dsn, tmp_path, databases=names).gaps


def test_a_database_that_cannot_be_entered_is_a_gap(
    database: Database, other: Database, tmp_path: Path
) -> None:
    role = database.create_role("LOGIN", member_of=("pg_monitor", "pg_read_all_data"))
    other.execute(f"REVOKE CONNECT ON DATABASE {other.name} FROM PUBLIC")
    for wanted in (("*",), (database.name, other.name)):
        snapshot = full(database.dsn_as(role), tmp_path, databases=wanted)
        gap = next(gap for gap in snapshot.gaps if gap.source == f"database:{other.name}")
        assert "may not connect" in gap.reason
        assert "GRANT CONNECT ON DATABASE" in gap.hint
        assert snapshot.missing("relations") == gap
        assert "relations" in snapshot.collected
    missing = full(database.dsn, tmp_path, databases=(database.name, "nowhere"))
    assert "does not exist" in next(
        gap.reason for gap in missing.gaps if gap.source == "database:nowhere"
    )
    with pytest.raises(TargetError, match="does not exist"):
        full(database.dsn, tmp_path, databases=("nowhere", database.name))


def test_gaps_stay_over_a_fast_cycle(database: Database, tmp_path: Path) -> None:
    section = target_section(database.dsn, tmp_path, databases=(database.name, "nowhere"))
    database.execute("CREATE TABLE t (id int)")
    with Collector(section, QueryBook.load()) as collector:
        base = collector.full()
        fast = collector.fast()
    assert "relations" not in fast.collected
    assert "relations" not in {gap.head for gap in fast.gaps}
    assert {"backends", "databases", "checkpointer", "wal", "slots"} <= fast.collected
    merged = fast.over(base)
    assert merged.relations == base.relations
    assert merged.collected == base.collected
    assert {gap.source for gap in merged.gaps} == {gap.source for gap in base.gaps}
    assert merged.taken_at > base.taken_at


def test_a_fast_cycle_first(database: Database, tmp_path: Path) -> None:
    with Collector(target_section(database.dsn, tmp_path), QueryBook.load()) as collector:
        fast = collector.fast()
        assert "backends" in fast.collected
        assert ("statements" in fast.collected) == bool(database.server.preloaded)
        assert "relations" in collector.full().collected


def test_ping(database: Database, tmp_path: Path) -> None:
    with Collector(target_section(database.dsn, tmp_path), QueryBook.load()) as collector:
        collector.ping()
    unreachable = target_section(f"host={tmp_path} dbname=x user=x", tmp_path)
    with (
        Collector(unreachable, QueryBook.load()) as collector,
        pytest.raises(TargetError, match="no server answers"),
    ):
        collector.ping()


def test_counters_of_databases(database: Database, tmp_path: Path) -> None:
    found = {d.name: d for d in full(database.dsn, tmp_path).databases}[database.name]
    assert found.allows_connections
    assert not found.is_template
    assert found.commits is not None
    assert found.sessions is not None
    assert found.xid_age >= 0


def test_system_identifier_and_times(database: Database, tmp_path: Path) -> None:
    snapshot = full(database.dsn, tmp_path)
    row = (
        database.connect()
        .execute("SELECT system_identifier::text FROM pg_control_system()")
        .fetchone()
    )
    assert row == (snapshot.server.system_identifier,)
    assert snapshot.server.clock == snapshot.taken_at
    assert snapshot.server.started_at < snapshot.taken_at
    assert snapshot.server.major == database.server.major
    assert snapshot.server.max_connections == 40
    assert snapshot.server.reserved_connections == 3
    assert snapshot.server.wal_position_bytes
    assert not snapshot.server.in_recovery
    assert snapshot.clock_cost[0].nanoseconds > 0
    assert ("io" in snapshot.collected) == (database.server.major >= 16)
    if database.server.major < 16:
        gap = snapshot.missing("io")
        assert gap is not None
        assert gap.hint == "PostgreSQL 16 and newer do."
