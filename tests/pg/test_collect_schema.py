"""Views, types, partitions, statistics objects and, when asked, the values in statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon_lab.facts import cycle
from pgtune_advisor.cli.main import main
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.collect.snapshot_file import load
from pgtune_advisor.domain import codec
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store
from plugins.databases import Database
from plugins.shadows import snapshot_of
from plugins.targets import target_section, without_password

SECRET = "Wilhelmine Schlott"
SETUP = (
    "CREATE TYPE mood AS ENUM ('sad', 'it''s fine')",
    "CREATE DOMAIN small AS numeric(4,2) NOT NULL",
    'CREATE TYPE pair AS (a int, "B" text[])',
    "CREATE TYPE span AS RANGE (SUBTYPE = float8)",
    'CREATE TABLE people (id int PRIMARY KEY, name text COLLATE "C", mood mood, tags text[])',
    f"INSERT INTO people SELECT g, CASE WHEN g % 2 = 0 THEN '{SECRET}' ELSE 'n' || g END, 'sad',"
    " ARRAY['x', 'y'] FROM generate_series(1, 1000) g",
    "CREATE INDEX people_lower ON people (lower(name))",
    "CREATE VIEW moods AS SELECT mood, count(*) AS n FROM people GROUP BY mood",
    "CREATE STATISTICS of_both (ndistinct, dependencies) ON name, mood FROM people",
    "CREATE STATISTICS expr ON (id % 7), (lower(name)) FROM people",
    "CREATE TABLE parts (n int, k text) PARTITION BY LIST (k)",
    "CREATE TABLE parts_ab PARTITION OF parts FOR VALUES IN ('a', 'b') PARTITION BY HASH (n)",
    "CREATE TABLE parts_ab_0 PARTITION OF parts_ab FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    "CREATE TABLE parts_rest PARTITION OF parts DEFAULT",
    "INSERT INTO parts SELECT g, chr(97 + g % 3) FROM generate_series(1, 100) g",
    "ANALYZE",
)


@pytest.fixture
def prepared(database: Database) -> Database:
    database.execute(*SETUP)
    return database


def test_schema_is_read(prepared: Database, tmp_path: Path) -> None:
    snapshot = snapshot_of(prepared, tmp_path, values=False)
    types = {t.name: (t.kind, t.labels, t.attribute_types, t.base) for t in snapshot.user_types}
    assert types == {
        "mood": ("e", ("sad", "it's fine"), (), None),
        "small": ("d", (), (), "numeric(4,2)"),
        "pair": ("c", (), ("integer", "text[]"), None),
        "span": ("r", (), (), "double precision"),
    }
    assert next(t.attributes for t in snapshot.user_types if t.name == "pair") == ("a", "B")
    view = next(v for v in snapshot.views if v.name == "moods")
    assert view.definition is not None
    assert "FROM public.people" in view.definition
    assert {p.name: (p.key, p.bound) for p in snapshot.partitioning} == {
        "parts": ("LIST (k)", None),
        "parts_ab": ("HASH (n)", "FOR VALUES IN ('a', 'b')"),
        "parts_ab_0": (None, "FOR VALUES WITH (modulus 1, remainder 0)"),
        "parts_rest": (None, "DEFAULT"),
    }
    statistics = {s.name: (s.columns, s.expressions, s.kinds) for s in snapshot.extended_statistics}
    assert statistics["of_both"] == (("name", "mood"), (), ("d", "f"))
    assert statistics["expr"][1] == ("(id % 7)", "lower(name)")
    collations = {(c.table, c.name): c.collation for c in snapshot.column_collations}
    assert collations == {("people", "name"): '"C"'}
    locale = next(one for one in snapshot.locales if one.database == prepared.name)
    assert locale.encoding == "UTF8"


def test_values_are_read_only_when_asked(prepared: Database, tmp_path: Path) -> None:
    plain = snapshot_of(prepared, tmp_path, values=False)
    assert plain.column_values == ()
    assert "column_values" not in plain.collected
    assert SECRET.encode() not in b"".join(_texts(plain))
    asked = snapshot_of(prepared, tmp_path)
    values = {(v.table, v.name, v.inherited): v for v in asked.column_values}
    name = values["people", "name", False]
    assert name.most_common_values == f'{{"{SECRET}"}}'
    assert name.most_common_frequencies == pytest.approx((0.5,))
    assert name.histogram_bounds is not None
    assert values["people", "tags", False].most_common_elements == "{x,y}"
    assert values["people_lower", "lower", False].n_distinct != 0
    assert values["parts", "k", True].most_common_values is not None
    assert codec.decode(codec.encode(asked)) == asked


def _texts(snapshot: Snapshot) -> list[bytes]:
    return [repr(getattr(snapshot, table)).encode() for table in snapshot.collected]


def test_fast_cycles_read_none_of_it(prepared: Database, tmp_path: Path) -> None:
    with Collector(target_section(prepared.dsn, tmp_path), QueryBook.load()) as collector:
        collector.full()
        fast = collector.fast()
    tables = {"views", "user_types", "partitioning", "extended_statistics", "column_values"}
    assert not fast.collected & tables


def test_values_that_a_role_may_not_see_are_a_gap(prepared: Database, tmp_path: Path) -> None:
    role = prepared.create_role("LOGIN", member_of=("pg_monitor",))
    section = target_section(prepared.dsn_as(role), tmp_path)
    with Collector(section, QueryBook.load()) as collector:
        snapshot = collector.full(values=True)
    assert snapshot.column_values == ()
    gap = next(gap for gap in snapshot.gaps if gap.head == "column_values")
    assert "public.people" in gap.reason
    assert "GRANT pg_read_all_data" in gap.hint


def test_the_command_says_what_it_keeps(
    prepared: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = without_password(prepared.dsn, tmp_path)
    for option, kept in ((), "without the values"), (("--with-statistics",), "with values"):
        path = tmp_path / "taken"
        assert main(["snapshot", str(path), "--dsn", dsn, *option]) == 0
        assert kept in capsys.readouterr().err
        assert bool(load(path).column_values) == bool(option)


def test_the_store_never_holds_values(prepared: Database, tmp_path: Path) -> None:
    snapshot = snapshot_of(prepared, tmp_path)
    assert SECRET in repr(snapshot.column_values)
    with Store.open(StoreSection(url="sqlite"), tmp_path) as store:
        store.record_cycle(cycle(target=snapshot.target), snapshot)
        kept = store.latest_snapshot(snapshot.target, full=True)
    assert kept is not None
    assert kept.column_values == ()
    assert "column_values" not in kept.collected
    assert kept.views == snapshot.views
