"""What a shadow does without, when it is built anew, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pgtune_advisor.advise.whatif import Request
from pgtune_advisor.cluster import Binaries
from pgtune_advisor.collect.snapshot_file import load, save
from pgtune_advisor.domain.errors import ClusterError
from pgtune_advisor.domain.schema import UserType
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.planner.shadow import Shadow, choose_binaries
from pgtune_advisor.planner.shadow_keeper import ShadowKeeper, fingerprint
from pgtune_advisor.planner.shadow_planner import ShadowPlanner, shadow_planners
from pgtune_advisor.plans import PlanError
from plugins.databases import Database
from plugins.pool import local_binaries
from plugins.shadows import explainer_of, index_on, snapshot_of

SETUP = (
    "CREATE TABLE a (id int PRIMARY KEY, kind int, name text)",
    "INSERT INTO a SELECT g, CASE WHEN g % 100 = 0 THEN g % 7 ELSE 99 END, 'n' || g"
    " FROM generate_series(1, 50000) g",
    "CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, at timestamptz)",
    "INSERT INTO b SELECT g, g, now() FROM generate_series(1, 50000) g",
    "VACUUM ANALYZE",
)
SKEWED = "SELECT * FROM a WHERE kind = 99"
PAGE = 8192


@pytest.fixture
def taken(newest_database: Database, tmp_path: Path) -> Snapshot:
    newest_database.execute(*SETUP)
    return snapshot_of(newest_database, tmp_path)


def planner_of(shadow: Shadow) -> closing[ShadowPlanner]:
    return closing(ShadowPlanner(shadow, size=lambda _: 100 * PAGE))


def cost(planner: ShadowPlanner, text: str) -> float:
    return planner.plan(Request(text=text, indexes=frozenset())).cost


def lacks(shadow: Shadow, kind: str) -> dict[str, str]:
    return {r.subject: r.reason for r in shadow.refusals if r.kind == kind}


def test_a_file_without_values_gives_averages_and_says_so(
    newest_database: Database, taken: Snapshot, tmp_path: Path
) -> None:
    plain = snapshot_of(newest_database, tmp_path, values=False)
    rows = {}
    for name, snapshot in (("whole", taken), ("plain", plain)):
        path = tmp_path / name
        save(snapshot, path)
        with Shadow.build(load(path)) as shadow, planner_of(shadow) as planner:
            rows[name] = planner.explain(SKEWED).root.rows
            said = any("--with-statistics" in gap.reason for gap in shadow.gaps())
            assert said == (name == "plain")
    with explainer_of(newest_database, tmp_path) as target:
        assert rows["whole"] == target.explain(SKEWED).root.rows
    assert rows["plain"] < rows["whole"] / 5


def test_what_needs_a_missing_extension_is_left_out_and_named(
    newest_database: Database, tmp_path: Path
) -> None:
    newest_database.execute(
        *SETUP,
        "CREATE FUNCTION secret(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        "CREATE INDEX a_secret ON a (secret(name))",
        "CREATE TABLE lost (id int)",
        "CREATE VIEW over_lost AS SELECT * FROM lost",
        "CREATE VIEW over_a AS SELECT * FROM a",
    )
    snapshot = snapshot_of(newest_database, tmp_path)
    database = snapshot.server.database
    missing = replace(
        snapshot.extensions[0], name="no_such_thing", installed_version="1.0", schema="public"
    )
    lost = next(c for c in snapshot.columns if (c.table, c.name) == ("lost", "id"))
    columns = [replace(c, type="public.no_such_type") if c == lost else c for c in snapshot.columns]
    broken = UserType(
        database=database,
        schema="public",
        name="over_it",
        kind="d",
        order=1,
        labels=(),
        attributes=(),
        attribute_types=(),
        base="public.no_such_type",
        not_null=False,
    )
    changed = replace(
        snapshot,
        extensions=(*snapshot.extensions, missing),
        columns=tuple(columns),
        user_types=(broken,),
    )
    with Shadow.build(changed) as shadow, planner_of(shadow) as planner:
        assert "not installed" in lacks(shadow, "extension")["no_such_thing"]
        assert "no_such_type" in lacks(shadow, "type")["public.over_it"]
        assert "no_such_type" in lacks(shadow, "table")["public.lost"]
        assert "secret" in lacks(shadow, "index")["public.a_secret"]
        assert list(lacks(shadow, "view")) == ["public.over_lost"]
        assert any("public.lost" in gap.reason for gap in shadow.gaps())
        assert cost(planner, "SELECT * FROM over_a") > 0
        with pytest.raises(PlanError) as caught:
            cost(planner, "SELECT * FROM lost")
        assert caught.value.reason == "object-missing"
        refused = planner.prepare([index_on("lost", "id"), index_on("a", "nothing")])
        assert [error.reason for error in refused.values()] == ["object-missing", "plan-failed"]


@pytest.mark.parametrize(
    "text",
    [
        "int); CREATE TABLE public.evil (x int",
        ") AS SELECT pg_catalog.pg_read_file('/etc/hostname'::text) --",
        ") AS SELECT pg_catalog.set_config('role', 'postgres', false) --",
    ],
)
def test_a_snapshot_from_a_stranger_runs_nothing(text: str, taken: Snapshot) -> None:
    columns = tuple(replace(c, type=text) if c.table == "b" else c for c in taken.columns)
    with Shadow.build(replace(taken, columns=columns)) as shadow, planner_of(shadow) as planner:
        assert "public.b" in lacks(shadow, "table")
        for table in ("b", "evil"):
            with pytest.raises(PlanError):
                cost(planner, f"SELECT * FROM {table}")


def test_programs_that_do_not_work_are_an_error_with_its_reason(
    taken: Snapshot, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("initdb", "postgres", "pg_checksums"):
        program = folder / name
        program.write_text("#!/bin/sh\necho this one is broken >&2\nexit 1\n")
        program.chmod(0o755)
    binaries = Binaries(bindir=folder, version=(18, 0), source="configured")
    with pytest.raises(ClusterError):
        Shadow.build(taken, binaries=binaries)


def test_a_shadow_that_was_killed_is_lost_and_built_anew(taken: Snapshot) -> None:
    with ShadowKeeper() as keeper:
        shadow = keeper.get(taken)
        with planner_of(shadow) as planner:
            before = cost(planner, SKEWED)
            shadow.cluster.kill()
            with pytest.raises(PlanError) as caught:
                cost(planner, SKEWED)
            assert caught.value.reason == "planner-lost"
            with pytest.raises(PlanError) as caught:
                planner.prepare([index_on("a", "kind")])
            assert caught.value.reason == "planner-lost"
        with pytest.raises(PlanError) as caught, planner_of(shadow):
            pass
        assert caught.value.reason == "planner-lost"
        again = keeper.get(taken)
        assert again is not shadow
        with planner_of(again) as planner:
            assert cost(planner, SKEWED) == before


def test_kept_until_schema_or_statistics_move(
    newest_database: Database, taken: Snapshot, tmp_path: Path
) -> None:
    with ShadowKeeper() as keeper:
        first = keeper.get(taken)
        newest_database.execute("SELECT count(*) FROM a WHERE id < 5")
        assert keeper.get(snapshot_of(newest_database, tmp_path)) is first
        newest_database.execute("CREATE INDEX a_name ON a (name)")
        moved = snapshot_of(newest_database, tmp_path)
        second = keeper.get(moved)
        assert second is not first
        assert not first.cluster.running
        database = newest_database.name
        grown = replace(
            moved, relations=tuple(replace(r, pages=r.pages + 1) for r in moved.relations)
        )
        assert fingerprint(grown, database) != fingerprint(moved, database)
        folder = second.cluster.data_dir
    assert not folder.exists()


def test_sessions_pretend_apart(taken: Snapshot) -> None:
    with Shadow.build(taken, sessions=2) as shadow:
        index = index_on("b", "a_id")
        text = "SELECT * FROM b WHERE a_id = 5"
        with shadow_planners(shadow, size=lambda _: 100 * PAGE) as pool:
            assert pool.prepare([index]) == {}
            wanted = [frozenset({index}), frozenset[object]()] * 20
            requests = [Request(text=text, indexes=frozenset(w)) for w in wanted]  # type: ignore[arg-type]
            answers = pool.plan_all(requests)
        used = [a.used for a in answers if not isinstance(a, PlanError)]
        assert used == wanted


def test_a_large_table_takes_no_room(taken: Snapshot) -> None:
    pages = 10 * 2**40 // PAGE
    large = replace(
        taken,
        relations=tuple(
            replace(r, pages=pages, rows=1e11) if r.name == "a" else r for r in taken.relations
        ),
        indexes=tuple(
            replace(i, pages=pages // 50, rows=1e11) if i.table == "a" else i for i in taken.indexes
        ),
    )
    with Shadow.build(large) as shadow, planner_of(shadow) as planner:
        plan = planner.explain("SELECT * FROM a")
        assert plan.cost == pytest.approx(pages + 1e11 * 0.01, rel=0.01)
        index = index_on("a", "kind")
        text = "SELECT * FROM a WHERE kind = 3"
        pretended = planner.plan(Request(text=text, indexes=frozenset({index})))
        assert pretended.used == {index}
        blocks = sum(
            file.stat().st_blocks for file in shadow.cluster.data_dir.rglob("*") if file.is_file()
        )
        assert blocks * 512 < 200 * 2**20


def test_the_major_version_of_the_target_is_preferred() -> None:
    majors = sorted(local_binaries())
    assert [choose_binaries(major).major for major in majors] == majors
    assert choose_binaries(99).major == majors[-1]


def test_settings_of_the_target_are_copied(newest_database: Database, tmp_path: Path) -> None:
    newest_database.execute(*SETUP)
    snapshot = snapshot_of(newest_database, tmp_path)
    settings = tuple(
        replace(
            s, value={"random_page_cost": "1.25", "enable_hashjoin": "off"}.get(s.name, s.value)
        )
        for s in snapshot.settings
    )
    text = "SELECT * FROM a JOIN b ON b.a_id = a.id"
    with Shadow.build(replace(snapshot, settings=settings)) as shadow:
        with planner_of(shadow) as planner:
            kinds = {node.kind for node in planner.explain(text).root.walk()}
            assert "Hash Join" not in kinds
        assert lacks(shadow, "setting") == {}
    with Shadow.build(snapshot) as shadow, planner_of(shadow) as planner:
        assert "Hash Join" in {node.kind for node in planner.explain(text).root.walk()}


def in_a_child(uid: int, snapshot: Snapshot) -> int:
    """Build a shadow as an ordinary user; the exit status of the process that did."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        status = 1
        try:
            with Shadow.build(snapshot) as shadow, planner_of(shadow) as planner:
                index = index_on("a", "name")
                text = "SELECT * FROM a WHERE name = 'n5'"
                found = planner.plan(Request(text=text, indexes=frozenset({index})))
                status = 0 if found.used == {index} else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.root
def test_runs_as_an_ordinary_user_too(taken: Snapshot) -> None:
    assert in_a_child(65534, taken) == 0


@pytest.fixture
def held(newest_database: Database) -> Iterator[None]:
    newest_database.execute(*SETUP, "CREATE VIEW v AS SELECT * FROM a")
    connection = newest_database.connect()
    connection.autocommit = False
    connection.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
    yield
    connection.rollback()


def test_a_view_over_a_locked_table_is_a_gap(
    held: None, newest_database: Database, tmp_path: Path
) -> None:
    snapshot = snapshot_of(newest_database, tmp_path, values=False)
    assert [(v.name, v.definition) for v in snapshot.views if v.extension is None] == [("v", None)]
    reasons = [gap.reason for gap in snapshot.gaps if gap.head == "views"]
    assert reasons == ["the definition of public.v was not read: another session locks it"]
    with Shadow.build(snapshot) as shadow:
        assert "could not be read" in lacks(shadow, "view")["public.v"]
