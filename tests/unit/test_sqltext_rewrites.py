"""Each rewrite's own example, and each reason for which it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtune_advisor.sqltext import library
from pgtune_advisor.sqltext.rewrites import Refused, Rewritten, TableFacts, rewrite, rewrites

_ORDERS = TableFacts(
    types={
        "id": "integer",
        "placed": "timestamp without time zone",
        "seen": "timestamp with time zone",
        "day": "date",
        "note": "text",
        "status": "text",
        "code": "character(5)",
        "token": "uuid",
        "price": "numeric(10,2)",
        "total": "double precision",
        "name": "text",
    },
    not_null=frozenset({"id", "placed", "status", "code"}),
    keys=(("id",),),
    collated=frozenset({"name"}),
)
_LOG = TableFacts(
    types={"at": "timestamp with time zone", "id": "bigint"}, not_null=frozenset({"at"})
)


def lookup(schema: str | None, name: str) -> TableFacts | None:
    return {"orders": _ORDERS, "log": _LOG}.get(name) if schema in (None, "public") else None


def test_there_is_one_module_a_rewrite() -> None:
    assert set(rewrites()) == {
        "coalesced",
        "column_cast",
        "day_of_time",
        "keyset",
        "truncated_time",
        "year_of_time",
    }
    assert all(module.ABOUT and module.__doc__ for module in rewrites().values())


@pytest.mark.parametrize("name", sorted(rewrites()))
def test_example(name: str) -> None:
    before, after = rewrites()[name].EXAMPLE
    found = rewrite(before, name, lookup)
    assert isinstance(found, Rewritten), found
    assert found.text == library.deparsed(after.replace("int4", "int"))
    assert rewrite("SELECT 1", name, lookup) is None


def text(statement: str, name: str) -> str:
    found = rewrite(statement, name, lookup)
    assert isinstance(found, Rewritten), found
    return found.text


def where(statement: str, name: str) -> str:
    return text(f"SELECT id FROM orders o WHERE {statement}", name).partition(" WHERE ")[2]


@pytest.mark.parametrize(
    ("name", "condition", "expected"),
    [
        (
            "truncated_time",
            "date_trunc('day', seen) = $1",
            "seen >= ($1::timestamptz - '2 days'::interval) AND seen <= (($1::timestamptz +"
            " '1 day'::interval) + '2 days'::interval) AND date_trunc('day', seen) = $1",
        ),
        (
            "truncated_time",
            "$1 > date_trunc('quarter', o.placed)",
            "o.placed <= ($1::timestamp + '3 months'::interval)"
            " AND $1 > date_trunc('quarter', o.placed)",
        ),
        (
            "truncated_time",
            "date_trunc($1, placed) >= $2",
            "placed >= $2::timestamp AND date_trunc($1, placed) >= $2",
        ),
        (
            "day_of_time",
            "date(seen) = current_date",
            "seen >= (current_date - 2) AND seen <= (current_date + 3) AND"
            " date(seen) = current_date",
        ),
        (
            "day_of_time",
            "placed::date > '2027-01-01'",
            "placed >= '2027-01-01'::date AND placed::date > '2027-01-01'",
        ),
        ("coalesced", "coalesce(id, 0) < 5", "id < 5 OR (id IS NULL AND 0 < 5)"),
        (
            "coalesced",
            "NOT (coalesce(note, '') = $1)",
            "NOT ((NOT note IS NULL AND note = $1::text) OR (note IS NULL AND"
            " ''::text = $1::text))",
        ),
        ("column_cast", "id::text = $1", "id = $1::text::bigint AND id::text = $1"),
        ("column_cast", "token::text = 'x'", "token = 'x'::text::uuid AND token::text = 'x'"),
        ("column_cast", "code = $1::text", "code = $1::text::bpchar AND code = $1::text"),
    ],
)
def test_conditions(name: str, condition: str, expected: str) -> None:
    assert where(condition, name) == expected


@pytest.mark.parametrize(
    ("name", "statement", "reason"),
    [
        ("truncated_time", "WHERE NOT date_trunc('day', placed) = $1", "under-not"),
        ("truncated_time", "WHERE date_trunc('day', placed) = $1 OR id = 5", "under-or"),
        ("truncated_time", "WHERE date_trunc('day', placed, 'UTC') = $1", "not-a-column"),
        ("truncated_time", "WHERE date_trunc('day', placed + $1) = $2", "not-a-column"),
        ("truncated_time", "WHERE date_trunc('day', day) = $1", "type"),
        ("truncated_time", "WHERE date_trunc('fortnight', placed) = $1", "unit"),
        ("truncated_time", "WHERE date_trunc('day', placed) = clock_timestamp()", "may-change"),
        ("truncated_time", "WHERE date_trunc('day', placed) = (SELECT $1)", "other-side"),
        ("truncated_time", "WHERE date_trunc('day', o.nowhere) = $1", "column-unknown"),
        ("truncated_time", ", log WHERE date_trunc('day', x.at) = $1", "column-unknown"),
        ("day_of_time", "WHERE id::date = $1", "type"),
        ("day_of_time", "WHERE placed::date = $1::timestamp", "other-side"),
        ("year_of_time", "WHERE extract(month from placed) = 5", "not-a-range"),
        ("year_of_time", "WHERE extract($1 from placed) = $2", "field-hidden"),
        ("coalesced", "WHERE coalesce(name, $1) = $2", "collation"),
        ("coalesced", "WHERE coalesce(note, status, $1) = $2", "not-a-column"),
        ("coalesced", "WHERE coalesce(note, status) = $2", "type"),
        ("coalesced", "WHERE coalesce(id, 0.5) = 0.5", "type"),
        ("column_cast", "WHERE price = $1::float8", "lossy"),
        ("column_cast", "WHERE id::text < $1", "not-equality"),
        ("column_cast", "WHERE o.id = o.price", "columns-differ"),
        ("keyset", "ORDER BY note LIMIT 5 OFFSET 5", "nullable"),
        ("keyset", "LIMIT 5 OFFSET 5", "no-order"),
        ("keyset", "ORDER BY lower(status) LIMIT 5 OFFSET 5", "order"),
        ("keyset", 'ORDER BY status COLLATE "C" LIMIT 5 OFFSET 5', "order"),
        ("keyset", "JOIN log ON log.id = o.id ORDER BY o.id OFFSET 5", "joined"),
        ("keyset", "GROUP BY id ORDER BY id OFFSET 5", "grouped"),
        ("keyset", "ORDER BY id OFFSET 5 FOR UPDATE", "locks"),
        ("keyset", "ORDER BY id OFFSET 5 ROWS FETCH FIRST 3 ROWS WITH TIES", "ties"),
        ("keyset", "WHERE id IN (SELECT id FROM log) ORDER BY id OFFSET 5", "nested"),
    ],
)
def test_refusals(name: str, statement: str, reason: str) -> None:
    found = rewrite(f"SELECT o.id FROM orders o {statement}", name, lookup)
    assert isinstance(found, Refused), found
    assert found.reason == reason, found
    assert found.detail


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT DISTINCT id FROM orders ORDER BY id OFFSET 5", "distinct"),
        ("SELECT id, row_number() OVER () FROM orders ORDER BY id OFFSET 5", "window"),
        ("SELECT unnest(note) FROM orders ORDER BY id OFFSET 5", "function"),
        ("SELECT lower(status) AS id FROM orders ORDER BY id OFFSET 5", "order"),
        ("SELECT at FROM log ORDER BY at LIMIT 5 OFFSET 5", "not-unique"),
        ("SELECT id FROM nowhere ORDER BY id LIMIT 5 OFFSET 5", "table-unknown"),
        ("SELECT id FROM (SELECT id FROM orders ORDER BY id OFFSET 5) s", "nested"),
        ("SELECT id FROM orders UNION SELECT id FROM log ORDER BY id OFFSET 5", "nested"),
    ],
)
def test_pages_that_cannot_be_continued_by_key(statement: str, reason: str) -> None:
    found = rewrite(statement, "keyset", lookup)
    assert isinstance(found, Refused), found
    assert found.reason == reason


def test_pages_by_key() -> None:
    mixed = rewrite(
        "SELECT note FROM orders WHERE note = $1 ORDER BY placed DESC, status LIMIT $2 OFFSET $3",
        "keyset",
        lookup,
    )
    assert isinstance(mixed, Rewritten)
    assert mixed.text == (
        "SELECT note FROM orders WHERE note = $1 AND placed <= $3::timestamp"
        " AND (placed < $3::timestamp OR (placed = $3::timestamp AND status > $4::text)"
        " OR (placed = $3::timestamp AND status = $4::text AND id > $5::int))"
        " ORDER BY placed DESC, status, id LIMIT $2"
    )
    assert mixed.baseline.endswith("ORDER BY placed DESC, status, id LIMIT $2 OFFSET $3")
    assert mixed.parameters[2] == "$5 is id of the last row of the page before"
    assert any("ORDER BY gets id" in note for note in mixed.notes)
    assert any("needs placed, status, id" in note for note in mixed.notes)


def test_a_value_that_is_used_elsewhere_keeps_its_number() -> None:
    found = text("SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT 5 OFFSET $1", "keyset")
    assert found == "SELECT id FROM orders WHERE id > $1 AND id > $2::int ORDER BY id LIMIT 5"


def test_the_condition_of_an_arbiter_stays() -> None:
    conflict = (
        "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) WHERE placed::date = '2027-01-01'"
        " DO NOTHING"
    )
    assert rewrite(conflict, "day_of_time", lookup) is None


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO log (id) OVERRIDING SYSTEM VALUE"
        " SELECT id FROM orders WHERE placed::date = $1",
        "SELECT id FROM orders WHERE placed::date = $1"
        f" AND id IN ({', '.join(map(str, range(999)))})",
    ],
)
def test_what_is_not_read_as_it_stands_is_not_written(statement: str) -> None:
    found = rewrite(statement, "day_of_time", lookup)
    assert isinstance(found, Refused), found
    assert found.reason == "not-read"


def test_types_by_either_of_their_names() -> None:
    assert where("placed::date = $1 AND id = $2::int4", "day_of_time").endswith("id = $2::int")
    assert rewrite("VACUUM orders", "day_of_time", lookup) is None


def test_no_statement_of_the_language_breaks_a_rewrite() -> None:
    corpus = Path(__file__).parents[1] / "pg" / "syntax.sql"
    for line in corpus.read_text(encoding="utf-8").splitlines():
        for name in rewrites():
            assert isinstance(rewrite(line, name, lookup), Rewritten | Refused | None)
