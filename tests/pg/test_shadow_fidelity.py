"""A shadow plans as the original does, with what is there and with what is pretended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pgtune_advisor.advise.whatif import Request
from pgtune_advisor.cluster import Binaries
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.planner.fidelity import compare
from pgtune_advisor.planner.shadow import Shadow
from pgtune_advisor.planner.shadow_files import tree_level
from pgtune_advisor.planner.shadow_planner import ShadowPlanner
from plugins.databases import Database
from plugins.pool import local_binaries
from plugins.shadows import explainer_of, index_on, real_size, snapshot_of

SETUP = (
    # Else VACUUM may find pages not yet all-visible, as long as the log is not in its file.
    "SET synchronous_commit = on",
    "CREATE TYPE mood AS ENUM ('sad', 'fine', 'glad')",
    "CREATE DOMAIN score AS int CHECK (VALUE >= 0)",
    "CREATE TABLE people (id serial PRIMARY KEY, name text NOT NULL, mood mood, score score,"
    " tags text[], doc jsonb, born date, town varchar(40))",
    "INSERT INTO people (name, mood, score, tags, doc, born, town)"
    " SELECT 'Name ' || g, (ARRAY['sad','fine','glad'])[1 + (g % 10 > 3)::int + (g % 10 > 8)::int]"
    "::mood, g % 100, ARRAY['t' || g % 7, 't' || g % 11], jsonb_build_object('k', g % 500),"
    " date '2000-01-01' + g % 9000, 'town' || g % 50 FROM generate_series(1, 40000) g",
    "CREATE TABLE visits (id bigserial PRIMARY KEY, person int REFERENCES people, at timestamptz,"
    " during int4range, place point)",
    "INSERT INTO visits (person, at, during, place)"
    " SELECT 1 + g % 40000, timestamptz '2024-01-01' + g * interval '1 minute',"
    " int4range(g % 1000, g % 1000 + 10), point(g % 100, g % 77) FROM generate_series(1, 120000) g",
    "CREATE INDEX visits_person ON visits (person, at DESC)",
    "CREATE INDEX people_lower ON people (lower(name))",
    "CREATE INDEX people_sad ON people (born) WHERE mood = 'sad'",
    "CREATE INDEX people_tags ON people USING gin (tags)",
    "CREATE TABLE days (day date NOT NULL, n int) PARTITION BY RANGE (day)",
    "CREATE TABLE days_a PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-07-01')",
    "CREATE TABLE days_b PARTITION OF days FOR VALUES FROM ('2024-07-01') TO ('2025-01-01')",
    "ALTER TABLE days ADD PRIMARY KEY (day, n)",
    "INSERT INTO days SELECT date '2024-01-01' + g % 366, g FROM generate_series(1, 30000) g",
    "CREATE VIEW recent AS SELECT p.name, v.at FROM people p JOIN visits v ON v.person = p.id",
    "CREATE VIEW a_view_over_it AS SELECT * FROM recent WHERE at > '2024-03-01'",
    "VACUUM ANALYZE",
)
STATEMENTS = (
    "SELECT * FROM people WHERE id = 5",
    "SELECT * FROM people WHERE mood = 'sad' AND born > '2020-01-01'",
    "SELECT * FROM people WHERE lower(name) = 'name 77'",
    "SELECT * FROM people WHERE tags @> ARRAY['t3']",
    "SELECT * FROM people WHERE score < 5 AND town = 'town7'",
    "SELECT mood, count(*) FROM people GROUP BY mood",
    "SELECT p.id, p.name, count(*) FROM people p JOIN visits v ON v.person = p.id GROUP BY p.id",
    "SELECT * FROM visits WHERE during @> 500",
    "SELECT * FROM visits WHERE person = 12 ORDER BY at DESC LIMIT 3",
    "SELECT p.name FROM people p JOIN visits v ON v.person = p.id WHERE v.at < '2024-01-02'",
    "SELECT * FROM days WHERE day = '2024-08-01'",
    "SELECT day, sum(n) FROM days GROUP BY day",
    "SELECT * FROM a_view_over_it WHERE name = 'Name 9'",
    "UPDATE people SET town = 'x' WHERE id < 10",
)


@pytest.fixture(params=[pytest.param(m, id=f"on{m}") for m in sorted(local_binaries())])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    return local_binaries()[request.param]


@pytest.fixture
def original(database: Database) -> Database:
    database.execute(*SETUP)
    return database


@pytest.fixture
def shadow(original: Database, binaries: Binaries, tmp_path: Path) -> Iterator[Shadow]:
    with Shadow.build(snapshot_of(original, tmp_path), binaries=binaries) as built:
        yield built


@pytest.fixture
def planner(original: Database, shadow: Shadow) -> Iterator[ShadowPlanner]:
    with closing(ShadowPlanner(shadow, size=lambda i: real_size(original, i))) as one:
        yield one


def test_plans_as_the_original(
    original: Database, shadow: Shadow, planner: ShadowPlanner, tmp_path: Path
) -> None:
    assert [r for r in shadow.refusals if r.kind not in ("version", "locale", "values")] == []
    with explainer_of(original, tmp_path) as target:
        found = compare(planner.explain, target.explain, STATEMENTS)
    if shadow.cluster.binaries.major == original.server.major:
        assert [(one.text, one.ratio) for one in found.poor] == []
        worst = max(abs((one.ratio or 0) - 1) for one in found.statements)
        assert worst <= 0.01
    # Another major version plans some things otherwise, and says so.
    assert found.overall is not None
    assert found.overall >= 0.8


CANDIDATES = (
    (index_on("visits", "at"), "SELECT * FROM visits WHERE at < '2024-01-01 10:00'"),
    (
        index_on("visits", "person", include=("during",)),
        "SELECT person, during FROM visits WHERE person BETWEEN 5000 AND 5400",
    ),
    (
        index_on("visits", "place", method="gist"),
        "SELECT * FROM visits WHERE place <@ box '((1,1),(2,2))'",
    ),
    (
        index_on("people", "doc", method="gin"),
        "SELECT * FROM people WHERE doc @> '{\"k\": 7}'",
    ),
    (
        index_on("visits", "at", method="brin"),
        "SELECT * FROM visits WHERE at BETWEEN '2024-01-03' AND '2024-01-04'",
    ),
    (index_on("people", "town", method="hash"), "SELECT * FROM people WHERE town = 'town3'"),
    (
        index_on("visits", "place", method="spgist"),
        "SELECT * FROM visits WHERE place <@ box '((1,1),(2,2))'",
    ),
    (
        index_on("people", "town", predicate="mood = 'glad'"),
        "SELECT * FROM people WHERE town = 'town3' AND mood = 'glad'",
    ),
    (
        IndexDef(schema="public", table="people", keys=(IndexKey(expression="upper(name)"),)),
        "SELECT * FROM people WHERE upper(name) = 'NAME 8'",
    ),
)


def test_pretends_what_real_indexes_would_cost(original: Database, tmp_path: Path) -> None:
    snapshot = snapshot_of(original, tmp_path)
    binaries = local_binaries().get(original.server.major)
    sizes = {index: real_size(original, index) for index, _ in CANDIDATES}
    with (
        Shadow.build(snapshot, binaries=binaries) as shadow,
        closing(ShadowPlanner(shadow, size=sizes.__getitem__)) as planner,
        explainer_of(original, tmp_path) as target,
    ):
        assert planner.prepare([index for index, _ in CANDIDATES]) == {}
        for index, text in CANDIDATES:
            before = planner.plan(Request(text=text, indexes=frozenset()))
            pretended = planner.plan(Request(text=text, indexes=frozenset({index})))
            again = planner.plan(Request(text=text, indexes=frozenset()))
            assert again.cost == before.cost, index.label()
            assert not again.used, index.label()
            assert pretended.used == {index}, index.label()
            original.execute(index.statement("built"))
            if not index.columns:
                original.execute(f"ANALYZE {index.table}")
            real = target.explain(text)
            original.execute("DROP INDEX built")
            assert "built" in real.indexes, index.label()
            assert pretended.cost == pytest.approx(real.cost, rel=0.1), index.label()


def test_statistics_of_ranges_are_shown_from_17_on(shadow: Shadow, original: Database) -> None:
    lost = {r.subject: r.reason for r in shadow.refusals if r.kind == "values"}
    assert ("public.visits.during" in lost) == (original.server.major < 17)


def test_hides_an_index(shadow: Shadow, planner: ShadowPlanner) -> None:
    text = "SELECT * FROM visits WHERE person = 12 ORDER BY at DESC LIMIT 3"
    shown = planner.plan(Request(text=text, indexes=frozenset()))
    name = ("public", "visits_person")
    hidden = planner.plan(Request(text=text, indexes=frozenset(), hidden=frozenset({name})))
    assert shown.plan.indexes == {"visits_person"}
    assert not hidden.plan.indexes
    assert hidden.cost > shown.cost * 10


def test_pretends_and_hides_on_every_partition(planner: ShadowPlanner) -> None:
    index = index_on("days", "n")
    text = "SELECT * FROM days WHERE n = 5"
    before = planner.plan(Request(text=text, indexes=frozenset()))
    after = planner.plan(Request(text=text, indexes=frozenset({index})))
    assert after.used == {index}
    assert len(after.plan.indexes) == 2
    assert after.cost < before.cost
    key = "SELECT * FROM days WHERE day = '2024-08-01' AND n = 5"
    with_key = planner.plan(Request(text=key, indexes=frozenset()))
    without = planner.plan(
        Request(text=key, indexes=frozenset(), hidden=frozenset({("public", "days_pkey")}))
    )
    assert without.cost > with_key.cost


def test_describes_parameters(planner: ShadowPlanner) -> None:
    found = planner.describe("SELECT * FROM people WHERE id = $1 AND town = $2")
    assert found.types == ("integer", "text")
    assert found.plan.indexes == {"people_pkey"}


@pytest.mark.parametrize(
    ("value", "width"), [("g", 4), ("g::bigint", 8), ("'a long name of about forty ' || g", 32)]
)
def test_a_btree_is_as_high_as_a_real_one(
    value: str, width: int, newest_database: Database
) -> None:
    newest_database.execute("CREATE EXTENSION pageinspect")
    heights = {}
    for rows in (1, 300, 1000, 90_000, 200_000):
        newest_database.execute(
            f"CREATE TABLE t AS SELECT {value} AS v FROM generate_series(1, {rows}) g",
            "CREATE INDEX i ON t (v)",
        )
        with newest_database.connect() as connection:
            row = connection.execute(
                "SELECT pg_relation_size('i') / 8192, level FROM bt_metap('i')"
            ).fetchone()
        newest_database.execute("DROP TABLE t")
        assert row is not None
        heights[rows] = (tree_level(row[0], width), row[1])
    assert [ours for ours, _ in heights.values()] == [real for _, real in heights.values()]
