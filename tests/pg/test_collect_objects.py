"""Tables, columns, constraints and sequences as a database holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section


def full(database: Database, folder: Path, **fields: Any) -> Snapshot:
    section = target_section(database.dsn, folder, **fields)
    with Collector(section, QueryBook.load()) as collector:
        return collector.full()


def relations(snapshot: Snapshot) -> dict[str, Relation]:
    return {relation.name: relation for relation in snapshot.relations}


def test_tables(database: Database, tmp_path: Path) -> None:
    database.execute(
        'CREATE SCHEMA "App"',
        """CREATE TABLE "App"."Order" (id int PRIMARY KEY, note text)
        WITH (fillfactor = 80, autovacuum_enabled = off, toast.autovacuum_enabled = off)""",
        """INSERT INTO "App"."Order" SELECT g, repeat('x', 10) FROM generate_series(1, 100) g""",
        """UPDATE "App"."Order" SET note = 'y' WHERE id <= 10""",
        """DELETE FROM "App"."Order" WHERE id > 95""",
    )
    # A session hands in its counters when it ends, a vacuum at once: the order matters.
    database.execute('VACUUM ANALYZE "App"."Order"')
    database.execute(
        'UPDATE "App"."Order" SET note = \'z\' WHERE id <= 7',
        "CREATE UNLOGGED TABLE scratch (id int)",
        "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS x",
        "CREATE VIEW not_a_table AS SELECT 1 AS x",
        "CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at)",
        """CREATE TABLE parts_1 PARTITION OF parts
        FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')""",
    )
    flusher = database.connect()
    flusher.execute('SELECT count(*) FROM "App"."Order"')
    flusher.execute('SELECT * FROM "App"."Order" WHERE id = 3')
    flusher.close()
    until_flushed(database, "n_dead_tup = 7")
    snapshot = full(database, tmp_path)
    found = relations(snapshot)

    assert set(found) == {"Order", "scratch", "seen", "parts", "parts_1"}
    order = found["Order"]
    assert (order.schema, order.kind, order.persistence, order.owner) == (
        "App",
        "r",
        "p",
        "postgres",
    )
    assert order.options == ("fillfactor=80", "autovacuum_enabled=off")
    assert order.toast_options == ("autovacuum_enabled=off",)
    assert order.rows == 95
    assert order.pages >= 1
    assert (order.inserts, order.updates, order.deletes) == (100, 17, 5)
    assert order.dead_rows == 7
    assert order.modified_since_analyze == 7
    assert (order.vacuums, order.analyzes, order.autovacuums) == (1, 1, 0)
    assert order.last_vacuum is not None
    assert order.last_vacuum.utcoffset() is not None
    assert order.seq_scans
    assert order.index_scans
    assert order.xid_age is not None
    assert order.xid_age >= 0
    assert order.toast_xid_age is not None
    assert (order.newpage_updates is None) == (database.server.major < 16)
    assert found["scratch"].persistence == "u"
    assert found["scratch"].rows is None
    assert found["seen"].kind == "m"
    assert found["parts"].kind == "p"
    assert found["parts"].xid_age is None
    part = found["parts_1"]
    assert part.is_partition
    assert (part.parent_schema, part.parent_name) == ("public", "parts")


def until_flushed(database: Database, condition: str) -> None:
    """Counters arrive when a session ends, or within a second on version 14."""
    watcher = database.connect()
    for _ in range(20_000):
        row = watcher.execute(
            f"SELECT 1 FROM pg_stat_user_tables WHERE relname = 'Order' AND {condition}".encode()
        ).fetchone()
        if row:
            return
    pytest.fail("the counters never came")


def test_columns(database: Database, tmp_path: Path) -> None:
    database.execute(
        """CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, name varchar(20) NOT NULL,
            gone int, twice int GENERATED ALWAYS AS (1 + 1) STORED, flag boolean DEFAULT true,
            empty text)""",
        "ALTER TABLE t DROP COLUMN gone",
        "INSERT INTO t (name, flag) SELECT 'n' || g % 4, g % 10 > 0 FROM generate_series(1, 100) g",
        "ANALYZE t",
        "CREATE TABLE fresh (id int)",
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (1000)",
        "INSERT INTO parts SELECT generate_series(1, 50)",
        "ANALYZE parts",
    )
    columns = {(c.table, c.name): c for c in full(database, tmp_path).columns}

    assert [name for table, name in columns if table == "t"] == [
        "id",
        "name",
        "twice",
        "flag",
        "empty",
    ]
    name = columns["t", "name"]
    assert (name.type, name.not_null, name.position) == ("character varying(20)", True, 2)
    assert name.has_statistics
    assert name.n_distinct == 4
    assert name.null_fraction == 0
    assert name.average_width == 3
    assert name.top_frequency == pytest.approx(0.25)
    assert columns["t", "flag"].has_default
    assert columns["t", "flag"].top_frequency == pytest.approx(0.9)
    assert columns["t", "id"].identity == "a"
    assert columns["t", "id"].correlation == 1
    assert columns["t", "twice"].generated == "s"
    assert columns["t", "empty"].null_fraction == 1
    assert columns["fresh", "id"].has_statistics is False
    assert columns["fresh", "id"].n_distinct is None
    assert columns["parts", "id"].n_distinct == -1
    assert columns["parts_1", "id"].has_statistics


def test_columns_of_other_owners(database: Database, tmp_path: Path) -> None:
    role = database.create_role("LOGIN", member_of=("pg_monitor",))
    database.execute(
        "CREATE TABLE shown (id int)",
        "CREATE TABLE hidden (id int)",
        "CREATE TABLE by_row (id int)",
        *(f"INSERT INTO {table} VALUES (1)" for table in ("shown", "hidden", "by_row")),
        "ANALYZE",
        f"GRANT SELECT ON shown, by_row TO {role}",
        "ALTER TABLE by_row ENABLE ROW LEVEL SECURITY",
    )
    section = target_section(database.dsn_as(role), tmp_path)
    with Collector(section, QueryBook.load()) as collector:
        snapshot = collector.full()
    assert {c.table: c.has_statistics for c in snapshot.columns} == {
        "shown": True,
        "hidden": None,
        "by_row": None,
    }
    gap = next(gap for gap in snapshot.gaps if gap.source == f"columns:{database.name}")
    assert "public.by_row, public.hidden are hidden" in gap.reason
    assert gap.hint.startswith(f"GRANT pg_read_all_data TO {role};")


def test_constraints(database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE SCHEMA other",
        "CREATE TABLE other.parent (a int, b int, PRIMARY KEY (b, a))",
        """CREATE TABLE child (id int PRIMARY KEY, x int NOT NULL, y int UNIQUE,
            CONSTRAINT positive CHECK (x > 0),
            CONSTRAINT up FOREIGN KEY (x, y) REFERENCES other.parent (b, a)
                ON DELETE CASCADE ON UPDATE SET NULL)""",
        "ALTER TABLE child ADD CONSTRAINT later CHECK (y > 0) NOT VALID",
        "CREATE TABLE parts (id int PRIMARY KEY, x int REFERENCES child) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10)",
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
    )
    found = {(c.table, c.name): c for c in full(database, tmp_path).constraints}

    up = found["child", "up"]
    assert up.type == "f"
    assert up.columns == ("x", "y")
    assert (up.foreign_schema, up.foreign_table) == ("other", "parent")
    assert up.foreign_columns == ("b", "a")
    assert (up.on_update, up.on_delete) == ("n", "c")
    assert up.index_name is None
    key = found["parent", "parent_pkey"]
    assert (key.type, key.columns, key.index_name) == ("p", ("b", "a"), "parent_pkey")
    assert (key.on_update, key.foreign_table, key.foreign_columns) == (None, None, ())
    assert not found["child", "later"].is_validated
    assert found["child", "child_y_key"].type == "u"
    assert found["parts_1", "parts_1_pkey"].is_inherited
    assert not found["parts", "parts_pkey"].is_inherited
    inherited = [c for c in found.values() if c.table == "parts_1" and c.type == "f"]
    assert [c.is_inherited for c in inherited] == [True]
    assert {c.type for c in found.values()} == {"c", "f", "p", "u"}


def test_sequences(database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE TABLE t (id serial, big bigserial, small smallint GENERATED ALWAYS AS IDENTITY)",
        "CREATE SEQUENCE shared AS int INCREMENT 5 MAXVALUE 1000 CYCLE",
        "CREATE TABLE u (a bigint DEFAULT nextval('shared'), b int DEFAULT nextval('shared'))",
        "CREATE SEQUENCE lonely",
        "INSERT INTO t DEFAULT VALUES",
        "INSERT INTO u DEFAULT VALUES",
    )
    found = {(s.name, s.table, s.column): s for s in full(database, tmp_path).sequences}

    assert set(found) == {
        ("t_id_seq", "t", "id"),
        ("t_big_seq", "t", "big"),
        ("t_small_seq", "t", "small"),
        ("shared", "u", "a"),
        ("shared", "u", "b"),
        ("lonely", None, None),
    }
    id_ = found["t_id_seq", "t", "id"]
    assert (id_.data_type, id_.column_type, id_.last_value) == ("integer", "integer", 1)
    assert id_.max_value == 2**31 - 1
    assert found["t_big_seq", "t", "big"].data_type == "bigint"
    assert found["t_small_seq", "t", "small"].column_type == "smallint"
    shared = found["shared", "u", "a"]
    assert (shared.data_type, shared.column_type) == ("integer", "bigint")
    assert (shared.increment, shared.max_value, shared.cycles, shared.last_value) == (
        5,
        1000,
        True,
        6,
    )
    assert found["lonely", None, None].last_value is None


def test_more_tables_than_one_question_asks_for(database: Database, tmp_path: Path) -> None:
    database.execute(
        """DO $$ BEGIN FOR i IN 1..1003 LOOP
            EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, x int)', i);
        END LOOP; END $$""",
        "CREATE INDEX on_last ON t1003 (x)",
    )
    snapshot = full(database, tmp_path)
    assert len(snapshot.relations) == 1003
    assert len(snapshot.columns) == 2006
    assert len(snapshot.indexes) == 1004
    assert [i.name for i in snapshot.indexes] == sorted(i.name for i in snapshot.indexes)


def test_extensions(database: Database, tmp_path: Path) -> None:
    if not database.server.preloaded:
        pytest.fail("the server has no extensions")
    database.execute("CREATE SCHEMA ext", "CREATE EXTENSION pg_trgm SCHEMA ext")
    found = {e.name: e for e in full(database, tmp_path).extensions}
    assert found["pg_trgm"].schema == "ext"
    assert found["pg_trgm"].installed_version
    assert found["pg_stat_statements"].installed_version
    assert found["btree_gin"].installed_version is None
    assert found["btree_gin"].default_version


def test_objects_of_extensions_are_marked(database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE TABLE config (id int PRIMARY KEY)",
        "CREATE TABLE own (id int)",
        "ALTER EXTENSION plpgsql ADD TABLE config",
    )
    snapshot = full(database, tmp_path)
    assert {r.name: r.extension for r in snapshot.relations} == {"config": "plpgsql", "own": None}


def test_settings(database: Database, tmp_path: Path) -> None:
    """What other sessions get, not what ours is guarded with."""
    found = {s.name: s for s in full(database, tmp_path).settings}
    with database.connect() as plain:
        for name in ("statement_timeout", "jit", "search_path", "work_mem", "shared_buffers"):
            row = plain.execute(
                "SELECT setting, unit, boot_val FROM pg_settings WHERE name = %s", [name]
            ).fetchone()
            assert row == (found[name].value, found[name].unit, found[name].boot_value)
    assert found["shared_buffers"].source == "configuration file"
    assert found["jit"].source == "default"
    assert found["shared_buffers"].in_auto_conf is False
    assert found["wal_level"].enum_values == ("minimal", "replica", "logical")
    assert found["work_mem"].vartype == "integer"
    assert found["work_mem"].min_value == "64"
    assert "primary_conninfo" not in found


def test_a_database_of_any_bytes(newest_database: Database, tmp_path: Path) -> None:
    """SQL_ASCII holds names in any encoding; its statements break pg_stat_statements elsewhere."""
    name = f"{newest_database.name}_ascii"
    admin = newest_database.connect()
    make = f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    admin.execute(make.encode())
    try:
        dsn = newest_database.server.dsn(name)
        with psycopg.connect(dsn, autocommit=True, client_encoding="SQL_ASCII") as one:
            one.execute(b'CREATE TABLE "caf\xe9" (id int)')
            one.execute("CREATE TABLE plain (id int PRIMARY KEY)")
            one.execute(b'SELECT 1 AS "\xe9"')
            with Collector(target_section(dsn, tmp_path), QueryBook.load()) as collector:
                ascii_ = collector.full()
            utf8 = full(newest_database, tmp_path)
            mine = one.info.backend_pid
    finally:
        forget = (
            """SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = %s"""
        )
        admin.execute(forget, [name])
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    assert [r.name for r in ascii_.relations] == ["caf\ufffd", "plain"]
    assert [(c.table, c.name) for c in ascii_.columns] == [("plain", "id")]
    assert {b.pid: b.query for b in utf8.backends}[mine] == 'SELECT $1 AS "\ufffd"'
    gap = next(gap for gap in utf8.gaps if gap.source == "statement_texts")
    assert "invalid byte sequence" in gap.reason
    assert "pg_stat_statements_reset" in gap.hint
    assert utf8.statements
