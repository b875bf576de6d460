"""An index's identity is read so that its definition, written by us, makes the same index again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.index_ddl import definition
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section

TABLES = (
    "CREATE SCHEMA app",
    'CREATE SCHEMA "Mixed Case"',
    "CREATE COLLATION app.german (provider = libc, locale = 'C')",
    "CREATE DOMAIN app.email AS varchar(200)",
    "CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy')",
    """CREATE TABLE app.t (id int, a int, b int NOT NULL, big bigint, txt text, v varchar(40),
        c char(10), n name, d timestamptz, day date, j jsonb, arr int[], tsv tsvector, p point,
        r int4range, ip inet, net cidr, u uuid, m app.mood, e app.email, amount numeric(10, 2),
        flag boolean, x xml, bits varbit,
        german text COLLATE app.german, posix text COLLATE "C")""",
    """CREATE TABLE "Mixed Case"."Order" ("Id" int, "user" text, "select" int, "with ""quote" int,
        "100%" int)""",
    "CREATE TABLE app.parts (id int, at date, note text) PARTITION BY RANGE (at)",
    """CREATE TABLE app.parts_1 PARTITION OF app.parts
        FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')""",
    """CREATE FUNCTION app.shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS
        $$ SELECT upper($1) $$""",
    """CREATE FUNCTION app.pick(text, int, text DEFAULT 'x') RETURNS text IMMUTABLE LANGUAGE sql AS
        $$ SELECT left($1, $2) || $3 $$""",
)

INDEXES = (
    "CREATE INDEX ON app.t (a)",
    "CREATE INDEX ON app.t (a DESC)",
    "CREATE INDEX ON app.t (a NULLS FIRST, b DESC NULLS LAST)",
    "CREATE INDEX ON app.t (a DESC NULLS FIRST, b ASC NULLS LAST, id)",
    "CREATE UNIQUE INDEX ON app.t (a, b) INCLUDE (txt, d)",
    "CREATE INDEX ON app.t (txt text_pattern_ops)",
    "CREATE INDEX ON app.t (v varchar_pattern_ops, c bpchar_pattern_ops)",
    "CREATE INDEX ON app.t (v, c, n, e, m, ip, net, u, bits, amount, r)",
    "CREATE INDEX ON app.t (v text_ops)",
    "CREATE INDEX ON app.t (v bpchar_ops)",
    "CREATE INDEX ON app.t (v varchar_ops)",
    "CREATE INDEX ON app.t (net cidr_ops)",
    "CREATE INDEX ON app.t (a int4_ops)",
    "CREATE INDEX ON app.t (j jsonb_ops)",
    'CREATE INDEX ON app.t (txt COLLATE "C")',
    'CREATE INDEX ON app.t (txt COLLATE "POSIX" text_pattern_ops DESC)',
    "CREATE INDEX ON app.t (txt COLLATE app.german DESC NULLS LAST, german, posix)",
    'CREATE INDEX ON app.t (german COLLATE "default", posix COLLATE app.german)',
    "CREATE INDEX ON app.t (lower(txt))",
    "CREATE INDEX ON app.t (lower(german))",
    'CREATE INDEX ON app.t (lower(posix) COLLATE "default")',
    'CREATE INDEX ON app.t (lower(txt) COLLATE "C" text_pattern_ops DESC)',
    "CREATE INDEX ON app.t ((a + b) DESC, (txt || 'x') text_pattern_ops)",
    "CREATE INDEX ON app.t ((txt::varchar(10)))",
    "CREATE INDEX ON app.t (((j ->> 'id')::bigint), (j ->> 'k'))",
    "CREATE INDEX ON app.t ((d AT TIME ZONE 'UTC'))",
    "CREATE INDEX ON app.t (((d AT TIME ZONE 'Europe/Berlin')::date) NULLS FIRST)",
    "CREATE INDEX ON app.t (app.shout(txt), a)",
    "CREATE INDEX ON app.t (app.pick(txt, 3, 'it''s'), app.pick(v::text, 2))",
    "CREATE INDEX ON app.t ((CASE WHEN flag THEN a ELSE b END))",
    "CREATE INDEX ON app.t (coalesce(txt, v, 'none'), left(txt, 10), md5(txt))",
    "CREATE INDEX ON app.t (a) WHERE flag",
    "CREATE INDEX ON app.t (a) WHERE NOT flag AND b > 10 AND txt LIKE 'x%'",
    "CREATE INDEX ON app.t (a) WHERE v = 'it''s' OR m = 'ok' OR a IN (1, 2, 3)",
    "CREATE UNIQUE INDEX ON app.t (lower(txt), a) INCLUDE (b) WHERE d IS NULL",
    "CREATE INDEX ON app.t (d) WHERE app.shout(txt) = 'A'",
    "CREATE INDEX ON app.t USING hash (txt)",
    "CREATE INDEX ON app.t USING hash (txt text_pattern_ops) WITH (fillfactor = 60)",
    "CREATE INDEX ON app.t USING gin (j)",
    "CREATE INDEX ON app.t USING gin (j jsonb_path_ops)",
    "CREATE INDEX ON app.t USING gin (arr, tsv) WITH (fastupdate = off)",
    "CREATE INDEX ON app.t USING gin (to_tsvector('english', txt))",
    "CREATE INDEX ON app.t USING gin ((j -> 'tags') jsonb_path_ops)"
    " WITH (gin_pending_list_limit = 100)",
    "CREATE INDEX ON app.t USING gist (p, r, tsv) WITH (buffering = on)",
    "CREATE INDEX ON app.t USING gist (ip inet_ops, tsv tsvector_ops (siglen = 100))",
    "CREATE INDEX ON app.t USING spgist (p kd_point_ops)",
    "CREATE INDEX ON app.t USING spgist (r)",
    "CREATE INDEX ON app.t USING brin (d)",
    "CREATE INDEX ON app.t USING brin (d timestamptz_minmax_multi_ops (values_per_range = 16), a)"
    " WITH (pages_per_range = 32, autosummarize = true)",
    "CREATE INDEX ON app.t USING brin (a int4_bloom_ops (n_distinct_per_range = 100), txt)",
    "CREATE INDEX ON app.t (a) WITH (fillfactor = 70, deduplicate_items = off)",
    'CREATE INDEX "Quoted ""Index"" 100%" ON "Mixed Case"."Order" ("Id", "user" DESC, "select")',
    'CREATE INDEX "order" ON "Mixed Case"."Order" ("with ""quote") INCLUDE ("100%")',
    'CREATE INDEX ON "Mixed Case"."Order" (lower("user"), ("select" + "100%")) WHERE "Id" > 0',
    "CREATE INDEX ON app.parts (id, at DESC)",
    "CREATE INDEX ON app.parts (lower(note)) WHERE id > 0",
    "CREATE INDEX ON app.parts_1 (note text_pattern_ops)",
)
SINCE_15 = ("CREATE UNIQUE INDEX ON app.t (a, txt) NULLS NOT DISTINCT",)
CONTRIB = (
    "CREATE INDEX ON app.t USING gin (txt app.gin_trgm_ops, a)",
    "CREATE INDEX ON app.t USING gist (txt app.gist_trgm_ops (siglen = 32))",
    "CREATE INDEX ON app.t USING gist (txt app.gist_trgm_ops, a app.gist_int4_ops)",
)


def collected(database: Database, folder: Path) -> list[Index]:
    with Collector(target_section(database.dsn, folder), QueryBook.load()) as collector:
        return list(collector.full().indexes)


def definitions(database: Database) -> dict[tuple[str, str], str]:
    with database.connect() as connection:
        rows = connection.execute(
            """SELECT n.nspname, c.relname, pg_get_indexdef(c.oid) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('i', 'I') AND n.nspname IN ('app', 'Mixed Case')"""
        )
        return {(schema, name): text for schema, name, text in rows}


def statements(database: Database) -> Iterator[str]:
    yield from INDEXES
    if database.server.major >= 15:
        yield from SINCE_15
    if database.server.cluster and database.server.preloaded:
        yield from CONTRIB


def drop(index: Index) -> sql.Composed:
    return sql.SQL("DROP INDEX {}").format(sql.Identifier(index.schema, index.name))


def test_definition_makes_the_same_index_again(database: Database, tmp_path: Path) -> None:
    database.execute(*TABLES)
    if database.server.preloaded:
        for extension in ("pg_trgm", "btree_gin", "btree_gist"):
            database.execute(f"CREATE EXTENSION {extension} SCHEMA app")
    database.execute(*statements(database))
    originals = definitions(database)
    indexes = [index for index in collected(database, tmp_path) if index.parent_name is None]
    assert len(indexes) == len(list(statements(database)))

    for index in indexes:
        with database.connect() as connection:
            connection.execute(drop(index))
            connection.execute(definition(index, concurrently=False).encode())
        assert (
            definitions(database)[index.schema, index.name] == originals[index.schema, index.name]
        )


def test_spells_out_only_what_is_not_the_default(database: Database, tmp_path: Path) -> None:
    database.execute(
        *TABLES,
        "CREATE INDEX plain ON app.t (a, txt, v, c, n, e, m, ip, net, u, bits, amount, r, d, day)",
        "CREATE INDEX listed ON app.t USING gin (arr, j, tsv, to_tsvector('english', txt))",
        "CREATE INDEX special ON app.t (lower(txt), txt text_pattern_ops, posix)",
    )
    indexes = {index.name: index for index in collected(database, tmp_path)}

    for name in ("plain", "listed"):
        assert set(indexes[name].opclasses) == {None}
        assert set(indexes[name].collations) == {None}
        assert set(indexes[name].orders) == {""}
    assert indexes["plain"].opclass_names[:4] == ("int4_ops", "text_ops", "text_ops", "bpchar_ops")
    special = indexes["special"]
    assert special.keys == ("lower(txt)", "txt", "posix")
    assert special.key_is_expression == (True, False, False)
    assert special.opclasses == (None, "text_pattern_ops", None)
    assert special.opclass_names == ("text_ops", "text_pattern_ops", "text_ops")


def test_reads_what_an_index_is_for(database: Database, tmp_path: Path) -> None:
    database.execute(
        "CREATE TABLE parent (id int PRIMARY KEY, at date, EXCLUDE USING btree (at WITH =))",
        "CREATE TABLE t (id int NOT NULL, code text CONSTRAINT code_once UNIQUE, x int)",
        "CREATE UNIQUE INDEX by_id ON t (id) WITH (fillfactor = 80)",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX by_id",
        "CLUSTER t USING by_id",
        "CREATE INDEX broken ON t (x)",
        "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10)",
        "CREATE TEMP TABLE gone (id int PRIMARY KEY)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
    )
    indexes = {index.name: index for index in collected(database, tmp_path)}

    assert indexes["parent_pkey"].is_primary
    assert indexes["parent_pkey"].constraint_name == "parent_pkey"
    assert indexes["parent_at_excl"].is_exclusion
    assert indexes["code_once"].constraint_name == "code_once"
    assert indexes["by_id"].constraint_name is None
    assert indexes["by_id"].is_replica_identity
    assert indexes["by_id"].is_clustered
    assert indexes["by_id"].options == ("fillfactor=80",)
    assert not indexes["broken"].is_valid
    assert indexes["parts_pkey"].is_partitioned
    child = indexes["parts_1_pkey"]
    assert (child.parent_schema, child.parent_name) == ("public", "parts_pkey")
    assert child.table == "parts_1"
    assert "gone_pkey" not in indexes
