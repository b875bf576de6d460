"""Samples for parameters, taken from a real server's statistics and planned there."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pg.test_sqltext_preparing import PREPARE, prepared
from pgtune_advisor.advise.sample_values import (
    ValueStatistics,
    array_elements,
    ordered_values,
    pairs,
)
from pgtune_advisor.advise.sampling import MOST_VARIANTS, Variant, sample
from pgtune_advisor.plans import Plan
from pgtune_advisor.sqltext import Preparable, preparable, returned, roles, substituted
from plugins.databases import Database

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'happy', 'odd');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE o (id int PRIMARY KEY, status varchar(20), mood mood, share percent,
    total numeric(10,2), email text, at timestamptz, day date, tags text[], doc jsonb,
    words tsvector, flag boolean,
    key uuid, note text);
INSERT INTO o SELECT i,
    CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 10 = 0 THEN 'o''pen\\' ELSE 'done' END,
    (ARRAY['sad', 'happy', 'odd'])[1 + i % 3]::mood, i % 100, i / 7.0,
    'User' || i || '@example.org', timestamptz '2024-01-01+00' + i * interval '1 hour',
    date '2024-01-01' + i / 24, ARRAY['t' || i % 5, 'rare' || i % 500, 'it''s "q" \\'],
    jsonb_build_object('sku', 'a' || i % 50, 'n', i % 3), to_tsvector('simple', 'word' || i % 7),
    i % 50 = 0, md5(i::text)::uuid, NULL
    FROM generate_series(1, 5000) i;
CREATE INDEX ON o (status); CREATE INDEX ON o (at); CREATE INDEX ON o USING gin (tags);
CREATE INDEX ON o (lower(email) text_pattern_ops); CREATE TABLE blank (id int, name text);
ANALYZE o;
"""
STATS = """
SELECT s.schemaname, s.tablename, s.attname, format_type(a.atttypid, a.atttypmod),
    s.null_frac, s.n_distinct, c.reltuples, s.most_common_vals::text, s.most_common_freqs,
    s.histogram_bounds::text, s.most_common_elems::text, s.most_common_elem_freqs
FROM pg_stats s JOIN pg_class c ON c.oid = format('%I.%I', s.schemaname, s.tablename)::regclass
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
WHERE s.schemaname = 'public'
"""


def statistics(connection: psycopg.Connection[Any]) -> dict[tuple[str, str, str], ValueStatistics]:
    found = {}
    for schema, table, column, kind, nulls, distinct, rows, *held in connection.execute(STATS):
        common, shares, histogram, elements, element_shares = held
        found[schema, table, column] = ValueStatistics(
            schema=schema,
            table=table,
            column=column,
            type=kind,
            null_fraction=nulls,
            n_distinct=distinct,
            rows=rows,
            common=pairs(common, shares),
            histogram=tuple(v for v in array_elements(histogram or "{}") if v is not None),
            elements=pairs(elements, element_shares),
        )
    return found


def sampled(connection: psycopg.Connection[Any], text: str) -> tuple[str, tuple[Variant, ...]]:
    """The text that was prepared, and its variants."""
    found = preparable(text)
    assert isinstance(found, Preparable)
    whole = prepared(connection, found.text)
    connection.execute((PREPARE + whole).encode())
    row = connection.execute(
        "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'tried'"
    ).fetchone()
    assert row is not None
    values = f"({', '.join(['NULL'] * len(row[0]))})" if row[0] else ""
    explain = f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE tried {values}"
    raw = connection.execute(explain.encode()).fetchone()
    connection.execute("DEALLOCATE tried")
    assert raw is not None
    nodes = list(Plan.of(raw[0]).root.walk())
    conditions: dict[tuple[str, str, str], list[str]] = {}
    for node in nodes:
        key = (node.schema, node.relation, node.alias)
        conditions.setdefault(key, []).extend(node.conditions.values())
    known = statistics(connection)
    variants = sample(
        conditions,
        row[0],
        lambda *column: known.get(column),
        roles=roles(whole),
        internal=returned([str(node.extra.get("Subplan Name", "")) for node in nodes]),
    )
    return whole, variants


@pytest.fixture
def connection(database: Database) -> psycopg.Connection[Any]:
    connection = database.connect()
    connection.execute(SCHEMA.encode())
    connection.execute("SET plan_cache_mode = force_generic_plan")
    return connection


def rows_of(connection: psycopg.Connection[Any], text: str) -> float:
    row = connection.execute(b"EXPLAIN (FORMAT JSON) " + text.encode()).fetchone()
    assert row is not None
    return Plan.of(row[0]).root.rows


# The number of variants, whether some value was guessed, and whether something was assumed.
STATEMENTS = {
    "SELECT * FROM o WHERE status = $1": (3, False, False),
    "SELECT * FROM o WHERE mood = $1 AND share = $2": (3, False, False),
    "SELECT * FROM o WHERE at >= $1": (2, False, False),
    "SELECT * FROM o WHERE at >= $1 AND at < $2": (2, False, False),
    "SELECT * FROM o WHERE at BETWEEN $1 AND $2 AND status = $3 LIMIT $4": (3, False, True),
    "SELECT * FROM o WHERE at::date >= $1 AND at::date <= $2": (2, False, False),
    "SELECT * FROM o WHERE date_trunc($1, at) = $2": (1, False, True),
    "SELECT * FROM o WHERE extract($1 from at) = $2 LIMIT $3 OFFSET $4": (1, True, True),
    "SELECT * FROM o WHERE lower(email) = $1": (1, False, False),
    "SELECT * FROM o WHERE lower(email) LIKE $1": (1, False, True),
    "SELECT * FROM o WHERE email LIKE $1 || '%' OR email ~ $2": (1, False, True),
    "SELECT * FROM o WHERE email ILIKE '%' || $1 || '%'": (1, False, False),
    "SELECT * FROM o WHERE id = ANY ($1)": (1, False, True),
    "SELECT * FROM o WHERE id IN ($1, $2, $3) AND status NOT IN ($4, $5)": (1, False, False),
    "SELECT * FROM o WHERE tags @> $1": (3, False, False),
    "SELECT * FROM o WHERE $1 = ANY (tags)": (3, False, False),
    "SELECT * FROM o WHERE doc @> $1 AND doc ? $2": (None, False, True),
    "SELECT * FROM o WHERE doc ->> 'n' = $1": (3, False, False),
    "SELECT * FROM o WHERE doc ->> $1 = $2": (1, True, False),
    "SELECT * FROM o WHERE words @@ $1": (3, False, False),
    "SELECT * FROM o WHERE words @@ to_tsquery('simple', $1)": (3, False, False),
    "SELECT * FROM o WHERE flag = $1 AND key = $2": (2, False, False),
    "SELECT * FROM o WHERE total > $1 AND total <= $2 AND day > $3": (2, False, False),
    "SELECT * FROM o WHERE (day, id) > ($1, $2) ORDER BY day, id LIMIT $3": (2, False, True),
    "SELECT * FROM o WHERE at > now() - interval $1 AND id < $2": (2, True, False),
    "SELECT * FROM o a JOIN o b ON a.id = b.share WHERE a.status = $1 AND b.email = $2":
        (3, False, False),
    "SELECT * FROM o WHERE total = (SELECT max(total) FROM o WHERE status = $1) AND id = $2":
        (3, False, False),
    "UPDATE o SET status = $1, total = total + $2 WHERE id = $3": (1, True, False),
    "INSERT INTO o (id, status, at, tags, doc) VALUES ($1, $2, $3, $4, $5)": (1, True, False),
    "DELETE FROM o WHERE at < $1 AND note = $2": (2, True, False),
    "SELECT count(*) FROM o": (1, False, False),
    "SELECT * FROM blank WHERE id = $1": (0, False, False),
}  # fmt: skip


@pytest.mark.parametrize("text", STATEMENTS)
def test_variants_plan(connection: psycopg.Connection[Any], text: str) -> None:
    whole, variants = sampled(connection, text)
    count, guessed, assumed = STATEMENTS[text]
    assert (count is None and variants) or len(variants) == count
    assert sampled(connection, text) == (whole, variants)
    if not variants:
        return
    assert len(variants) <= MOST_VARIANTS
    assert sum(variant.weight for variant in variants) == pytest.approx(1)
    assert bool(variants[0].guessed) == guessed
    assert bool(variants[0].assumed) == assumed
    for variant in variants:
        assert not any("NULL" in literal for literal in variant.literals.values())
        connection.execute(b"EXPLAIN " + substituted(whole, variant.literals).encode())


def test_skew_is_seen(connection: psycopg.Connection[Any]) -> None:
    """A generic plan expects a third of the rows for each of three values."""
    whole, variants = sampled(connection, "SELECT * FROM o WHERE status = $1")
    expected = [rows_of(connection, substituted(whole, v.literals)) for v in variants]
    assert [v.weight for v in variants] == pytest.approx([0.9, 0.09, 0.01], abs=0.01)
    assert expected == pytest.approx([4500, 450, 50], rel=0.1)


def test_ranges_are_narrow_and_never_empty(connection: psycopg.Connection[Any]) -> None:
    for text in (
        "SELECT * FROM o WHERE at >= $1 AND at < $2",
        "SELECT * FROM o WHERE total < $2 AND total > $1",
        "SELECT * FROM o WHERE day BETWEEN $1 AND $2",
    ):
        whole, variants = sampled(connection, text)
        narrow, wide = (rows_of(connection, substituted(whole, v.literals)) for v in variants)
        # A histogram leaves out the common values, of which the days have many.
        assert 20 <= narrow <= 120
        assert 250 <= wide <= 650


def test_elements_are_told_by_their_frequency(connection: psycopg.Connection[Any]) -> None:
    whole, variants = sampled(connection, "SELECT * FROM o WHERE tags @> $1")
    expected = [rows_of(connection, substituted(whole, v.literals)) for v in variants]
    assert expected[0] == 5000
    assert 900 <= expected[1] <= 1100


def test_messages_hold_no_values(connection: psycopg.Connection[Any]) -> None:
    for text in STATEMENTS:
        _, variants = sampled(connection, text)
        for variant in variants:
            for said in variant.assumed:
                assert "::" not in said
                assert "example" not in said


def test_arrays_are_read_as_the_server_prints_them(connection: psycopg.Connection[Any]) -> None:
    elements = ["a", "", "NULL", "null", 'q"x', "b\\c", "{d,e}", "f,g", " h ", "ü", None, "it's"]
    row = connection.execute("SELECT %s::text[]::text", [elements]).fetchone()
    assert row is not None
    assert array_elements(row[0]) == tuple(elements)
    nested = connection.execute("SELECT ARRAY[ARRAY['a','b,c'], ARRAY['d','e']]::text").fetchone()
    assert nested is not None
    assert array_elements(nested[0]) == ('{a,"b,c"}', "{d,e}")
    assert array_elements("{}") == array_elements("nonsense") == ()


def test_values_without_a_histogram_are_ordered_as_numbers() -> None:
    stats = ValueStatistics(
        schema="s", table="t", column="c", type="integer", common=(("10", 0.5), ("9", 0.3))
    )
    assert ordered_values(stats) == ["9", "10"]
