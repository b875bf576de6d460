"""All rules together on a real server, from the server and from the file of what was read."""

from __future__ import annotations

from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.changes import Advice
from pgtune_advisor.domain.codec import decode, encode
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window, between, lifetime
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.settings import TargetSection
from plugins.databases import Database
from rules.casefile import Session
from rules.live import Place, held
from rules.runner import book

ODD_NAMES = (
    'CREATE SCHEMA "Order ""s"',
    'CREATE TABLE "Order ""s"."läng $ {{ name }}" ("Id" serial PRIMARY KEY, "a.b" int, note text)',
    'INSERT INTO "Order ""s"."läng $ {{ name }}" ("a.b", note) '
    "SELECT n, repeat('x', 60) FROM generate_series(1, 5000) n",
    'CREATE INDEX "select" ON "Order ""s"."läng $ {{ name }}" ("a.b")',
    'CREATE INDEX "SELECT" ON "Order ""s"."läng $ {{ name }}" ("a.b", note)',
    "CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE INDEX parts_idx ON parts (id)",
    "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one",
    "CREATE VIEW looks AS SELECT * FROM parts",
    "CREATE UNLOGGED TABLE scratch ()",
    "CREATE SEQUENCE alone AS smallint MAXVALUE 100",
    'SELECT nextval(\'"Order ""s"."läng $ {{ name }}_Id_seq"\')',
    'UPDATE "Order ""s"."läng $ {{ name }}" SET note = \'y\'',
    'DELETE FROM "Order ""s"."läng $ {{ name }}" WHERE "Id" < 2000',
)


def said(snapshot: Snapshot, window: Window) -> Report:
    return evaluate(snapshot, window, book(), now=snapshot.taken_at, advisor_version="0")


def test_no_rule_fails_and_a_file_says_the_same(database: Database) -> None:
    database.execute(*ODD_NAMES)
    target = TargetSection(name="live", dsn=database.dsn)
    with Collector(target, QueryBook.load([])) as collector:
        first = collector.full()
        database.execute("SELECT count(*) FROM parts")
        second = collector.full()
    for window, replayed in (
        (lifetime(second), lifetime(decode(encode(second)))),
        (between(first, second), between(decode(encode(first)), decode(encode(second)))),
    ):
        report = said(second, window)
        assert report == said(decode(encode(second)), replayed)
        assert report.findings
        assert not [r for r in report.rejected if r.reason == "rule-broken"]
        for finding in report.findings:
            assert "could not be written" not in finding.message.detail
            assert "None" not in finding.message.primary
        changes = [c for r in report.recommendations for c in r.changes]
        assert all(c.sql for c in changes if not isinstance(c, Advice))


def test_an_index_whose_drop_waits_is_no_leftover(newest_database: Database) -> None:
    newest_database.execute(
        "CREATE TABLE orders (id int)", "CREATE INDEX orders_idx ON orders (id)"
    )
    place = Place(
        database=newest_database.name,
        dsn=newest_database.server.dsn,
        cluster=newest_database.server.cluster,
        is_own=False,
    )
    reader = Session(sql=("BEGIN", "SELECT * FROM orders"))
    dropper = Session(sql=("DROP INDEX CONCURRENTLY orders_idx",), blocked=True)
    with (
        held(place, [reader, dropper]),
        Collector(TargetSection(name="live", dsn=newest_database.dsn), QueryBook.load([])) as c,
    ):
        snapshot = c.full()
    [index] = snapshot.indexes
    assert not index.is_valid
    report = said(snapshot, lifetime(snapshot))
    assert not [f for f in report.findings if f.rule == "index-invalid"]
