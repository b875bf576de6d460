"""What pg_stat_statements keeps can be prepared and planned, whatever the constants were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.sqltext import (
    Parametrised,
    Preparable,
    literals_as_parameters,
    parameters,
    preparable,
    repaired,
    substituted,
)
from plugins.databases import Database

SCHEMA = """
CREATE TABLE t (id int PRIMARY KEY, n int, big bigint, price numeric(10,2), x float8, name text,
    code varchar(20), flag boolean, day date, at timestamptz, local timestamp, clock time,
    span interval, doc jsonb, raw json, tags text[], bits bit(4), bytes bytea, key uuid,
    during tstzrange, spot point, net inet, words tsvector, money money, page xml);
CREATE TABLE u (id int PRIMARY KEY, t_id int, label text);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE m (id int, mood mood, share percent);
"""
PREPARE = "PREPARE tried AS "
KEPT = (
    "SELECT query FROM pg_stat_statements WHERE dbid = "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND query !~ 'pg_stat_statements|^(BEGIN|ROLLBACK|PREPARE|DEALLOCATE|EXPLAIN)'"
)
FORGET = (
    "SELECT pg_stat_statements_reset(0, "
    "(SELECT oid FROM pg_database WHERE datname = current_database()), 0)"
)


def kept(connection: psycopg.Connection[Any], statement: str) -> str:
    """The statement as pg_stat_statements keeps it after it ran."""
    connection.execute(FORGET)
    connection.execute("BEGIN")
    connection.execute(statement.encode())
    connection.execute("ROLLBACK")
    ((text,),) = connection.execute(KEPT).fetchall()
    return str(text)


def prepared(connection: psycopg.Connection[Any], text: str) -> str:
    """The text with which PREPARE succeeds, repaired as the server's errors ask."""
    for _ in range(30):
        try:
            connection.execute((PREPARE + text).encode())
        except psycopg.Error as error:
            diag = error.diag
            at = diag.statement_position
            better = repaired(
                text,
                diag.sqlstate or "",
                diag.message_primary or "",
                int(at) - len(PREPARE) if at else None,
            )
            if better is None:
                raise
            text = better
        else:
            connection.execute("DEALLOCATE tried")
            return text
    raise AssertionError(text)


def statements_for(section: str) -> list[str]:
    """The statements under one heading of constants.sql."""
    text = Path(__file__).with_name("constants.sql").read_text()
    return text.partition(f"-- {section}\n")[2].partition("\n-- ")[0].splitlines()


def all_for(database: Database) -> list[str]:
    later = [m for m in (16, 17, 18) if m <= database.server.major]
    sections = ["everywhere", *(f"from {major}" for major in later)]
    return [statement for section in sections for statement in statements_for(section)]


@pytest.fixture
def connection(database: Database) -> psycopg.Connection[Any]:
    connection = database.connect()
    connection.execute(SCHEMA.encode())
    return connection


def test_all_that_is_kept_can_be_prepared(
    database: Database, connection: psycopg.Connection[Any]
) -> None:
    refused = {}
    for statement in all_for(database):
        text = kept(connection, statement)
        found = preparable(text)
        assert isinstance(found, Preparable), text
        assert parameters(found.text) == tuple(range(1, found.count + 1))
        try:
            prepared(connection, found.text)
        except psycopg.Error as error:
            refused[found.text] = str(error).splitlines()[0]
    assert refused == {}


def test_xml_too(database: Database, connection: psycopg.Connection[Any]) -> None:
    """Not every server was built with libxml; what it keeps of texts is the same."""
    try:
        connection.execute("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        assert database.server.major >= 16
        return
    for statement in statements_for("with libxml"):
        found = preparable(kept(connection, statement))
        assert isinstance(found, Preparable)
        prepared(connection, found.text)


def test_constants_put_back_give_a_statement_that_plans(
    connection: psycopg.Connection[Any],
) -> None:
    """The way of SQL files: constants become parameters, and variants put them back."""
    for statement in statements_for("everywhere"):
        taken = literals_as_parameters(statement)
        assert isinstance(taken, Parametrised), statement
        found = preparable(taken.text)
        assert isinstance(found, Preparable), statement
        literals = {new: taken.literals[old] for new, old in found.numbers.items()}
        whole = substituted(found.text, literals)
        assert parameters(whole) == ()
        connection.execute(b"EXPLAIN " + whole.encode())


CLIENTS = {
    "SELECT id FROM t WHERE $1 IS NULL OR n = $1": {"integer"},
    "SELECT id FROM t WHERE ($1 IS NULL OR name = $1) AND ($2 IS NULL OR day > $2)": {
        "text",
        "date",
    },
    "SELECT id FROM t WHERE n = $1 + $2 AND at > $3 - $4": {
        "integer",
        "timestamp with time zone",
        "interval",
    },
    "SELECT unnest($1), n FROM t": {"text[]"},
    "SELECT n FROM t WHERE id IN (SELECT unnest($1))": {"integer[]"},
    "SELECT n FROM t JOIN unnest($1) AS k ON k = t.id": {"integer[]"},
    "SELECT id FROM t WHERE at > current_date - $1": {"integer"},
    "SELECT * FROM t WHERE (n, big) IN (($1, $2), ($3, $4)) AND tags && ARRAY[$5, $6]": None,
    "SELECT CASE WHEN $1 THEN $2 ELSE $3 END, $4 FROM t LIMIT $5 OFFSET $6": None,
}


@pytest.mark.parametrize("text", CLIENTS)
def test_what_clients_leave_untyped(connection: psycopg.Connection[Any], text: str) -> None:
    found = prepared(connection, text)
    connection.execute((PREPARE + found).encode())
    types = connection.execute("SELECT parameter_types::text[] FROM pg_prepared_statements")
    wanted = CLIENTS[text]
    if wanted is not None:
        assert {kind for (listed,) in types for kind in listed} == wanted


@pytest.mark.pg(">= 18")
def test_a_list_of_18_stands_for_several_values(connection: psycopg.Connection[Any]) -> None:
    text = kept(connection, "SELECT id FROM t WHERE n IN (1, 2, 3) AND name = 'a'")
    assert "/*, ... */" in text
    found = preparable(text)
    assert isinstance(found, Preparable)
    assert found.text == "SELECT id FROM t WHERE n IN ($1, $3, $4, $5, $6) AND name = $2"
    assert found.numbers[2] == 2
    connection.execute((PREPARE + found.text).encode())
