"""Index advice of the daemon on a server with HypoPG: planned, kept, and no values stored."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from pathlib import Path

import pytest
import zstandard

from daemon_lab.process import PRODUCT, Daemon, write_config
from pgtune_advisor.cli.commands.daemon import IndexPlanning
from pgtune_advisor.cluster.processes import find_children
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain import codec
from pgtune_advisor.domain.window import lifetime
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store
from plugins.databases import Database
from plugins.targets import target_section

SECRET = "mustermann@example.org"
# One more than the target's, since a server takes a moment to see that a connection is gone.
LIMITED = "LOGIN CONNECTION LIMIT 2"
READS_ALL = ("pg_read_all_data", "pg_monitor")


@pytest.fixture
def shop(database: Database) -> Database:
    """Orders that are looked up by a column without an index; their most common value is secret."""
    with database.connect() as connection:
        there = connection.execute(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'"
        ).fetchone()
    if there == (0,):
        pytest.fail("the server of this test has no HypoPG")
    database.execute("CREATE EXTENSION hypopg")
    fill(database)
    return database


def fill(database: Database) -> None:
    """The orders, and the look-ups."""
    database.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, email text, note text)",
        "INSERT INTO orders SELECT i, CASE WHEN i % 20 = 0 THEN '" + SECRET + "'"
        " ELSE 'user' || i END, repeat('x', 100) FROM generate_series(1, 50000) AS i",
        "ANALYZE orders",
    )
    with database.connect() as connection:
        for number in range(100):
            connection.execute(f"SELECT note FROM orders WHERE email = 'user{number}'".encode())


def stored(state: Path) -> bytes:
    """All bytes below the state directory, bodies of snapshots decompressed as well."""
    files = [path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()]
    with contextlib.closing(sqlite3.connect(state / "advisor.sqlite3")) as database:
        bodies = [row[0] for row in database.execute("SELECT body FROM snapshots")]
    assert bodies
    return b"".join([*files, *map(plain, bodies)])


def plain(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


@pytest.mark.pg("== 15")
def test_indexes_are_advised_and_values_are_kept_nowhere(shop: Database, tmp_path: Path) -> None:
    """Nor does the planner take a connection more than the target allows."""
    role = shop.create_role(LIMITED, member_of=READS_ALL)
    target = target_section(shop.dsn_as(role), tmp_path, max_connections=1)
    with Collector(target, QueryBook.load([])) as collector:
        assert SECRET.encode() in plain(codec.encode(collector.full(values=True)))
    config = write_config(tmp_path, f"shop={target.dsn}")
    config.write_text(config.read_text() + "max_connections = 1\n")
    with Daemon(config, program=PRODUCT) as daemon:
        planned = daemon.ready().wait_for("indexes_planned")
        assert (planned["planner"], planned["proposals"]) == ("hypopg", 1), daemon.told()
        seen = len(daemon.matching("cycle", cadence="full"))
        daemon.wait_for("cycle", cadence="full", count=seen + 1)
        assert len(daemon.matching("indexes_planned")) == 1
        shop.execute("CREATE INDEX ON orders (email)")
        # One cycle sees that it is there, the next weighs the rest anew.
        planned = daemon.wait_for("indexes_planned", count=2)
        assert planned["proposals"] == 0
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert daemon.matching("cycle_failed") == daemon.matching("target_down") == []
    kept = stored(tmp_path / "state")
    assert SECRET.encode() not in kept
    assert b"missing-index" in kept
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        told = [f for f in store.findings("shop") if f.rule == "missing-index"]
        events = [e for e in store.history("shop") if "missing-index" in str(e)]
    assert len(told) == 1, told
    assert told[0].resolved_at is not None
    assert events


@pytest.mark.pg(">= 18")
def test_a_shadow_is_kept_between_choices(database: Database, tmp_path: Path) -> None:
    """It is built once, built anew when the schema moved, and gone when the daemon is."""
    fill(database)
    config = write_config(tmp_path, f"shop={database.dsn}")
    config.write_text(config.read_text() + 'planner = "shadow"\n')
    with Daemon(config, program=PRODUCT) as daemon:
        planned = daemon.ready().wait_for("indexes_planned")
        assert (planned["planner"], planned["proposals"]) == ("shadow", 1), daemon.told()
        shadows = set(find_children(daemon.process.pid))
        assert len(shadows) == 1
        database.execute("CREATE INDEX ON orders (email)")
        planned = daemon.wait_for("indexes_planned", count=2)
        assert (planned["planner"], planned["proposals"]) == ("shadow", 0), daemon.told()
        again = set(find_children(daemon.process.pid))
        assert len(again) == 1
        assert again != shadows
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert daemon.matching("cycle_failed") == []
    assert not [pid for pid in again if Path(f"/proc/{pid}").exists()]
    assert SECRET.encode() not in stored(tmp_path / "state")


@pytest.mark.pg("== 15")
def test_a_stop_ends_planning(shop: Database, tmp_path: Path) -> None:
    """Between two plans it is asked; what was found so far is no choice."""
    target = target_section(shop.dsn, tmp_path)
    planning = IndexPlanning(target)
    with Collector(target, QueryBook.load([])) as collector:
        taken = collector.full(values=True)
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 2

    advice = planning.plan(taken, lifetime(taken), stopped)
    assert advice.proposals == ()
    assert advice.undecided == (shop.name,)
    assert "planning was stopped" in {gap.reason.partition(":")[0] for gap in advice.gaps}
    assert planning.plan(taken, lifetime(taken), lambda: False).undecided == ()
    planning.close()


@pytest.mark.pg("== 15")
def test_the_planner_of_one_database_after_another(shop: Database, tmp_path: Path) -> None:
    """Their connections together stay within the target's."""
    role = shop.create_role(LIMITED, member_of=READS_ALL)
    with contextlib.ExitStack() as stack:
        names = [shop.name]
        for _ in range(2):
            other = stack.enter_context(Database.create(shop.server))
            names.append(other.name)
            other.execute(
                "CREATE EXTENSION hypopg",
                "CREATE TABLE visits (id int, note text)",
                "INSERT INTO visits SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i",
                "ANALYZE visits",
                *["SELECT note FROM visits WHERE id = 7"] * 100,
            )
        limits = {"max_connections": 1, "databases": tuple(names)}
        target = target_section(shop.dsn_as(role), tmp_path, **limits)
        with Collector(target, QueryBook.load([])) as collector:
            taken = collector.full(values=True)
        planning = IndexPlanning(target)
        advice = planning.plan(taken, lifetime(taken), lambda: False)
    assert {one.database for one in advice.proposals} == set(names)
    assert not [gap for gap in advice.gaps if gap.head == "planner"]
