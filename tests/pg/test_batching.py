"""One look-up for many keys returns what the single ones return, on every server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from pgtune_advisor.rules.facts.lookups import LookupFacts
from pgtune_advisor.sqltext import Batched, batched, fingerprint, roles
from plugins.databases import Database
from unit.nplus_corpus import FOLDER, Server, recording

LABELLED = [path.stem for path in sorted(FOLDER.glob("*.json")) if recording(path.stem).labels]

# Text, key, whether it is unique, the form.
OTHERS = [
    ("SELECT * FROM authors WHERE id = $1 LIMIT $2", "id", True, "any"),
    ("SELECT name FROM authors WHERE $1::integer = (id)", "id", True, "any"),
    (
        "SELECT id FROM lines WHERE order_id = $1 ORDER BY id DESC LIMIT $2",
        "order_id",
        False,
        "lateral",
    ),
    ("SELECT count(*) FROM comments WHERE post_id = $1", "post_id", False, "lateral"),
    ("SELECT DISTINCT author_id FROM comments c WHERE c.post_id = $1", "post_id", False, "lateral"),
    (
        "SELECT author_id, max(id) FROM comments WHERE post_id = $1 GROUP BY 1",
        "post_id",
        False,
        "lateral",
    ),
    (
        "SELECT id, row_number() OVER (ORDER BY id) FROM lines WHERE order_id = $1",
        "order_id",
        False,
        "lateral",
    ),
    ("SELECT lower(name) FROM authors WHERE id = $1", "id", True, "lateral"),
    ("SELECT 1 AS one FROM comments WHERE post_id = $1 LIMIT $2", "post_id", False, "lateral"),
    (
        "SELECT t.name FROM tags t JOIN posts_tags p ON p.tag_id = t.id WHERE p.post_id = $1",
        "post_id",
        False,
        "any",
    ),
    (
        "SELECT l.* FROM lines l, products p"
        " WHERE p.id = l.product_id AND l.order_id = $1 AND p.price > $2",
        "order_id",
        False,
        "any",
    ),
    (
        "SELECT id FROM comments"
        " WHERE post_id = $1 AND author_id IN (SELECT id FROM authors WHERE id < 200)",
        "post_id",
        False,
        "any",
    ),
]
KEYS = [3, 5, 8, 13, 21, 34, 999_999]


@pytest.fixture
def blog(newest_database: Database) -> Database:
    newest_database.execute(*(FOLDER / "schema.sql").read_text(encoding="utf-8").split(";\n"))
    return newest_database


def run(connection: psycopg.Connection[Any], text: str, values: Sequence[str]) -> list[Any]:
    connection.execute(b"PREPARE looked_up AS " + text.encode())
    try:
        given = f"({', '.join(values)})" if values else ""
        return connection.execute(f"EXECUTE looked_up{given}".encode()).fetchall()
    finally:
        connection.execute("DEALLOCATE looked_up")


def single(text: str, key: int) -> list[str]:
    """Values for the parameters of a text: the key is $1, a LIMIT 2, the rest small."""
    said = roles(text)
    numbers = range(2, 2 + text.count("$") - 1)
    return [str(key), *("0" if said.get(n) == "offset" else "2" for n in numbers)]


def same_rows(connection: psycopg.Connection[Any], text: str, many: Batched) -> None:
    expected = Counter(
        (key, row) for key in KEYS for row in run(connection, text, single(text, key))
    )
    values = single(text, KEYS[0])
    given = [values[number - 1] for number in many.parameters]
    given[many.key_parameter - 1] = f"'{{{', '.join(map(str, KEYS))}}}'"
    found = run(connection, many.text, given)
    if many.form == "lateral":
        assert Counter((row[0], row[1:]) for row in found) == expected
    elif many.added:
        assert Counter((row[-1], row[:-1]) for row in found) == expected
    else:
        assert Counter(found) == Counter(row for _, row in expected.elements())


def test_every_form_returns_the_same_rows(blog: Database) -> None:
    with psycopg.connect(blog.dsn, autocommit=True) as connection:
        for text, column, is_unique, form in OTHERS:
            many = batched(text, column, "integer", is_unique=is_unique)
            assert many is not None, text
            assert many.form == form, many.text
            same_rows(connection, text, many)


def test_what_real_mappers_wrote_is_batched(blog: Database) -> None:
    """Every look-up of the corpus that is N+1, but for the one whose key is a text."""
    with psycopg.connect(blog.dsn, autocommit=True) as connection:
        for name in LABELLED:
            server = Server.of([name], "windows")
            labelled = server.labelled()
            rows = [r for r in LookupFacts.build(server.context) if isinstance(r, LookupFacts)]
            mine = [r for r in rows if fingerprint(r.statement_text) in labelled]
            assert mine, name
            for row in mine:
                assert fingerprint(row.batched_sql), row.statement_text
                column = row.key.rpartition(".")[2]
                is_unique = column == "id"
                many = batched(row.statement_text, column, "integer", is_unique=is_unique)
                if column != "email":
                    assert many is not None
                    assert many.text == row.batched_sql
                    same_rows(connection, row.statement_text, many)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM authors WHERE id = $1 FOR UPDATE",
        "SELECT * FROM authors WHERE id = $1 OR name = $2",
        "SELECT * FROM authors WHERE id > $1",
        "SELECT * FROM posts p JOIN authors a ON p.author_id = a.id WHERE p.id = $1 AND a.id = $2",
        "SELECT * FROM authors WHERE id = $1 UNION SELECT * FROM authors WHERE id = $2",
        "UPDATE authors SET name = $2 WHERE id = $1",
        "SELECT * FROM",
    ],
)
def test_what_has_no_batched_form(text: str) -> None:
    assert batched(text, "id", "integer", is_unique=True) is None
