"""Statements: counters each cycle, texts once, no literals, not our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.collect import statements
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.collect.statements import TextMemory
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statements import Statement, StatementText
from pgtune_advisor.pg.queries import Query, QueryBook
from pgtune_advisor.pg.session import Session
from plugins.databases import Database
from plugins.servers import MakeCluster
from plugins.targets import target_section

EXTENSION = "pg_stat_statements"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the queries that were sent."""
    names: list[str] = []
    rows = Session.rows

    def listening(
        self: Session, query: Query, params: Mapping[str, Any] | None = None, **options: Any
    ) -> list[Any]:
        names.append(query.name)
        return rows(self, query, params, **options)

    monkeypatch.setattr(Session, "rows", listening)
    return names


def collector(database: Database, folder: Path, **options: Any) -> Collector:
    section = target_section(database.dsn, folder)
    return Collector(section, QueryBook.load(), **options)


def mine(snapshot: Snapshot, database: Database) -> dict[str, Statement]:
    """The statements of the test's database by text."""
    texts = {text.query_id: text.text for text in snapshot.statement_texts}
    return {
        texts[s.query_id]: s
        for s in snapshot.statements
        if s.database == database.name and s.query_id in texts
    }


def test_counts_calls_and_hides_literals(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")
    connection = database.connect()
    for number in range(3):
        connection.execute(f"SELECT name  FROM t\n WHERE id = {number} -- the key".encode())
    connection.execute("INSERT INTO t VALUES (1, 'secret literal')")
    role = database.create_role()
    connection.execute(f"ALTER ROLE {role} PASSWORD 'hunter2 is secret'".encode())

    with collector(database, tmp_path) as reader:
        snapshot = reader.full()
    found = mine(snapshot, database)
    select = found["SELECT name FROM t WHERE id = $1"]
    assert select.calls == 3
    assert select.user == "postgres"
    assert select.toplevel
    assert select.rows == 0
    assert select.exec_time_ms
    assert found["INSERT INTO t VALUES ($1, $2)"].rows == 1
    assert "secret" not in repr(snapshot.statement_texts)
    assert all("pgtune-advisor" not in text.text for text in snapshot.statement_texts)
    assert snapshot.statements_info[0].stats_reset


def test_keeps_literals_on_demand_but_no_passwords(database: Database, tmp_path: Path) -> None:
    connection = database.connect()
    role = database.create_role()
    connection.execute(f"ALTER ROLE {role} PASSWORD 'hunter2'".encode())
    connection.execute("COMMENT ON SCHEMA public IS 'kept'")
    with collector(database, tmp_path, keep_literals=True) as reader:
        texts = " ".join(text.text for text in reader.full().statement_texts)
    assert "IS 'kept'" in texts
    assert "hunter2" not in texts


def test_reads_texts_only_of_new_ids(
    database: Database, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Names that only this database has: statements of one shape share an id across databases.
    database.execute("CREATE TABLE numbers (one int, two int, three int)")
    connection = database.connect()
    with collector(database, tmp_path) as reader:
        connection.execute("SELECT one FROM numbers")
        reader.full()
        assert asked.count("statement_texts") == 1
        connection.execute("SELECT two FROM numbers WHERE two = 2")
        fast = reader.fast()
        assert asked.count("statement_texts") == 1
        assert "SELECT two FROM numbers WHERE two = $1" not in mine(fast, database)
        assert "SELECT one FROM numbers" in mine(fast, database)

        monkeypatch.setattr(statements, "_BETWEEN_TEXTS", timedelta())
        assert "SELECT two FROM numbers WHERE two = $1" in mine(reader.fast(), database)
        seen = asked.count("statement_texts")
        connection.execute("SELECT two FROM numbers WHERE two = 3")
        found = mine(reader.fast(), database)["SELECT two FROM numbers WHERE two = $1"]
        assert found.calls == 2
        connection.execute("SELECT three FROM numbers LIMIT 4")
        assert "SELECT three FROM numbers LIMIT $1" in mine(reader.full(), database)
        assert asked.count("statement_texts") > seen
        assert asked.count("statements") == 5


def test_leaves_out_our_own(database: Database, tmp_path: Path) -> None:
    with collector(database, tmp_path) as reader:
        reader.full()
        snapshot = reader.full()
    ours = database.connect().execute(
        "SELECT DISTINCT queryid FROM pg_stat_statements WHERE query LIKE '%pgtune-advisor:%'"
    )
    ids = {row[0] for row in ours}
    assert len(ids) > 10
    assert not ids & {statement.query_id for statement in snapshot.statements}


def test_hidden_statements_are_a_gap(database: Database, tmp_path: Path) -> None:
    role = database.create_role("LOGIN")
    database.connect(role).execute("SELECT 5 AS five")
    database.connect().execute("SELECT 6 AS six")
    section = target_section(database.dsn_as(role), tmp_path)
    with Collector(section, QueryBook.load()) as reader:
        snapshot = reader.full()
    texts = set(mine(snapshot, database))
    assert "SELECT $1 AS five" in texts
    assert "SELECT $1 AS six" not in texts
    assert {s.user for s in snapshot.statements} == {role}
    gap = next(gap for gap in snapshot.gaps if gap.source == "statements")
    assert "hidden" in gap.reason
    assert gap.hint == f"GRANT pg_monitor TO {role};"


@pytest.fixture
def cluster(make_cluster: MakeCluster) -> PrivateCluster:
    cluster = make_cluster(preload=[EXTENSION])
    cluster.run("createdb", "first")
    cluster.run("createdb", "second")
    return cluster


def test_the_extension_may_lie_anywhere(cluster: PrivateCluster, tmp_path: Path) -> None:
    script = f'CREATE SCHEMA "Ext 1"; CREATE EXTENSION {EXTENSION} SCHEMA "Ext 1"'
    cluster.run("psql", "-c", script, cluster.dsn("second"))
    section = target_section(cluster.dsn("postgres"), tmp_path, databases=("first", "second"))
    with Collector(section, QueryBook.load()) as reader:
        full, fast = reader.full(), reader.fast()
    for snapshot in (full, fast):
        assert {"statements", "statement_texts", "statements_info"} <= snapshot.collected
        assert snapshot.statements
    assert full.server.database == "first"
    assert {r.source for r in full.gaps if "statements" in r.source} == set()


def test_the_library_without_the_extension(cluster: PrivateCluster, tmp_path: Path) -> None:
    section = target_section(cluster.dsn("first"), tmp_path)
    with Collector(section, QueryBook.load()) as reader:
        snapshot = reader.full()
        assert not snapshot.collected & {"statements", "statement_texts", "statements_info"}
        gap = snapshot.missing("statements")
        assert gap is not None
        assert "is not created in first" in gap.reason
        assert reader.fast().missing("statements") == gap
        cluster.run("psql", "-c", f"CREATE EXTENSION {EXTENSION}", cluster.dsn("first"))
        assert "statements" in reader.full().collected


def text(query_id: int, content: str) -> StatementText:
    return StatementText(query_id=query_id, text=content)


def test_memory_is_bounded() -> None:
    memory = TextMemory(keep_literals=False, limit=30)
    memory.learn([text(1, "SELECT a"), text(2, "SELECT b"), text(3, "SELECT c")])
    assert memory.unknown([1, 2, 3, 4]) == {4}
    memory.texts([1])
    memory.learn([text(4, "SELECT d")])
    assert memory.unknown([1, 2, 3, 4]) == {2}
    assert memory.texts([1, 2, 4]) == [text(1, "SELECT a"), text(4, "SELECT d")]


def test_memory_knows_our_own() -> None:
    memory = TextMemory(keep_literals=False)
    memory.learn([text(1, "SELECT /* pgtune-advisor: wal */ x"), text(2, "SELECT y")])
    assert memory.is_ours(1)
    assert not memory.is_ours(2)
    assert not memory.is_ours(3)
    assert not memory.is_ours(None)
    assert memory.texts([1, 2]) == [text(2, "SELECT y")]


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("SELECT a\n  FROM t  WHERE b = $1", "SELECT a FROM t WHERE b = $1"),
        ("SELECT a FROM t1 WHERE b2 = $12", "SELECT a FROM t1 WHERE b2 = $12"),
        ("SELECT 'x'", "SELECT $1"),
        ("SELECT a FROM t LIMIT 5", "SELECT a FROM t LIMIT $1"),
        ("SELECT $$x$$", "SELECT $1"),
        ("SELECT .5", "SELECT $1"),
        ("SELECT a -- secret", "SELECT a"),
        ("SELECT /* secret */ a", "SELECT a"),
    ],
)
def test_literals_go_wherever_they_are(raw: str, kept: str) -> None:
    memory = TextMemory(keep_literals=False)
    memory.learn([text(1, raw)])
    assert memory.texts([1]) == [text(1, kept)]
