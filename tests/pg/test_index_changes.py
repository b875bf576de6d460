"""The changes that make an index, run by psql up and down on a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from golden.rich_changes import recommendation
from golden.rich_report import rich_report
from pgtune_advisor.advise.ground import Ground
from pgtune_advisor.advise.index_changes import index_changes
from pgtune_advisor.cluster import best_binaries
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.changes import Change
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.emit.output_dir import write
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section

TABLES = (
    "CREATE TABLE events (id bigint, at date, kind text, note text) PARTITION BY RANGE (at)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') "
    "PARTITION BY LIST (kind)",
    "CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES IN ('a')",
    "CREATE TABLE events_2rest PARTITION OF events_2 DEFAULT",
    "CREATE TABLE flat (id bigint, email text)",
    "INSERT INTO events SELECT n, date '2026-01-01' + n % 59, chr(97 + n % 3), 'note ' || n "
    "FROM generate_series(1, 3000) AS n",
    "INSERT INTO flat SELECT n, 'User' || n FROM generate_series(1, 100) AS n",
)
INDEXES = """SELECT c.relname::text, pg_get_indexdef(c.oid), i.indisvalid,
  p.inhparent::regclass::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits p ON p.inhrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"""


@pytest.fixture
def prepared(database: Database) -> Database:
    database.execute(*TABLES)
    return database


def ground(database: Database, folder: Path) -> Ground:
    target = target_section(database.dsn, folder, databases=[database.name])
    with Collector(target, QueryBook.load([])) as collector:
        return Ground(snapshot=collector.full())


def psql(database: Database, file: Path) -> None:
    program = best_binaries().program("psql")
    command = [program, "-X", "-v", "ON_ERROR_STOP=1", "-d", database.dsn, "-f", file]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def migrations(changes: Sequence[Change], folder: Path) -> list[tuple[Path, Path]]:
    made = recommendation("new", "New index", *changes)
    write(replace(rich_report(), recommendations=(made,)), folder)
    ups = sorted((folder / "migrations").glob("*.up.sql"))
    return [(up, up.with_name(up.name.replace(".up.", ".down."))) for up in ups]


def up_and_down(
    database: Database, changes: Sequence[Change], folder: Path
) -> list[tuple[object, ...]]:
    """The indexes after going up; down restores what was."""
    reader = database.connect()
    before = reader.execute(INDEXES.encode()).fetchall()
    files = migrations(changes, folder)
    assert len(files) == len(changes)
    for up, _ in files:
        psql(database, up)
    after = reader.execute(INDEXES.encode()).fetchall()
    for _, down in reversed(files):
        psql(database, down)
    assert reader.execute(INDEXES.encode()).fetchall() == before
    return after


def test_a_partitioned_table_with_include_and_predicate(prepared: Database, tmp_path: Path) -> None:
    wanted = IndexDef(
        schema="public",
        table="events",
        keys=(IndexKey.of("kind", opclass="text_pattern_ops"), IndexKey.of("id", order="DESC")),
        include=("note",),
        predicate="note <> 'x'",
    )
    changes = index_changes(ground(prepared, tmp_path), prepared.name, wanted)
    after = up_and_down(prepared, changes, tmp_path / "out")
    assert [(name, valid, parent) for name, _, valid, parent in after] == [
        ("events_1_kind_id_idx", True, "events_kind_id_idx"),
        ("events_2_kind_id_idx", True, "events_kind_id_idx"),
        ("events_2a_kind_id_idx", True, "events_2_kind_id_idx"),
        ("events_2rest_kind_id_idx", True, "events_2_kind_id_idx"),
        ("events_kind_id_idx", True, None),
    ]
    tail = "USING btree (kind text_pattern_ops, id DESC) INCLUDE (note) WHERE (note <> 'x'::text)"
    assert all(str(definition).endswith(tail) for _, definition, *_ in after)


def test_a_partition_that_has_the_index_keeps_it(prepared: Database, tmp_path: Path) -> None:
    prepared.execute("CREATE INDEX mine ON events_1 (kind) INCLUDE (note) WHERE (id > 5)")
    wanted = IndexDef(
        schema="public",
        table="events",
        keys=(IndexKey.of("kind"),),
        include=("note",),
        predicate="(id > 5)",
    )
    changes = index_changes(ground(prepared, tmp_path), prepared.name, wanted)
    after = up_and_down(prepared, changes, tmp_path / "out")
    assert {name: parent for name, _, _, parent in after}["mine"] == "events_kind_idx"


def test_an_expression_has_statistics_afterwards(prepared: Database, tmp_path: Path) -> None:
    wanted = IndexDef(
        schema="public", table="flat", keys=(IndexKey(expression="lower(email)"),), unique=True
    )
    changes = index_changes(ground(prepared, tmp_path), prepared.name, wanted)
    for up, _ in migrations(changes, tmp_path / "out"):
        psql(prepared, up)
    found = "SELECT count(*) FROM pg_stats WHERE tablename = 'flat_lower_email_idx'"
    assert prepared.connect().execute(found).fetchone() == (1,)


@pytest.mark.pg("== 15")
def test_an_extension_is_made_before_its_index(prepared: Database, tmp_path: Path) -> None:
    wanted = IndexDef(
        schema="public",
        table="events",
        keys=(IndexKey.of("note", opclass="gin_trgm_ops"), IndexKey.of("id")),
        method="gin",
    )
    changes = index_changes(ground(prepared, tmp_path), prepared.name, wanted)
    assert [change.sql for change in changes][:2] == [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE EXTENSION IF NOT EXISTS btree_gin",
    ]
    for up, _ in migrations(changes, tmp_path / "out"):
        psql(prepared, up)
    row = prepared.connect().execute(INDEXES.encode()).fetchall()[-1]
    assert row[1].endswith("USING gin (note gin_trgm_ops, id)")
