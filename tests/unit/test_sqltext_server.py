"""What the reader of statements claims, held against what servers do with the same text."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

import psycopg
import pytest

from pgtune_advisor.sqltext import (
    Key,
    Predicate,
    Shape,
    TableCatalog,
    cast_keeps_index,
    compare_expressions,
    fingerprint,
    implicit_cast,
    is_own,
    same_expression,
    shape_of,
)
from plugins.databases import Database

TYPES = (
    *("smallint", "integer", "bigint", "numeric", "numeric(10,2)", "real", "double precision"),
    *("date", "timestamp without time zone", "timestamp with time zone", "timestamp(3)"),
    *("time without time zone", "time with time zone", "interval"),
    *("text", "character varying", "character varying(20)", "character(8)", "name", '"char"'),
    *("oid", "regclass", "uuid", "boolean", "bytea", "inet", "cidr", "macaddr", "macaddr8"),
    *("bit(4)", "bit varying", "money", "jsonb", "citext"),
)
NO_OPERATOR = (
    psycopg.errors.UndefinedFunction,
    psycopg.errors.AmbiguousFunction,
    psycopg.errors.CannotCoerce,
)
INDEX_ONLY = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off"
COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0
"""


def typed_tables(database: Database) -> psycopg.Connection[Any]:
    """A table for each of TYPES, `t0` and on, with an index on its column `v`."""
    connection = database.connect()
    connection.execute(f"CREATE EXTENSION citext; {INDEX_ONLY}")
    for number, name in enumerate(TYPES):
        connection.execute(f"CREATE TABLE t{number} (v {name}); CREATE INDEX ON t{number} (v)")
    return connection


def plan(connection: psycopg.Connection[Any], query: str) -> str:
    """The plan as JSON text; empty where the server has no such operator."""
    try:
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    except NO_OPERATOR:
        return ""
    assert row
    return json.dumps(row[0])


@pytest.mark.parametrize("operator", ["=", "<", "= ANY", "BETWEEN"])
def test_implicit_casts_are_those_that_cost_the_index(database: Database, operator: str) -> None:
    connection = typed_tables(database)
    compared = 0
    for (i, column), (j, other) in itertools.product(enumerate(TYPES), repeat=2):
        value = f"(SELECT v FROM t{j} LIMIT 1)"
        right = {
            "= ANY": f"= ANY (ARRAY[{value}])",
            "BETWEEN": f"BETWEEN {value} AND {value}",
        }.get(operator, f"{operator} {value}")
        found = plan(connection, f"SELECT 1 FROM t{i} WHERE v {right}")
        if found:
            compared += 1
            assert ('"Index Cond"' in found) is not implicit_cast(column, other), (column, other)
    assert compared > 150


def test_joins_of_unlike_types(database: Database) -> None:
    connection = typed_tables(database)
    connection.execute("SET enable_hashjoin = off; SET enable_mergejoin = off")
    for (i, column), (j, other) in itertools.product(enumerate(TYPES), repeat=2):
        query = f"SELECT 1 FROM t{j} b, LATERAL (SELECT 1 FROM t{i} a WHERE a.v = b.v OFFSET 0) x"
        if found := plan(connection, query):
            assert ('"Index Cond"' in found) is not implicit_cast(column, other), (column, other)


def test_casts_that_keep_the_index(database: Database) -> None:
    connection = typed_tables(database)
    for (i, column), target in itertools.product(enumerate(TYPES), TYPES):
        query = f"SELECT 1 FROM t{i} WHERE v::{target} = (SELECT v::{target} FROM t{i} LIMIT 1)"
        if found := plan(connection, query):
            assert ('"Index Cond"' in found) is cast_keeps_index(column, target), (column, target)


EXPRESSIONS = (
    *("lower(email)", "lower(name)", "LOWER(Email)", "upper(trim(both from email))"),
    *("date(at)", "at::date", "date_trunc('day', at)", "date_trunc('hour', at)"),
    *("extract(year from at)", "date_part('year', at)", "at + interval '1 day'"),
    *("tz at time zone 'UTC'", "timezone('UTC', tz)", "date_trunc('day', tz at time zone 'UTC')"),
    *(
        "coalesce(n, 0)",
        "coalesce(p, 0)",
        "coalesce(p, -1)",
        "greatest(n, id)",
        "nullif(email, '')",
    ),
    *("id::text", "id::bigint", "p::numeric(10,1)", "email::varchar(5)", "n + 1", "- n", "abs(n)"),
    *("data->>'email'", "(data->>'n')::int", "lower(data->>'email')", "data #>> '{a,b}'"),
    *("first || ' ' || last", "substring(email from 1 for 3)", "substr(email, 1, 3)"),
    *("left(email, 3)", "btrim(email)", "trim(email)", "public.f(email)", "tags[1]"),
    *("case when n > 0 then 1 else 0 end", "to_tsvector('english', name)", "length(email)"),
    *("round(p, 2)", "n % 10", "mod(n, 10)", "email is null", "position('a' in email)"),
)


@pytest.fixture
def indexed(database: Database) -> tuple[psycopg.Connection[Any], list[str]]:
    """An index on each of EXPRESSIONS, `i0` and on, and how the catalogue prints them."""
    connection = database.connect()
    connection.execute(INDEX_ONLY)
    connection.execute(
        "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 || $1'"
    )
    connection.execute(
        "CREATE TABLE t (id int, email varchar(200), name text, at timestamp, tz timestamptz, "
        "n int, p numeric, data jsonb, first varchar, last text, tags text[])"
    )
    printed = []
    for number, expression in enumerate(EXPRESSIONS):
        connection.execute(f"CREATE INDEX i{number} ON t (({expression}))")
        row = connection.execute(f"SELECT pg_get_indexdef('i{number}'::regclass, 1, false)")
        printed.append(str((row.fetchone() or [""])[0]))
    return connection, printed


def serves(connection: psycopg.Connection[Any], number: int, expression: str) -> bool:
    """Whether this one index gives the order of the expression."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "UPDATE pg_index SET indisvalid = false "
            f"WHERE indrelid = 't'::regclass AND indexrelid <> 'i{number}'::regclass"
        )
        return f'"i{number}"' in plan(connection, f"SELECT 1 FROM t ORDER BY {expression}")


def test_an_expression_is_the_same_where_its_index_serves(
    indexed: tuple[psycopg.Connection[Any], list[str]],
) -> None:
    connection, printed = indexed
    for number, key in enumerate(printed):
        for expression in EXPRESSIONS:
            match = compare_expressions(expression, key)
            assert match in ("same", "different")
            near = abs(EXPRESSIONS.index(expression) - number) <= 2
            if match == "same" or near:
                assert serves(connection, number, expression) is (match == "same"), (
                    expression,
                    key,
                )


def test_a_predicate_meets_the_index_made_for_it(
    indexed: tuple[psycopg.Connection[Any], list[str]],
) -> None:
    """From the statement's text with its constants replaced, as pg_stat_statements keeps it."""
    _, printed = indexed
    for expression, key in zip(EXPRESSIONS, printed, strict=True):
        shape = shape_of(f"SELECT 1 FROM t WHERE ({expression}) = $1", None)
        assert isinstance(shape, Shape)
        (predicate,) = shape.predicates
        has_constant = "$" in predicate.expression
        match = compare_expressions(predicate.expression, key)
        assert match == ("possible" if has_constant else "same"), (expression, key)
        assert same_expression(predicate.expression, key)


VIEWS = {
    "plain": "SELECT id FROM a WHERE email = 'x' AND n > 3 ORDER BY at",
    "joined": "SELECT title FROM a JOIN b ON a_id = a.id WHERE email LIKE 'x%' AND label = 'y'",
    "correlated": "SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM b WHERE a_id = n AND title = email)",
    "shadowed": "SELECT 1 FROM a WHERE at IN (SELECT made FROM b WHERE id = 3 AND n = 4)",
    "lateral": "SELECT 1 FROM a, LATERAL (SELECT title FROM b WHERE a_id = a.id AND made > at) x",
    "using": "SELECT 1 FROM a JOIN b USING (id) WHERE n = 3 AND made IS NULL",
    "common": "WITH a AS (SELECT title FROM b WHERE id = 3) SELECT 1 FROM a WHERE title = 'x'",
    "united": "SELECT n FROM a WHERE email = 'x' UNION SELECT a_id FROM b WHERE label = 'y'",
    "grouped": "SELECT n, max(at) FROM a GROUP BY 1, lower(email) HAVING max(at) > now() AND n = 3",
    "nested": "SELECT 1 FROM (SELECT 1 FROM a WHERE n = 3) x, (b JOIN a c ON b.id = c.id)",
}  # fmt: skip


def dependencies(connection: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """The columns that the server found in the view."""
    rows = connection.execute(
        "SELECT DISTINCT d.refobjid::regclass::text, a.attname FROM pg_rewrite r "
        "JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid "
        "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
        "WHERE r.ev_class = 'seen'::regclass AND d.refobjid <> r.ev_class"
    ).fetchall()
    return {(table, column) for table, column in rows}


def catalog_of(connection: psycopg.Connection[Any]) -> TableCatalog:
    tables: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for schema, table, column, kind in connection.execute(COLUMNS).fetchall():
        tables[schema, table][column] = kind
    return TableCatalog(
        tables=tables, search_path=("public",), homes={name: ("public",) for _, name in tables}
    )


@pytest.mark.parametrize("name", VIEWS)
def test_columns_belong_where_the_server_says(newest_database: Database, name: str) -> None:
    connection = newest_database.connect()
    connection.execute("CREATE TABLE a (id int, n int, email text, at timestamptz)")
    connection.execute(
        "CREATE TABLE b (id int, a_id int, title text, label text, made timestamptz)"
    )
    connection.execute(f"CREATE VIEW seen AS {VIEWS[name]}".encode())
    shape = shape_of(VIEWS[name], catalog_of(connection))
    assert isinstance(shape, Shape)
    known = dependencies(connection)
    sites: list[Predicate | Key] = [*shape.predicates, *shape.order_by, *shape.group_by]
    read = {(s.table.name, s.column) for s in sites if s.table and s.column}
    assert read <= known
    assert {t.name for t in shape.tables} == {table for table, _ in known}
    unresolved = {s.expression for s in sites if s.table is None}
    assert unresolved <= {"title"}
    if name != "common":
        assert not unresolved


STATEMENTS = {
    "SELECT id FROM s ORDER BY id LIMIT 10 OFFSET 20000": "offset",
    "SELECT id FROM s WHERE lower(email) = 'x'": "function-on-column",
    "SELECT id FROM s WHERE date_trunc('day', at) = now()": "function-on-column",
    "SELECT id FROM s WHERE id::text = '5'": "cast-on-column",
    "SELECT id FROM s WHERE id IN (1, 2, 3)": "in",
    "SELECT id FROM s WHERE data ->> 'a' = 'b' AND extract(year from at) = 2020": "json-path",
    "INSERT INTO s (id, email) VALUES (1, 'a'), (2, 'b')": "",
}


def test_what_pg_stat_statements_keeps_is_read(database: Database) -> None:
    connection = database.connect()
    connection.execute("CREATE TABLE s (id int, email text, at timestamptz, data jsonb)")
    for statement in STATEMENTS:
        connection.execute(statement.encode())
    pattern = "SELECT id FROM s WHERE email LIKE '%%' || %s || '%%'"
    connection.execute(pattern, ["x"])
    connection.execute("SELECT id FROM s WHERE id < %s::numeric", [5])
    rows = connection.execute(
        "SELECT query FROM pg_stat_statements WHERE query ~ ' s[ ]' AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchall()
    texts = {fingerprint(text): text for (text,) in rows}
    catalog = catalog_of(connection)
    for statement, kind in STATEMENTS.items():
        kept, own = (shape_of(t, catalog) for t in (texts[fingerprint(statement)], statement))
        assert isinstance(kept, Shape)
        assert isinstance(own, Shape)
        assert [p.kind for p in kept.predicates] == [p.kind for p in own.predicates]
        if kind == "offset":
            assert kept.offset is not None
        else:
            assert [p.kind for p in kept.predicates][:1] == ([kind] if kind else [])
    liked = shape_of(texts[fingerprint(pattern.replace("%s", "$1").replace("%%", "%"))], catalog)
    assert isinstance(liked, Shape)
    assert [(p.kind, p.certain) for p in liked.predicates] == [("like-leading-wildcard", False)]
    cast = shape_of(texts[fingerprint("SELECT id FROM s WHERE id < $1::numeric")], catalog)
    assert isinstance(cast, Shape)
    assert [p.implicit_cast for p in cast.predicates] == [True]


def test_a_mark_behind_the_first_word_survives_everywhere(database: Database) -> None:
    """PostgreSQL 18 cuts off what stands before the first word."""
    connection = database.connect()
    connection.execute("/* pgtune-advisor: before */ SELECT 1, 'before'")
    connection.execute("SELECT /* pgtune-advisor: behind */ 1, 2, 'behind'")
    rows = connection.execute(
        "SELECT query FROM pg_stat_statements WHERE query ~* '^(/.*/ )?select (/.*/ )?.1, .2' "
        "AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchall()
    marked = {text: is_own(text) for (text,) in rows}
    assert marked.pop("SELECT /* pgtune-advisor: behind */ $1, $2, $3")
    assert list(marked.values()) == [database.server.major < 18]
