"""Rewrites and their originals run on the same rows: the answers are the same to the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.rules.facts.tables_known import tables_known
from pgtune_advisor.settings import TargetSection
from pgtune_advisor.sqltext.rewrites import Lookup, Rewritten, rewrite
from plugins.databases import Database

# Clocks that go back over midnight, that leave out a day, or that move by half an hour.
ZONES = ("UTC", "America/Sao_Paulo", "Antarctica/Casey", "Pacific/Apia", "Australia/Lord_Howe")
INSTANTS = (
    "2010-03-04 12:00+00",
    "2011-12-29 00:00+00",
    "2017-10-14 12:00+00",
    "2018-02-17 00:00+00",
    "2020-10-03 12:00+00",
    "2027-04-03 00:00+00",
)
SETUP = (
    "CREATE TABLE orders (id int PRIMARY KEY, placed timestamp NOT NULL, seen timestamptz,"
    " note text, status text NOT NULL, code char(5), token uuid, big bigint)",
    "INSERT INTO orders SELECT n, (at AT TIME ZONE 'UTC') + interval '1 s', at,"
    " nullif(n %% 5, 0)::text, 's' || n %% 3, 'c' || n %% 7, md5(n::text)::uuid,"
    " nullif(n %% 11, 0) - 5"
    " FROM (SELECT row_number() OVER () AS n, i + step * interval '30 min' AS at"
    " FROM unnest(%s::timestamptz[]) AS i, generate_series(0, 120) AS step) AS s",
    "INSERT INTO orders VALUES (-1, 'infinity', 'infinity', NULL, 's1', 'x', NULL, NULL),"
    " (-2, '-infinity', '-infinity', '', 's1', ' ', NULL, 1),"
    " (-3, '2027-01-01', '2027-01-01', '1', 's1', '1', NULL, 2147483648)",
)
# Conditions, and values for their parameters: those that occur and those that do not.
CASES: tuple[tuple[str, str, Sequence[Any]], ...] = (
    ("truncated_time", "date_trunc('day', placed) = $1", ("2010-03-05", "2018-02-17 01:00", "x")),
    ("truncated_time", "date_trunc('month', placed) > $1", ("2018-02-01", "2018-02-17", "x")),
    ("truncated_time", "date_trunc('hour', placed) <= $1", ("2018-02-17 01:00", "-infinity")),
    ("truncated_time", "date_trunc('day', seen) = $1", ("days",)),
    ("truncated_time", "date_trunc('hour', seen) = $1", ("days",)),
    ("truncated_time", "date_trunc('week', seen) <= $1", ("2017-10-09", "2018-02-12")),
    ("truncated_time", "date_trunc('day', seen) >= $1", ("days",)),
    ("truncated_time", "date_trunc('year', seen) = $1", ("2011-01-01", "2011-02-01")),
    ("day_of_time", "placed::date = $1", ("2018-02-17", "infinity", "-infinity")),
    ("day_of_time", "seen::date = $1", ("days", "infinity")),
    ("day_of_time", "date(seen) < $1", ("days",)),
    ("year_of_time", "extract('year' FROM seen) = $1", (2010, 2011, 2012, 2010.5)),
    ("year_of_time", "extract('year' FROM placed) > $1", (2017, 2017.4, 2017.6)),
    ("year_of_time", "extract('year' FROM placed) <= $1", (2017, 2017.4, 2017.6)),
    ("coalesced", "coalesce(note, '1') = $1", ("1", "2", "", None)),
    ("coalesced", "NOT (coalesce(note, '1') = $1)", ("1", "2", None)),
    ("coalesced", "coalesce(big, 0) <= $1 OR status = 's1'", (0, 3, None)),
    ("column_cast", "big = $1::numeric", (1, 1.5, 2147483648, None)),
    ("column_cast", "id = $1::float8", (7, 7.5, -2.0)),
    ("column_cast", "id::text = $1", ("7", "07", " 7", "-1")),
    ("column_cast", "code = $1::text", ("c1", "c1   ", "x", "")),
)


@pytest.fixture
def known(database: Database) -> Lookup:
    connection = database.connect()
    connection.execute("SET timezone = 'UTC'")
    connection.execute(SETUP[0].encode())
    connection.execute(SETUP[1].encode(), (list(INSTANTS),))
    connection.execute(SETUP[2].encode())
    with Collector(TargetSection(name="t", dsn=database.dsn), QueryBook.load([])) as collector:
        return tables_known(collector.full(), database.name)


def made(text: str, name: str, known: Lookup) -> Rewritten:
    found = rewrite(text, name, known)
    assert isinstance(found, Rewritten), found
    return found


def rows(connection: psycopg.Connection[Any], text: str, values: Sequence[Any]) -> list[Any]:
    """What a statement with `$n` returns, the values given as a client that knows no types does."""
    marks = ", ".join("NULL" if v is None else "'" + str(v) + "'" for v in values)
    connection.execute(f"PREPARE one AS {text}".encode())
    try:
        return connection.execute(f"EXECUTE one({marks})" if values else "EXECUTE one").fetchall()
    finally:
        connection.execute("DEALLOCATE one")


def test_conditions_keep_their_answers(database: Database, known: Lookup) -> None:
    connection = database.connect()
    found = 0
    for name, condition, listed in CASES:
        before = f"SELECT id FROM orders WHERE {condition} ORDER BY id"
        after = made(before, name, known)
        zones = ZONES if "seen" in condition else ZONES[:1]
        for zone in zones:
            connection.execute(f"SET timezone = '{zone}'".encode())
            for value in _values(connection, listed):
                original = rows(connection, before, [value])
                assert rows(connection, after.text, [value]) == original, (condition, zone, value)
                found += len(original)
    assert found > 10_000


def _values(connection: psycopg.Connection[Any], listed: Sequence[Any]) -> list[Any]:
    """`days`: the begins of the days in this zone at which something happens."""
    values = [value for value in listed if value not in ("days", "x")]
    if "days" in listed:
        query = "SELECT DISTINCT date_trunc('day', seen)::text FROM orders WHERE id > 0 ORDER BY 1"
        values += [value for (value,) in connection.execute(query.encode()).fetchall()]
    return values


@pytest.mark.parametrize(
    "order",
    [
        "id",
        "id DESC",
        "status, id",
        "status DESC NULLS LAST, placed, id DESC",
        "status",
        "placed DESC, status DESC",
    ],
)
def test_pages_follow_each_other_without_gap(newest_database: Database, order: str) -> None:
    database = newest_database
    database.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, placed timestamp NOT NULL, status text NOT NULL)",
        "INSERT INTO orders SELECT i, '2027-01-01'::timestamp + i % 4 * interval '1 h',"
        " chr(97 + i % 5) || CASE WHEN i % 2 = 0 THEN 'É' ELSE 'e' END"
        " FROM generate_series(1, 90) AS i",
    )
    with Collector(TargetSection(name="t", dsn=database.dsn), QueryBook.load([])) as collector:
        known = tables_known(collector.full(), database.name)
    page = made(
        f"SELECT *, id FROM orders WHERE id <> $1 ORDER BY {order} LIMIT $2 OFFSET $3",
        "keyset",
        known,
    )
    connection = database.connect()
    names = [said.split(" is ")[1].split(" of ")[0] for said in page.parameters]
    places = {"id": 0, "placed": 1, "status": 2}
    for offset in range(7, 90, 7):
        before = rows(connection, page.baseline, [3, 7, offset - 7])
        last = before[-1]
        after = rows(connection, page.text, [3, 7, *(last[places[name]] for name in names)])
        assert after == rows(connection, page.baseline, [3, 7, offset])
