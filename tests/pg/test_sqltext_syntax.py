"""What PostgreSQL 18 understands is kept, fingerprinted, and has a shape or a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtune_advisor.sqltext import Shape, Unparsed, canonical, fingerprint, normalise, shape_of
from plugins.databases import Database

SCHEMA = """
CREATE TABLE t (a int CONSTRAINT t_pkey PRIMARY KEY, b text, n int, at timestamptz, tags text[],
    doc jsonb);
CREATE TABLE u (id int PRIMARY KEY, t_id int, label text, n int);
CREATE UNIQUE INDEX ON t (a) WHERE b IS NOT NULL;
"""
# Queries that have no shape, by what they hold.
SHAPELESS = ("USING >", "AS j WHERE j.n", "AT LOCAL", "JSON_", "RETURNING WITH")


def listed(section: str) -> list[str]:
    text = Path(__file__).with_name("syntax.sql").read_text()
    return text.partition(f"-- {section}\n")[2].partition("\n-- ")[0].splitlines()


@pytest.mark.pg(">= 18")
def test_the_list_is_what_18_understands(database: Database) -> None:
    connection = database.connect()
    connection.execute(SCHEMA.encode())
    for text in listed("queries"):
        connection.execute(f"PREPARE q AS {text}".encode())
        connection.execute("DEALLOCATE q")


@pytest.mark.parametrize("text", listed("queries"))
def test_queries(text: str) -> None:
    assert len(fingerprint(text) or "") == 16
    assert isinstance(canonical(text), str)
    assert "'x'" not in normalise(text)
    shape = shape_of(text, None)
    if any(held in text for held in SHAPELESS):
        assert shape == Unparsed(reason="unsupported")
    else:
        assert isinstance(shape, Shape)
        assert shape.kind != "utility"
        expected = {name for name in ("t", "u") if f" {name} " in f"{text.replace('*', ' ')} "}
        assert {table.name for table in shape.tables} >= expected


@pytest.mark.parametrize("text", listed("commands"))
def test_commands(text: str) -> None:
    assert len(fingerprint(text) or "") == 16
    shape = shape_of(text, None)
    assert isinstance(shape, Shape)
    assert shape.command.split()[0] == text.split()[0]
