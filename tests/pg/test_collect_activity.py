"""What runs on the server: sessions, waits, prepared transactions, vacuums, index builds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.activity import Backend
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section


def full(database: Database, folder: Path, **options: Any) -> Snapshot:
    fields = {"databases": options.pop("databases", ())}
    section = target_section(database.dsn, folder, **fields)
    with Collector(section, QueryBook.load(), **options) as collector:
        return collector.full()


def until(condition: Callable[[], object]) -> None:
    for _ in range(20_000):
        if condition():
            return
    pytest.fail("the condition never came true")


def in_transaction(database: Database, **params: Any) -> psycopg.Connection[Any]:
    connection = database.connect(**params)
    connection.autocommit = False
    return connection


@contextmanager
def waiting(database: Database, statement: str, **params: Any) -> Iterator[int]:
    """A session that waits for a lock; its pid."""
    connection = in_transaction(database, **params)
    watcher = database.connect()
    pid = connection.info.backend_pid
    thread = threading.Thread(target=connection.execute, args=(statement.encode(),))
    thread.start()
    try:
        look = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
        until(lambda: watcher.execute(look, [pid]).fetchone())
        yield pid
    finally:
        blockers = "SELECT pg_terminate_backend(b) FROM unnest(pg_blocking_pids(%s)) AS b"
        watcher.execute(blockers, [pid])
        thread.join(30)
        assert not thread.is_alive()


def backend(snapshot: Snapshot, pid: int) -> Backend:
    return next(backend for backend in snapshot.backends if backend.pid == pid)


def test_sessions(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (id int, note text)")
    idle = in_transaction(database, application_name="the shop")
    idle.execute("INSERT INTO t VALUES (7, 'hunter2')")
    snapshot = full(database, tmp_path)

    found = backend(snapshot, idle.info.backend_pid)
    assert found.database == database.name
    assert found.user == "postgres"
    assert found.application == "the shop"
    assert found.state == "idle in transaction"
    assert found.backend_type == "client backend"
    assert found.query == "INSERT INTO t VALUES ($1, $2)"
    assert found.query_id is not None
    assert found.xid_age is not None
    assert found.blocked_by == ()
    assert found.started_at is not None
    assert found.transaction_started_at is not None
    assert found.started_at <= found.transaction_started_at <= snapshot.taken_at
    assert all(b.application != "pgtune-advisor" for b in snapshot.backends)
    assert any(b.backend_type == "checkpointer" for b in snapshot.backends)

    kept = backend(full(database, tmp_path, keep_literals=True), idle.info.backend_pid)
    assert kept.query == "INSERT INTO t VALUES (7, 'hunter2')"


def test_lock_waits_are_named_in_every_database(database: Database, tmp_path: Path) -> None:
    """Only its own database can name a relation: the collector asks there."""
    with Database.create(database.server) as other:
        other.execute('CREATE TABLE "Other Table" (id int)')
        holder = in_transaction(other)
        holder.execute('LOCK TABLE "Other Table"')
        with waiting(other, 'SELECT * FROM "Other Table"') as pid:
            snapshot = full(database, tmp_path, databases=(database.name, other.name))
            alone = full(database, tmp_path)
        (wait,) = snapshot.lock_waits
        assert (wait.pid, wait.database, wait.lock_type) == (pid, other.name, "relation")
        assert wait.relation == 'public."Other Table"'
        assert wait.mode == "AccessShareLock"
        assert wait.waiting_since is not None
        assert backend(snapshot, pid).blocked_by == (holder.info.backend_pid,)
        assert backend(snapshot, pid).wait_event_type == "Lock"
        assert [wait.relation for wait in alone.lock_waits] == [None]


def test_waits_for_a_transaction(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY)")
    holder = in_transaction(database)
    holder.execute("INSERT INTO t VALUES (1)")
    with waiting(database, "INSERT INTO t VALUES (1)") as pid:
        snapshot = full(database, tmp_path)
    (wait,) = snapshot.lock_waits
    assert (wait.pid, wait.database, wait.lock_type) == (pid, database.name, "transactionid")
    assert wait.relation is None


def test_prepared_transactions(database: Database, tmp_path: Path) -> None:
    connection = database.connect()
    connection.execute("CREATE TABLE t (id int)")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("PREPARE TRANSACTION 'forgotten'")
    try:
        (found,) = full(database, tmp_path).prepared_transactions
    finally:
        connection.execute("ROLLBACK PREPARED 'forgotten'")
    assert (found.gid, found.owner, found.database) == ("forgotten", "postgres", database.name)
    assert found.xid_age >= 1


def test_index_builds(database: Database, tmp_path: Path) -> None:
    """A concurrent build waits for an older transaction: it is seen, and its index is invalid."""
    database.execute("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    old = in_transaction(database)
    old.execute("INSERT INTO t VALUES (2)")
    builder = database.connect()
    watcher = database.connect()
    thread = threading.Thread(
        target=builder.execute, args=(b"CREATE INDEX CONCURRENTLY t_id ON t (id)",)
    )
    thread.start()
    look = "SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"
    until(lambda: watcher.execute(look).fetchone())
    snapshot = full(database, tmp_path)
    old.rollback()
    thread.join(30)

    (build,) = snapshot.index_builds
    assert (build.database, build.schema, build.table, build.name) == (
        database.name,
        "public",
        "t",
        "t_id",
    )
    assert build.phase.startswith("waiting")
    (index,) = snapshot.indexes
    assert not index.is_valid


def test_vacuums(database: Database, tmp_path: Path) -> None:
    """A vacuum that waits for a pinned page stays long enough to be seen."""
    database.execute(
        "CREATE TABLE t (id int)",
        "INSERT INTO t SELECT generate_series(1, 1000)",
        "DELETE FROM t WHERE id < 500",
    )
    reader = in_transaction(database)
    reader.execute("DECLARE pin CURSOR FOR SELECT * FROM t")
    reader.execute("FETCH 1 FROM pin")
    vacuum = database.connect()
    watcher = database.connect()
    thread = threading.Thread(target=vacuum.execute, args=(b"VACUUM (FREEZE) t",))
    thread.start()
    look = "SELECT 1 FROM pg_stat_progress_vacuum WHERE phase = 'scanning heap'"
    until(lambda: watcher.execute(look).fetchone())
    snapshot = full(database, tmp_path)
    reader.rollback()
    thread.join(30)

    (found,) = snapshot.vacuums
    assert found.pid == vacuum.info.backend_pid
    assert (found.database, found.table) == (database.name, "public.t")
    assert not found.is_autovacuum
    assert found.phase == "scanning heap"
    assert found.heap_blocks > 0
    assert found.index_passes == 0
