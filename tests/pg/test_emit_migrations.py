"""The migrations, run by psql as their headers say: up and down restore the catalogue."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from golden.rich_changes import EVIL_INDEX, RECOMMENDATIONS, SETUP, recommendation
from golden.rich_report import rich_report
from pgtune_advisor.cluster import best_binaries
from pgtune_advisor.domain.changes import Advice, Change, CreateIndex, SetParameter
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.emit.output_dir import write
from plugins.databases import Database

CATALOGUE = """
SELECT pg_catalog.json_build_object(
  'indexes', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      n.nspname, c.relname, pg_catalog.pg_get_indexdef(c.oid), i.indisvalid, i.indisready,
        p.inhparent IS NOT NULL) ORDER BY n.nspname, c.relname)
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_inherits AS p ON p.inhrelid = c.oid
    WHERE n.nspname IN ('shop', 'Ünï Schéma')),
  'tables', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      n.nspname, c.relname, (SELECT pg_catalog.array_agg(o ORDER BY o) FROM
        pg_catalog.unnest(c.reloptions) AS o),
      (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) ORDER BY 1, c.relname)
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('shop', 'Ünï Schéma') AND c.relkind IN ('r', 'p')),
  'statistics', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      pg_catalog.pg_get_statisticsobjdef(o.oid)) ORDER BY o.stxname)
    FROM pg_catalog.pg_statistic_ext AS o),
  'constraints', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      o.conname, pg_catalog.pg_get_constraintdef(o.oid)) ORDER BY o.conname)
    FROM pg_catalog.pg_constraint AS o
    JOIN pg_catalog.pg_namespace AS n ON n.oid = o.connamespace
    WHERE n.nspname = 'shop'))
"""
"""What migrations change: indexes, storage parameters, columns, statistics, constraints."""


def catalogue(database: Database) -> Any:
    # Closed at once: a test looks more often than the server has connections.
    with database.connect() as connection:
        row = connection.execute(CATALOGUE.encode()).fetchone()
    assert row is not None
    return row[0]


def psql(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    """psql as the files' headers say, without the environment's own settings."""
    program = best_binaries().program("psql")
    command = [str(program), "-X", "-v", "ON_ERROR_STOP=1", "-d", database.dsn, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def run(database: Database, file: Path) -> str:
    """Run a file that must succeed; returns what it said."""
    done = psql(database, "-f", str(file))
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def fails(database: Database, file: Path) -> str:
    """Run a file that must fail; returns its message."""
    done = psql(database, "-f", str(file))
    assert done.returncode == 3, done.stdout
    return done.stderr


MIGRATIONS: list[tuple[str, Change]] = [
    (one.id, change)
    for one in RECOMMENDATIONS
    for change in one.changes
    if not isinstance(change, SetParameter | Advice)
]


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute(*SETUP)
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(rich_report(), tmp_path)
    return tmp_path / "migrations"


def pair(folder: Path, number: int) -> tuple[Path, Path]:
    [up] = folder.glob(f"{number:04}_*.up.sql")
    [down] = folder.glob(f"{number:04}_*.down.sql")
    return up, down


def number_of(identity: str, position: int = 1) -> int:
    places = [n for n, (one, _) in enumerate(MIGRATIONS, start=1) if one == identity]
    return places[position - 1]


def test_up_and_down_of_everything_restore_the_catalogue(shop: Database, folder: Path) -> None:
    for number, (identity, change) in enumerate(MIGRATIONS, start=1):
        up, down = pair(folder, number)
        before = catalogue(shop)
        run(shop, up)
        changes_nothing = change.kind in ("reindex", "maintain") or identity == "script-3"
        assert (catalogue(shop) == before) == changes_nothing, up.name
        if change.inverse is None and change.kind not in ("reindex", "maintain"):
            assert "cannot be undone" in fails(shop, down)
        else:
            said = run(shop, down)
            assert ("nothing to undo" in said) == (change.inverse is None)
            assert catalogue(shop) == before, down.name


def test_all_up_then_all_down(shop: Database, folder: Path) -> None:
    reversible = [
        number
        for number, (_, change) in enumerate(MIGRATIONS, start=1)
        if change.inverse is not None
    ]
    before = catalogue(shop)
    for number in reversible:
        run(shop, pair(folder, number)[0])
    for number in reversed(reversible):
        run(shop, pair(folder, number)[1])
    assert catalogue(shop) == before


def test_maintenance_is_done(shop: Database, folder: Path) -> None:
    run(shop, pair(folder, number_of("freeze-1a2b", 2))[0])
    query = "SELECT reltuples FROM pg_class WHERE oid = 'shop.orders'::regclass"
    assert shop.connect().execute(query).fetchone() == (500.0,)


def test_a_created_index_has_statistics_of_its_expression(shop: Database, folder: Path) -> None:
    shop.execute(
        'INSERT INTO "Ünï Schéma"."Straße ""x"" \'y\' \\z" SELECT n, \'P\' || n % 5 '
        "FROM generate_series(1, 100) AS n"
    )
    run(shop, pair(folder, number_of("expr-77"))[0])
    query = "SELECT count(*) FROM pg_stats WHERE tablename = 'Größe | pfad'"
    assert shop.connect().execute(query).fetchone() == (1,)


def test_created_statistics_are_filled(shop: Database, folder: Path) -> None:
    number = number_of("statistics-1")
    run(shop, pair(folder, number)[0])
    query = "SELECT statistics_name, n_distinct IS NOT NULL FROM pg_stats_ext"
    found = shop.connect().execute(query).fetchall()
    assert found == [("orders_customer_id_status_stats", True)]
    before = catalogue(shop)
    message = fails(shop, pair(folder, number)[0])
    assert "already exists" in message
    assert catalogue(shop) == before


def test_a_name_that_is_taken_stops_before_the_build(shop: Database, folder: Path) -> None:
    up, _ = pair(folder, number_of("fk-3fa2c1"))
    run(shop, up)
    before = catalogue(shop)
    message = fails(shop, up)
    assert "the name shop.orders_customer_id_idx is taken by a valid index" in message
    assert "DROP INDEX CONCURRENTLY shop.orders_customer_id_idx;" in message
    assert catalogue(shop) == before


def test_a_name_that_a_table_has_stops_too(shop: Database, folder: Path) -> None:
    shop.execute("CREATE TABLE shop.orders_customer_id_idx ()")
    message = fails(shop, pair(folder, number_of("fk-3fa2c1"))[0])
    assert "the name shop.orders_customer_id_idx is taken\n" in message


def test_an_invalid_leftover_is_named_so(shop: Database, folder: Path) -> None:
    # A unique build over duplicates fails and leaves its index behind.
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY orders_customer_id_idx ON shop.orders (customer_id)"
        )
    message = fails(shop, pair(folder, number_of("fk-3fa2c1"))[0])
    assert "taken by an invalid index" in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP INDEX shop.orders_status_idx", "is not there"),
        (
            "ALTER INDEX shop.orders_status_idx RENAME TO x; "
            "CREATE INDEX orders_status_idx ON shop.customers (email)",
            "is on table customers now",
        ),
        (
            "DROP INDEX shop.orders_status_idx; "
            "ALTER TABLE shop.orders ADD CONSTRAINT orders_status_idx UNIQUE (id, status)",
            "backs a constraint",
        ),
    ],
)
def test_an_index_that_is_another_now_is_not_dropped(
    change: str, expected: str, shop: Database, folder: Path
) -> None:
    shop.execute(*change.split("; "))
    before = catalogue(shop)
    assert expected in fails(shop, pair(folder, number_of("drop-9d"))[0])
    assert catalogue(shop) == before


def test_a_name_cannot_smuggle_a_statement(shop: Database, folder: Path) -> None:
    up, down = pair(folder, number_of("drop-9d", 2))
    query = "SELECT count(*) FROM pg_indexes WHERE indexname = %s"
    run(shop, up)
    assert shop.connect().execute(query, [EVIL_INDEX]).fetchone() == (0,)
    run(shop, down)
    assert shop.connect().execute(query, [EVIL_INDEX]).fetchone() == (1,)


NASTY = (
    "it's",
    'a "quoted" name',
    "back\\slash",
    "\\! echo no",
    "$advisor$",
    ":HOST :'HOST' :\"HOST\"",
    "-- comment",
    "/* comment",
    "%s % %%",
    "two\nlines",
    "two\rlines",
    "E'\\n'",
    "\u202eabc",
    "é" * 31,
    "select",
)


def test_every_name_is_quoted_everywhere(newest_database: Database, tmp_path: Path) -> None:
    base = rich_report()
    found = []
    for number, name in enumerate(NASTY):
        where = qualified(name, name)
        newest_database.execute(
            f"CREATE SCHEMA {quote_ident(name)}", f"CREATE TABLE {where} (id int)"
        )
        statement = f"CREATE INDEX CONCURRENTLY {quote_ident(f'{name}i')} ON {where} (id)"
        change = CreateIndex(
            database="shop", schema=name, table=name, name=f"{name}i", statement=statement
        )
        found.append(recommendation(f"nasty-{number}\n{name}", name, change))
    write(replace(base, recommendations=tuple(found)), tmp_path)
    names = "SELECT nspname FROM pg_namespace JOIN pg_class c ON relnamespace = pg_namespace.oid "
    names += "WHERE relkind = 'i' AND relname = nspname || 'i' ORDER BY c.oid"
    reader = newest_database.connect()
    for number, _ in enumerate(NASTY, start=1):
        run(newest_database, pair(tmp_path / "migrations", number)[0])
    assert [row[0] for row in reader.execute(names.encode())] == list(NASTY)
    for number, _ in enumerate(NASTY, start=1):
        run(newest_database, pair(tmp_path / "migrations", number)[1])
    assert reader.execute(names.encode()).fetchall() == []


@pytest.mark.parametrize("identity", ["fk-3fa2c1", "drop-9d", "reindex-1", "freeze-1a2b"])
@pytest.mark.parametrize("way", ["-c", "-1"])
def test_one_message_or_one_transaction_is_refused_without_harm(
    identity: str, way: str, shop: Database, folder: Path
) -> None:
    up, _ = pair(folder, number_of(identity))
    before = catalogue(shop)
    arguments = ["-c", up.read_text()] if way == "-c" else ["-1", "-f", str(up)]
    done = psql(shop, *arguments)
    assert "cannot run inside a transaction block" in done.stderr
    assert catalogue(shop) == before


def test_a_strong_lock_is_not_waited_for_long(shop: Database, folder: Path) -> None:
    before = catalogue(shop)
    with shop.connect() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE shop.orders IN ACCESS SHARE MODE")
        message = fails(shop, pair(folder, number_of("script-1"))[0])
    assert "canceling statement due to lock timeout" in message
    assert catalogue(shop) == before


def test_timeouts_of_the_database_do_not_cut_a_build_short(shop: Database, folder: Path) -> None:
    """A build waits for an older snapshot longer than each timeout that the database sets."""
    timeouts = ["statement_timeout", "lock_timeout"]
    timeouts += ["transaction_timeout"] if shop.server.major >= 17 else []
    up, _ = pair(folder, number_of("fk-3fa2c1"))
    blocker, watcher = shop.connect(), shop.connect()
    for name in timeouts:
        shop.execute(f"ALTER DATABASE {shop.name} SET {name} = '1s'")
    results: list[subprocess.CompletedProcess[str]] = []
    with blocker.transaction():
        blocker.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        blocker.execute("UPDATE shop.orders SET note = 'held' WHERE id = 1")
        build = threading.Thread(target=lambda: results.append(psql(shop, "-f", str(up))))
        build.start()
        # Waiting since more than twice the timeout, by the server's own clock.
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock' "
            "AND clock_timestamp() - query_start > interval '2 s'"
        )
        while build.is_alive() and watcher.execute(waiting).fetchone() == (0,):
            build.join(0.05)
        assert build.is_alive(), results
    build.join(60)
    assert [done.returncode for done in results] == [0], results
    found = json.dumps(catalogue(shop)["indexes"])
    assert '"orders_customer_id_idx"' in found


def test_files_are_read_as_utf8_whatever_the_client_says(
    shop: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    up, down = pair(folder, number_of("expr-77"))
    before = catalogue(shop)
    run(shop, up)
    run(shop, down)
    assert catalogue(shop) == before
