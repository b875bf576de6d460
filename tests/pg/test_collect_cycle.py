"""A query that fails costs its own facts, and says so; only a lost connection ends a cycle."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import Query, QueryBook, Version
from plugins.databases import Database
from plugins.targets import target_section


class Changed(QueryBook):
    """The shipped queries, the texts of some replaced."""

    texts: dict[str, str]

    @classmethod
    def of(cls, **texts: str) -> Changed:
        book = cls.load()
        assert isinstance(book, Changed)
        book.texts = texts
        return book

    def find(self, name: str, version: Version) -> Query | None:
        query = super().find(name, version)
        if query is None or name not in self.texts:
            return query
        return replace(query, text=self.texts[name], timeout_ms=50)


def full(database: Database, folder: Path, book: QueryBook) -> Snapshot:
    with Collector(target_section(database.dsn, folder), book) as collector:
        return collector.full()


FAILURES = {
    "SELECT 1/0": "division by zero",
    "SELECT pg_catalog.pg_sleep(60)": "it took longer than 0.05 s and was given up",
    "SELECT 1 FROM public.nothing": "this server does not have it",
    "SELECT 1 AS x": "returns other columns than it says",
    "DELETE FROM pg_catalog.pg_class": "read-only",
}


@pytest.mark.parametrize(("statement", "reason"), FAILURES.items(), ids=FAILURES.values())
def test_a_failing_query_is_a_gap(
    statement: str, reason: str, database: Database, tmp_path: Path
) -> None:
    names = {
        "backends": "backends",
        "databases": "databases",
        "settings": "settings",
        "constraints": f"constraints:{database.name}",
        "indexes": f"indexes:{database.name}",
        "system_identifier": "server",
        "statements": "statements",
    }
    database.execute("CREATE TABLE t (id serial PRIMARY KEY)")
    whole = full(database, tmp_path, QueryBook.load())
    snapshot = full(database, tmp_path, Changed.of(**dict.fromkeys(names, statement)))
    reasons = {gap.source: gap.reason for gap in snapshot.gaps if gap not in whole.gaps}
    assert set(reasons) == set(names.values())
    assert {source: text for source, text in reasons.items() if reason not in text} == {}
    lost = {"backends", "databases", "settings", "constraints", "indexes", "statements"}
    assert whole.collected - snapshot.collected == lost | {"statement_texts"}


def test_without_the_list_of_tables(database: Database, tmp_path: Path) -> None:
    snapshot = full(database, tmp_path, Changed.of(relations="SELECT 1/0"))
    assert not snapshot.collected & {"relations", "columns", "indexes"}
    assert "constraints" in snapshot.collected
    gap = snapshot.missing("columns")
    assert gap is not None
    assert gap.reason == "the list of tables was not read"


@pytest.mark.parametrize("name", ["server", "access", "database_access"])
def test_a_server_that_cannot_be_read_at_all(
    name: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Changed.of(**{name: "SELECT 1/0"})
    variants = QueryBook.variants

    def changed(self: QueryBook, wanted: str) -> tuple[Query, ...]:
        found = variants(self, wanted)
        return tuple(replace(q, text="SELECT 1/0") for q in found) if wanted == name else found

    monkeypatch.setattr(QueryBook, "variants", changed)
    with pytest.raises(TargetError) as caught:
        full(database, tmp_path, book)
    assert caught.value.primary == 'target "test": the server cannot be read'
    assert "division by zero" in caught.value.detail


def sleeping(watcher: psycopg.Connection[tuple[object, ...]]) -> object:
    row = watcher.execute(
        """SELECT pid FROM pg_stat_activity
        WHERE application_name = 'pgtune-advisor' AND wait_event = 'PgSleep'"""
    ).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("ending", ["cancel", "terminate"])
def test_a_collection_can_be_ended(ending: str, database: Database, tmp_path: Path) -> None:
    book = Changed.of(constraints="SELECT pg_catalog.pg_sleep(60)")
    book.find = lambda name, version: (  # type: ignore[method-assign]
        replace(q, timeout_ms=60_000) if (q := Changed.find(book, name, version)) else None
    )
    errors: list[TargetError] = []
    watcher = database.connect()
    with Collector(target_section(database.dsn, tmp_path), book) as collector:

        def collect() -> None:
            try:
                collector.full()
            except TargetError as error:
                errors.append(error)

        thread = threading.Thread(target=collect)
        thread.start()
        while (pid := sleeping(watcher)) is None:
            assert thread.is_alive()
        if ending == "cancel":
            collector.cancel()
        else:
            watcher.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(30)
        assert not thread.is_alive()
    expected = "stopped" if ending == "cancel" else "connection was lost"
    assert [expected in str(error) for error in errors] == [True]


def test_a_newer_server_is_read_with_a_gap(
    newest_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgtune_advisor.pg.capabilities.NEWEST_KNOWN", 17)
    snapshot = full(newest_database, tmp_path, QueryBook.load())
    gap = next(gap for gap in snapshot.gaps if gap.source == "server")
    assert "newer than this release knows" in gap.reason
    assert "relations" in snapshot.collected


def test_an_older_server_is_refused(
    newest_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgtune_advisor.pg.pools.OLDEST", 990000)
    with pytest.raises(TargetError) as caught:
        full(newest_database, tmp_path, QueryBook.load())
    assert "is too old" in caught.value.primary
    assert caught.value.hint == "PostgreSQL 14 is the oldest that can be read."
