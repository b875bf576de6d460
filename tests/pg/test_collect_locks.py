"""Collection waits for no table lock, and takes none that others would notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.index_ddl import definition_known
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section

SETUP = tuple(
    statement.format(name=name)
    for name in ("held", "awaited", "free")
    for statement in (
        "CREATE TABLE {name} (id serial PRIMARY KEY, txt text, n int)",
        "INSERT INTO {name} (txt) SELECT 'x' FROM generate_series(1, 10)",
        "CREATE INDEX {name}_plain ON {name} (n)",
        "CREATE INDEX {name}_expr ON {name} (n, lower(txt)) WHERE n > 0",
    )
)


@contextmanager
def waiting_statement(connection: psycopg.Connection[Any], statement: str) -> Iterator[None]:
    """Run a statement that blocks, in a thread; it is awaited at the end."""
    thread = threading.Thread(target=connection.execute, args=(statement.encode(),))
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=30)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    """Await a condition; its own round trip to the server paces it."""
    for _ in range(20_000):
        if condition():
            return
    pytest.fail("the condition never came true")


def in_transaction(database: Database) -> psycopg.Connection[Any]:
    connection = database.connect()
    connection.autocommit = False
    return connection


@contextmanager
def locked_tables(database: Database, mode: str = "ACCESS EXCLUSIVE") -> Iterator[None]:
    """`held` is locked; for `awaited` another session waits, behind a reader."""
    holder, reader, waiter = (in_transaction(database) for _ in range(3))
    watcher = database.connect()
    holder.execute(f"LOCK TABLE held IN {mode} MODE".encode())
    reader.execute("SELECT count(*) FROM awaited")
    with waiting_statement(waiter, f"LOCK TABLE awaited IN {mode} MODE"):
        until(
            lambda: bool(
                watcher.execute(
                    "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'awaited'::regclass"
                ).fetchone()
            )
        )
        yield
        reader.rollback()
    waiter.rollback()
    holder.rollback()


class LockLog:
    """Looks at pg_locks, again and again, for locks that our sessions wait for."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.waits: set[Any] = set()
        self.looks = 0

    def _watch(self) -> None:
        while not self._stop.is_set():
            rows = self._connection.execute(
                """SELECT l.relation::regclass::text, l.mode FROM pg_locks l
                JOIN pg_stat_activity a USING (pid)
                WHERE NOT l.granted AND a.application_name = 'pgtune-advisor'"""
            )
            self.waits |= set(rows)
            self.looks += 1

    def __enter__(self) -> LockLog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def full(database: Database, folder: Path) -> Snapshot:
    with Collector(target_section(database.dsn, folder), QueryBook.load()) as collector:
        return collector.full()


def names_of(snapshot: Snapshot, source: str) -> str:
    return " ".join(gap.reason for gap in snapshot.gaps if gap.source == source)


def test_waits_for_no_lock(database: Database, tmp_path: Path) -> None:
    database.execute(*SETUP)
    undisturbed = full(database, tmp_path)
    with locked_tables(database), LockLog(database) as log:
        snapshot = full(database, tmp_path)

    assert log.looks > 0
    assert log.waits == set()
    indexes = {index.name: index for index in snapshot.indexes}
    assert {name for name, i in indexes.items() if not definition_known(i)} == {
        "held_expr",
        "awaited_expr",
    }
    assert indexes["held_expr"].keys == ("n", None)
    assert indexes["held_expr"].has_predicate
    assert indexes["free_expr"].keys == ("n", "lower(txt)")
    gap = names_of(snapshot, f"indexes:{database.name}")
    assert "public.awaited_expr, public.held_expr" in gap
    assert "another session locks it" in gap

    assert snapshot.collected == undisturbed.collected
    for table in ("relations", "columns", "constraints", "sequences"):
        assert len(getattr(snapshot, table)) == len(getattr(undisturbed, table))
    assert {w.relation for w in snapshot.lock_waits} == {"public.awaited"}


def test_leaves_out_locked_sequences(database: Database, tmp_path: Path) -> None:
    database.execute(*SETUP)
    with in_transaction(database) as holder:
        holder.execute("ALTER SEQUENCE held_id_seq INCREMENT 2")
        with LockLog(database) as log:
            snapshot = full(database, tmp_path)
        holder.rollback()

    assert log.waits == set()
    values = {s.name: s.last_value for s in snapshot.sequences}
    assert values == {"held_id_seq": None, "awaited_id_seq": 10, "free_id_seq": 10}
    assert "public.held_id_seq" in names_of(snapshot, f"sequences:{database.name}")


def test_a_lock_that_comes_late_costs_one_index(database: Database, tmp_path: Path) -> None:
    """The list of locks is read before the expressions: one taken in between must not end it."""
    database.execute(
        *SETUP,
        "CREATE SCHEMA late",
        "CREATE TABLE late.t (txt text)",
        "CREATE INDEX late_expr ON late.t (lower(txt))",
    )
    section = target_section(database.dsn, tmp_path)
    with (
        locked_tables(database),
        LockLog(database) as log,
        Collector(section, Blinded.load()) as collector,
    ):
        snapshot = collector.full()
    assert log.waits == {("held", "AccessShareLock"), ("awaited", "AccessShareLock")}
    known = {index.name: definition_known(index) for index in snapshot.indexes}
    assert known["late_expr"]
    assert known["free_expr"]
    assert not known["held_expr"]
    assert not known["awaited_expr"]


class Blinded(QueryBook):
    """The queries, but for one that does not see which tables are locked."""

    def find(self, name: str, version: tuple[int, ...]) -> Any:
        query = super().find(name, version)
        if query is None or name != "index_expressions":
            return query
        return replace(query, text=query.text.replace("'AccessExclusiveLock'", "'none'"))


def test_holds_no_locks_between_cycles(database: Database, tmp_path: Path) -> None:
    database.execute(*SETUP)
    watcher = database.connect()

    def ours() -> list[tuple[object, ...]]:
        return watcher.execute(
            """SELECT a.state, count(l.pid) FROM pg_stat_activity a LEFT JOIN pg_locks l USING (pid)
            WHERE a.application_name = 'pgtune-advisor' GROUP BY a.pid, a.state"""
        ).fetchall()

    with Collector(target_section(database.dsn, tmp_path), QueryBook.load()) as collector:
        collector.full()
        assert ours() == []
        collector.fast()
        assert ours() == [("idle", 0)]
