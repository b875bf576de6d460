"""What index advice cannot or will not do on a real server: each with its reason, and the rest goes
on."""

from __future__ import annotations

from itertools import permutations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.advise.indexes.advisor import WhatIf
from pgtune_advisor.advise.whatif import Request
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.window import lifetime
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.planner.hypopg import HypoPlanner
from pgtune_advisor.planner.open import Planners
from pgtune_advisor.plans import PlanError
from pgtune_advisor.settings import TargetSection
from plugins.databases import ROLE_PASSWORD, Database
from plugins.index_advice import SHOP, Advised, gaps, indexes, refused
from rules.runner import book

pytestmark = pytest.mark.extension("hypopg")

GOOD = "SELECT * FROM orders WHERE seller_id = $1"
MANY = ", ".join(map(str, range(10_000)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT * FROM nowhere WHERE a = $1", "object-missing"),
        ("SELECT colour FROM orders WHERE id = $1", "object-missing"),
        ("SELECT * FROM pg_temp.basket WHERE a = 1", "object-missing"),
        ("SELECT nothing(id) FROM orders", "object-missing"),
        ("SELECT * FROM orders WHERE id = 'x'", "cannot-prepare"),
        ("SELECT 1; SELECT 2", "cannot-prepare"),
        ("SELECT * FROM orders WHERE", "cannot-prepare"),
        ("VACUUM orders", "cannot-prepare"),
        (f"SELECT * FROM orders WHERE note <> '{'y' * 1_000_000}'", "too-long"),
        ("SELECT * FROM orders WHERE id = $1", "exists"),
        ("SELECT * FROM orders", "no-candidate"),
        (f"SELECT * FROM orders WHERE seller_id IN ({MANY})", "no-help"),
        ("SELECT * FROM tiny WHERE kind = $1", "no-candidate"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_a_statement_that_gets_nothing_is_named(shop: Advised, text: str, reason: str) -> None:
    report = shop.ask(text, GOOD)
    assert reason in refused(report, "q1")
    assert indexes(report) == ["orders (seller_id)"]


def test_ten_thousand_values_that_an_index_serves(shop: Advised) -> None:
    few = ", ".join(str(900_000 + n) for n in range(9_990)) + ", 5, 6"
    report = shop.ask(f"SELECT * FROM customers WHERE email = 'a' AND region IN ({few})")
    assert [text.partition(" (")[0] for text in indexes(report)] == ["customers"]


@pytest.mark.parametrize(("table", "reason"), [("tiny", "tiny-table"), ("fresh", "no-statistics")])
def test_a_table_that_gets_nothing_is_named(shop: Advised, table: str, reason: str) -> None:
    report = shop.ask(f"SELECT * FROM {table} WHERE kind = $1", GOOD)
    assert refused(report, table) == {reason}
    assert indexes(report) == ["orders (seller_id)"]


def test_a_candidate_that_no_planner_can_pretend(shop: Advised) -> None:
    report = shop.ask("SELECT * FROM orders WHERE tags @> ARRAY['t7']", GOOD)
    (found,) = [r for r in report.rejected if r.reason == "plan-failed"]
    assert "gin (tags)" in found.subject.label
    assert indexes(report) == ["orders (seller_id)"]


def test_no_prefix_of_the_primary_key(shop: Advised) -> None:
    """What every public framework recommends for pgbench's look-up."""
    report = shop.ask(
        "SELECT total FROM orders WHERE id = $1",
        "UPDATE orders SET total = total + $1 WHERE id = $2",
        "SELECT * FROM orders WHERE id = $1 AND status = $2",
        "SELECT * FROM orders WHERE id = $1 ORDER BY at",
    )
    assert indexes(report) == []
    for number in (1, 2):
        assert refused(report, f"q{number}") == {"exists"}


def test_when_time_is_up_before_it_began(shop: Advised) -> None:
    report = shop.ask(GOOD, expired=lambda: True)
    assert indexes(report) == []
    assert refused(report, "q1") == {"not-reached"}
    assert "time was up" in gaps(report)["index_advice"]


def test_when_time_runs_out_in_between(shop: Advised) -> None:
    left = iter([False] * 4)
    report = shop.ask(
        GOOD, "SELECT * FROM customers WHERE email = $1", expired=lambda: next(left, True)
    )
    assert "time was up" in gaps(report)["index_advice"]
    assert "not-reached" not in refused(report, "q1")


def test_a_table_that_is_dropped_or_locked_after_it_was_read(
    newest_database: Database,
) -> None:
    newest_database.execute(*SHOP)
    advised = Advised(dsn=newest_database.dsn)
    assert advised.snapshot.relations
    newest_database.execute("DROP TABLE tiny, fresh")
    with newest_database.connect() as other:
        other.execute("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        report = advised.ask(
            "SELECT * FROM fresh WHERE kind = $1",
            "SELECT * FROM customers WHERE email = $1",
            GOOD,
        )
    assert refused(report, "q1") == {"object-missing"}
    assert refused(report, "q2") == {"plan-locked"}
    assert indexes(report) == ["orders (seller_id)"]


def test_planning_that_does_not_end(newest_database: Database) -> None:
    newest_database.execute(
        *SHOP,
        "CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE sql"
        " AS 'SELECT $1 FROM pg_sleep(600)'",
    )
    report = Advised(dsn=newest_database.dsn).ask(
        "SELECT * FROM orders WHERE seller_id = slow(5)", GOOD
    )
    assert refused(report, "q1") == {"plan-timeout"}
    assert indexes(report) == ["orders (seller_id)"]


def test_a_role_that_may_only_look_at_counters(
    newest_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest_database.execute(*SHOP)
    role = newest_database.create_role(member_of=("pg_monitor",))
    monkeypatch.setenv("PGPASSWORD", ROLE_PASSWORD)
    dsn = make_conninfo(newest_database.dsn, user=role)
    report = Advised(dsn=dsn).ask(GOOD)
    assert refused(report, "q1") == {"plan-denied"}
    assert indexes(report) == []
    newest_database.execute(f"GRANT SELECT ON orders TO {role}")
    report = Advised(dsn=dsn).ask(GOOD, "SELECT * FROM customers")
    assert indexes(report) == ["orders (seller_id)"]
    assert refused(report, "q2") == {"plan-denied"}


def test_a_connection_that_is_lost_in_between(newest_database: Database) -> None:
    newest_database.execute(*SHOP)
    advised = Advised(dsn=newest_database.dsn)
    assert advised.snapshot.relations
    newest_database.execute(
        "CREATE FUNCTION fatal() RETURNS int IMMUTABLE LANGUAGE sql"
        " AS 'SELECT pg_terminate_backend(pg_backend_pid())::int'"
    )
    report = advised.ask("SELECT * FROM orders WHERE seller_id = fatal()", GOOD)
    assert indexes(report) == []
    assert "planner" in gaps(report)


def test_without_the_extension_there_is_a_gap(newest_database: Database) -> None:
    newest_database.execute("CREATE TABLE orders (id int)")
    report = Advised(dsn=newest_database.dsn).ask("SELECT * FROM orders WHERE id = $1")
    assert "hypopg is not in database" in gaps(report)["planner"]
    assert report.planner.kind == "none"


def test_hypopg_runs_out_of_numbers_and_goes_on(newest_database: Database) -> None:
    columns = [f"c{number}" for number in range(10)]
    newest_database.execute(
        "CREATE EXTENSION hypopg",
        f"CREATE TABLE wide ({', '.join(f'{c} int' for c in columns)})",
        f"INSERT INTO wide SELECT {', '.join(['i'] * 10)} FROM generate_series(1, 10000) AS i",
        "ANALYZE wide",
    )
    made = [
        IndexDef(schema="public", table="wide", keys=tuple(map(IndexKey.of, chosen)))
        for chosen in permutations(columns, 4)
    ][:4000]
    text = "SELECT * FROM wide WHERE c0 = 1 AND c1 = 2"
    with Explainer.connect(newest_database.dsn) as explainer:
        planner = HypoPlanner(explainer, schema="public", version=(1, 3))
        assert planner.prepare(made) == {}
        alone = planner.plan(Request(text=text, indexes=frozenset(made[:1])))
        for start in range(0, len(made), 500):
            planner.plan(Request(text=text, indexes=frozenset(made[start : start + 500])))
        with pytest.raises(PlanError) as caught:
            planner.plan(Request(text=text, indexes=frozenset(made)))
        assert caught.value.reason == "plan-failed"
        assert "oid" in caught.value.detail
        # None of those that were made before it failed is left to serve another statement.
        assert planner.plan(Request(text=text, indexes=frozenset())).plan.indexes == frozenset()
        assert planner.plan(Request(text=text, indexes=frozenset(made[:1]))).cost == alone.cost


def test_two_databases_each_for_itself(newest_database: Database) -> None:
    with Database.create(newest_database.server) as other:
        for one in (newest_database, other):
            one.execute(*SHOP, "SELECT pg_stat_statements_reset()")
        for one, column in ((newest_database, "seller_id"), (other, "customer_id")):
            one.execute(*[f"SELECT * FROM orders WHERE {column} = {n}" for n in range(20)])
        names = (newest_database.name, other.name)
        target = TargetSection(name="live", dsn=newest_database.dsn, databases=names)
        with Collector(target, QueryBook.load([])) as collector:
            snapshot = collector.full(values=True)
        with Planners(snapshot, newest_database.dsn, 1, "hypopg") as planners:
            report = evaluate(
                snapshot,
                lifetime(snapshot),
                book(),
                now=snapshot.taken_at,
                advisor_version="0",
                what_if=WhatIf(planner=planners.of, expired=lambda: False, elapsed_ms=lambda: 0.0),
            )
    found = {
        (change.database, (change.sql or "").partition(" USING ")[2])
        for one in report.recommendations
        if "missing-index" in one.rules
        for change in one.changes
    }
    assert found == {(names[0], "btree (seller_id)"), (names[1], "btree (customer_id)")}


def test_a_temporary_table_of_an_application(newest_database: Database) -> None:
    newest_database.execute(*SHOP, "SELECT pg_stat_statements_reset()")
    with psycopg.connect(newest_database.dsn, autocommit=True) as application:
        application.execute("CREATE TEMP TABLE basket AS SELECT i FROM generate_series(1, 9000) i")
        for number in range(20):
            application.execute(f"SELECT * FROM basket WHERE i = {number}".encode())
            application.execute(f"SELECT * FROM orders WHERE seller_id = {number}".encode())
    advised = Advised(dsn=newest_database.dsn)
    report = advised.ask()
    (text,) = [t for t in advised.snapshot.statement_texts if "FROM basket WHERE" in t.text]
    assert refused(report, str(text.query_id)) == {"object-missing"}
    assert indexes(report) == ["orders (seller_id)"]
