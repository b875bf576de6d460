"""Sessions leave nothing behind, pools keep to their budget, and both end when they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.domain.errors import RuleError, TargetError
from pgtune_advisor.pg.errors import QueryError
from pgtune_advisor.pg.pools import Pools
from pgtune_advisor.pg.queries import Query, QueryBook
from pgtune_advisor.pg.rows import SystemIdentifier
from plugins.databases import Database
from plugins.servers import MakeCluster
from plugins.targets import without_password

OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgtune-advisor'"
SYSTEM = "AS system_identifier"


def query(text: str, timeout_ms: int = 5000) -> Query:
    """A query of our own making; its one column is text."""
    base = QueryBook.load().variants("system_identifier")[0]
    assert base.row_type is SystemIdentifier
    return replace(base, text=text, timeout_ms=timeout_ms)


@contextmanager
def pools_of(dsn: str, folder: Path, budget: int = 1) -> Iterator[Pools]:
    with closing(Pools("t", without_password(dsn, folder), max_connections=budget)) as pools:
        yield pools


def one(pools: Pools, text: str, timeout_ms: int = 5000, database: str | None = None) -> str:
    with pools.session(database) as session:
        rows: list[SystemIdentifier] = session.rows(query(text, timeout_ms))
    return rows[0].system_identifier


def failure(pools: Pools, text: str, timeout_ms: int = 5000) -> QueryError:
    with pytest.raises(QueryError) as caught:
        one(pools, text, timeout_ms)
    return caught.value


def setting(name: str) -> str:
    return f"SELECT pg_catalog.current_setting('{name}') {SYSTEM}"


def test_each_message_carries_its_guards(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (id int)")
    with pools_of(database.dsn, tmp_path) as pools:
        guarded = {
            "transaction_read_only": "on",
            "statement_timeout": "1234ms",
            "lock_timeout": "100ms",
            "search_path": "pg_catalog",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            "application_name": "pgtune-advisor",
        }
        for name, value in guarded.items():
            assert one(pools, setting(name), 1234) == value
        for statement in ("INSERT INTO public.t VALUES (1) RETURNING '1'", "CREATE TABLE u ()"):
            assert "read-only" in failure(pools, statement).primary
    assert database.connect().execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_nothing_stays_on_the_connection(database: Database, tmp_path: Path) -> None:
    """So a transaction pooler between us and the server hands nothing of ours to others."""
    database.execute("ALTER ROLE CURRENT_USER IN DATABASE " + database.name + " SET jit = on")
    with pools_of(database.dsn, tmp_path) as pools, pools.session() as session:
        raw: psycopg.Connection[Any] = session._connection
        session.rows(query(setting("jit")))
        with pytest.raises(QueryError):
            session.rows(query("SELECT 1/0 " + SYSTEM))
        row = raw.execute(
            """SELECT current_setting('transaction_read_only'), current_setting('jit'),
                    current_setting('statement_timeout'), current_setting('search_path'),
                    (SELECT count(*) FROM pg_prepared_statements)"""
        ).fetchone()
        assert row == ("off", "on", "0", '"$user", public', 0)
        assert raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_query_is_given_up_in_time(database: Database, tmp_path: Path) -> None:
    with pools_of(database.dsn, tmp_path) as pools:
        error = failure(pools, f"SELECT pg_catalog.pg_sleep(60)::text {SYSTEM}", 50)
        assert error.kind == "timeout"
        assert error.primary == "it took longer than 0.05 s and was given up"
        assert one(pools, f"SELECT 'still good' {SYSTEM}") == "still good"


def test_a_lock_is_not_waited_for(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (id int)")
    holder = database.connect()
    holder.autocommit = False
    holder.execute("LOCK TABLE t")
    with pools_of(database.dsn, tmp_path) as pools:
        error = failure(pools, f"SELECT id::text {SYSTEM} FROM public.t")
    assert error.kind == "locked"


def test_kinds_of_failures(database: Database, tmp_path: Path) -> None:
    role = database.create_role("LOGIN")
    database.execute("CREATE TABLE t (id int)")
    with pools_of(database.dsn_as(role), tmp_path) as pools:
        assert failure(pools, f"SELECT id::text {SYSTEM} FROM public.t").kind == "denied"
        assert failure(pools, f"SELECT 1 {SYSTEM} FROM public.none").kind == "missing"
        assert failure(pools, f"SELECT public.f() {SYSTEM}").kind == "missing"
        error = failure(pools, f"SELECT (1/0)::text {SYSTEM}")
        assert error.kind == "failed"
        assert error.primary == "division by zero (SQLSTATE 22012)"
        with pytest.raises(RuleError, match="returns other columns"):
            one(pools, "SELECT 1 AS x")


def test_our_statements_are_marked(database: Database, tmp_path: Path) -> None:
    """In what pg_stat_statements keeps, on every version."""
    if not database.server.preloaded:
        pytest.fail("the server has no pg_stat_statements")
    book = QueryBook.load()
    with pools_of(database.dsn, tmp_path) as pools, pools.session() as session:
        session.rows(book.variants("databases")[0])
    texts = [
        text
        for (text,) in database.connect().execute(
            """SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database() AND query ~ 'datname|set_config'
                AND query !~ 'FROM pg_stat_statements'"""
        )
    ]
    assert len(texts) == 2
    assert sorted(text.split("*/")[0] for text in texts) == [
        "SELECT /* pgtune-advisor: databases ",
        "SELECT /* pgtune-advisor: guards ",
    ]


class Watch:
    """Counts our sessions on the server, again and again, from another connection."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.most = 0
        self.looks = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            row = self._connection.execute(OURS).fetchone()
            self.most = max(self.most, row[0] if row else 0)
            self.looks += 1

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_never_more_connections_than_the_budget(
    budget: int, database: Database, tmp_path: Path
) -> None:
    others = [f"{database.name}_{number}" for number in range(4)]
    admin = database.connect()
    for name in others:
        admin.execute(f"CREATE DATABASE {name}".encode())
    try:
        with pools_of(database.dsn, tmp_path, budget) as pools, Watch(database) as watch:
            names: list[str | None] = [None, *others, others[0], database.name, *others, None]
            for wanted in names:
                found = one(
                    pools, f"SELECT pg_catalog.current_database() {SYSTEM}", database=wanted
                )
                assert found == (wanted or database.name)
        assert watch.looks > 10
        assert watch.most == budget
        assert admin.execute(OURS).fetchone() == (0,)
    finally:
        for name in others:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_keeps_its_connection_between_uses(database: Database, tmp_path: Path) -> None:
    pid = f"SELECT pg_catalog.pg_backend_pid()::text {SYSTEM}"
    with pools_of(database.dsn, tmp_path) as pools:
        assert one(pools, pid) == one(pools, pid) == one(pools, pid, database=database.name)


def test_a_connection_that_died_idle_is_replaced(database: Database, tmp_path: Path) -> None:
    pid = f"SELECT pg_catalog.pg_backend_pid()::text {SYSTEM}"
    with pools_of(database.dsn, tmp_path) as pools:
        first = one(pools, pid)
        database.connect().execute("SELECT pg_terminate_backend(%s, 5000)", [int(first)])
        assert one(pools, pid) != first


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Start the work; what it raises is in the list when the thread has ended."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (TargetError, QueryError) as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def await_sleeper(watcher: psycopg.Connection[Any]) -> int:
    """The pid of our session once it sleeps."""
    while True:
        row = watcher.execute(
            """SELECT pid FROM pg_stat_activity
            WHERE application_name = 'pgtune-advisor' AND wait_event = 'PgSleep'"""
        ).fetchone()
        if row:
            return int(row[0])


def test_cancel_ends_the_running_query(database: Database, tmp_path: Path) -> None:
    watcher = database.connect()
    with pools_of(database.dsn, tmp_path) as pools:
        sleep = f"SELECT pg_catalog.pg_sleep(60)::text {SYSTEM}"
        thread, errors = in_thread(lambda: one(pools, sleep, 60_000))
        await_sleeper(watcher)
        pools.cancel()
        thread.join(30)
        assert [type(error) for error in errors] == [TargetError]
        assert "stopped" in str(errors[0])
        with pytest.raises(TargetError, match="stopped"):
            one(pools, f"SELECT '1' {SYSTEM}")


def test_a_lost_connection_is_the_targets_error(database: Database, tmp_path: Path) -> None:
    watcher = database.connect()
    with pools_of(database.dsn, tmp_path) as pools:
        sleep = f"SELECT pg_catalog.pg_sleep(60)::text {SYSTEM}"
        thread, errors = in_thread(lambda: one(pools, sleep, 60_000))
        watcher.execute("SELECT pg_terminate_backend(%s)", [await_sleeper(watcher)])
        thread.join(30)
        assert [type(error) for error in errors] == [TargetError]
        assert str(errors[0]) == 'target "t": the connection was lost'
        assert one(pools, f"SELECT '1' {SYSTEM}") == "1"


def test_someone_elses_cancel_is_a_failed_query(database: Database, tmp_path: Path) -> None:
    watcher = database.connect()
    with pools_of(database.dsn, tmp_path) as pools:
        sleep = f"SELECT pg_catalog.pg_sleep(60)::text {SYSTEM}"
        thread, errors = in_thread(lambda: one(pools, sleep, 60_000))
        watcher.execute("SELECT pg_cancel_backend(%s)", [await_sleeper(watcher)])
        thread.join(30)
    assert [getattr(error, "kind", None) for error in errors] == ["cancelled"]


def test_a_server_that_goes_down_and_comes_back(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster()
    with pools_of(cluster.dsn(), tmp_path) as pools:
        assert one(pools, f"SELECT '1' {SYSTEM}") == "1"
        cluster.kill()
        with pytest.raises(TargetError, match="no server answers"):
            one(pools, f"SELECT '1' {SYSTEM}")
        cluster.start()
        assert one(pools, f"SELECT '1' {SYSTEM}") == "1"
