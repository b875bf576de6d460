"""Which indexes are proposed for which statements, by HypoPG on a real server."""

from __future__ import annotations

import pytest

from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.domain.units import MB
from plugins.databases import Database
from plugins.index_advice import SHOP, Advised, indexes, proposed, refused, statements

pytestmark = pytest.mark.extension("hypopg")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "SELECT * FROM orders WHERE customer_id = $1 AND seller_id = $2",
            ["orders (customer_id, seller_id)"],
            id="composite",
        ),
        pytest.param(
            "SELECT * FROM orders WHERE customer_id IN ($1, $2, $3) AND at > $4",
            ["orders (customer_id, at)"],
            id="a range comes last",
        ),
        pytest.param(
            "SELECT * FROM orders ORDER BY at DESC, id LIMIT 10",
            ["orders (at, id DESC)"],
            id="order and limit, to be read backwards",
        ),
        pytest.param(
            "SELECT id FROM orders ORDER BY total DESC NULLS LAST, at LIMIT 10",
            ["orders (total NULLS FIRST, at DESC) INCLUDE (id)"],
            id="directions",
        ),
        pytest.param(
            "SELECT max(at) FROM orders WHERE seller_id = $1",
            ["orders (seller_id, at)"],
            id="the greatest",
        ),
        pytest.param(
            "SELECT seller_id, sum(total) FROM orders WHERE seller_id BETWEEN 100 AND 1500"
            " GROUP BY seller_id",
            ["orders (seller_id) INCLUDE (total)"],
            id="covering",
        ),
        pytest.param(
            "SELECT id, at FROM orders WHERE flag AND at > '2026-02-01'",
            ["orders (at) INCLUDE (id) WHERE flag"],
            id="partial",
        ),
        pytest.param(
            "SELECT * FROM customers WHERE lower(email) = $1",
            ["customers ((lower(email)))"],
            id="expression",
        ),
        pytest.param(
            "SELECT * FROM orders WHERE doc ->> 'k' = $1",
            ["orders ((doc ->> 'k'::text))"],
            id="inside a document",
        ),
        pytest.param(
            "SELECT id FROM customers WHERE email LIKE 'User77%'",
            ["customers (email text_pattern_ops) INCLUDE (id)"],
            id="prefix",
        ),
        pytest.param(
            "SELECT id FROM customers WHERE name LIKE 'n12%'",
            ["customers (name varchar_pattern_ops) INCLUDE (id)"],
            id="prefix of a varchar",
        ),
        pytest.param(
            "SELECT * FROM orders WHERE customer_id = $1 OR seller_id = $2",
            ["orders (customer_id)", "orders (seller_id)"],
            id="both sides of an OR",
        ),
        pytest.param(
            "UPDATE orders SET note = 'x' WHERE seller_id = $1",
            ["orders (seller_id)"],
            id="update",
        ),
        pytest.param(
            "DELETE FROM orders WHERE seller_id = $1", ["orders (seller_id)"], id="delete"
        ),
        pytest.param(
            'SELECT * FROM orders AS "O o" WHERE "O o"."Key Column" = $1',
            ['orders ("Key Column")'],
            id="quoted names",
        ),
        pytest.param(
            "WITH chosen AS MATERIALIZED (SELECT * FROM orders WHERE seller_id = $1)"
            " SELECT count(*) FROM chosen WHERE total > $2",
            ["orders (seller_id)"],
            id="below a CTE",
        ),
    ],
)
def test_what_serves_a_statement(shop: Advised, text: str, expected: list[str]) -> None:
    assert indexes(shop.ask(text)) == expected


def test_a_join_is_served_on_both_sides(shop: Advised) -> None:
    report = shop.ask(
        "SELECT c.email, o.total FROM customers AS c JOIN orders AS o ON o.customer_id = c.id"
        " WHERE c.email = $1"
    )
    found = indexes(report)
    assert [text.partition(" (")[0] for text in found] == ["customers", "orders"]
    assert found[0].startswith("customers (email")
    assert found[1].startswith("orders (customer_id")


def test_every_impact_is_of_a_statement_and_a_gain(shop: Advised) -> None:
    report = shop.ask(
        QueryFile(name="often", text="DELETE FROM orders WHERE seller_id = 5", weight=9)
    )
    (found,) = proposed(report)
    assert found.impact is not None
    (statement,) = found.impact.statements
    assert statement.calls == 9
    assert statement.cost_before is not None
    assert statement.cost_after is not None
    assert found.impact.cost_before == pytest.approx(statement.cost_before * 9)
    assert found.impact.cost_after == pytest.approx(statement.cost_after * 9)
    assert statement.cost_after * 10 < statement.cost_before
    assert found.impact.size_bytes
    assert found.confidence == "estimated"
    assert report.planner.kind == "hypopg"
    assert report.planner.calls > 0


def test_statements_share_an_index(shop: Advised) -> None:
    report = shop.ask(
        "SELECT * FROM orders WHERE customer_id = $1",
        "SELECT * FROM orders WHERE customer_id = $1 AND seller_id = $2",
    )
    assert indexes(report) == ["orders (customer_id, seller_id)"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("SELECT count(*) FROM events WHERE device = $1", "device"),
        # Values that are not known yet must not prune the partitions away.
        ("SELECT * FROM events WHERE device = $1 AND at = $2", "device, at"),
    ],
)
def test_a_partitioned_table_by_the_safe_route(shop: Advised, text: str, key: str) -> None:
    report = shop.ask(text)
    assert indexes(report) == [f"events ({key})"]
    one, other, join = statements(report)
    assert one.startswith("CREATE INDEX CONCURRENTLY")
    assert "ON public.events_1 " in one
    assert other.startswith("CREATE INDEX CONCURRENTLY")
    assert "ON public.events_2 " in other
    assert "ON ONLY public.events " in join
    assert join.count("ATTACH PARTITION") == 2


def test_the_budget_decides_how_much(shop: Advised) -> None:
    texts = (
        "SELECT * FROM orders WHERE customer_id = $1",
        "SELECT * FROM orders WHERE seller_id = $1",
        "SELECT * FROM customers WHERE email = $1",
    )
    assert len(indexes(shop.ask(*texts, budget=100 * MB))) == 3
    tight = shop.ask(*texts, budget=MB)
    sizes = [one.impact.size_bytes or 0 for one in proposed(tight) if one.impact]
    assert sizes
    assert sum(sizes) <= MB
    assert "over-budget" in {r.reason for r in tight.rejected}
    nothing = shop.ask(*texts, budget=0)
    assert indexes(nothing) == []
    assert {r.reason for r in nothing.rejected if r.subject.kind == "index_candidate"} == {
        "over-budget"
    }


def test_the_answer_does_not_depend_on_the_order_or_the_connections(shop: Advised) -> None:
    texts = [
        QueryFile(name=f"q{number}", text=text)
        for number, text in enumerate(
            (
                "SELECT * FROM orders WHERE customer_id = $1 ORDER BY at DESC LIMIT 5",
                "SELECT sum(total) FROM orders WHERE seller_id = $1 AND status = 'open'",
                "SELECT c.email FROM customers c JOIN orders o ON o.customer_id = c.id"
                " WHERE o.seller_id = $1",
                "SELECT * FROM customers WHERE region = $1 ORDER BY email LIMIT 20",
            )
        )
    ]
    there = shop.ask(*texts)
    side_by_side = Advised(dsn=shop.dsn, connections=3, _snapshot=[shop.snapshot])
    back = side_by_side.ask(*reversed(texts))
    assert statements(there) == statements(back)
    assert statements(there)


def test_what_is_built_is_used_and_then_not_asked_for_again(database_with_shop: Database) -> None:
    """The whole circle: each proposal is built as it was shown, and the next run wants nothing."""
    texts = (
        "SELECT * FROM orders WHERE customer_id = 7 ORDER BY at DESC LIMIT 5",
        "SELECT * FROM customers WHERE lower(email) = 'user77@x.example'",
        "SELECT count(*) FROM events WHERE device = 7",
        "SELECT id, at FROM orders WHERE flag AND at > '2026-02-01'",
    )
    first = Advised(dsn=database_with_shop.dsn).ask(*texts)
    built = statements(first)
    assert len(indexes(first)) == 4
    database_with_shop.execute(*built)
    again = Advised(dsn=database_with_shop.dsn).ask(*texts)
    assert indexes(again) == []
    for number in range(1, 5):
        assert refused(again, f"q{number}") & {"exists", "no-help"}


def test_an_index_is_widened_and_the_narrow_one_goes(database_with_shop: Database) -> None:
    database_with_shop.execute("CREATE INDEX orders_seller ON orders (seller_id)")
    report = Advised(dsn=database_with_shop.dsn).ask(
        "SELECT * FROM orders WHERE seller_id = $1 AND at BETWEEN $2 AND $3",
        "SELECT max(at) FROM orders WHERE seller_id = $1",
    )
    assert indexes(report) == ["orders (seller_id, at) in place of public.orders_seller"]
    (only,) = proposed(report)
    assert [change.kind for change in only.changes] == ["create-index", "drop-index"]
    assert statements(report)[1] == "DROP INDEX CONCURRENTLY public.orders_seller"
    drops = [c for r in report.recommendations for c in r.changes if c.kind == "drop-index"]
    assert len(drops) == 1


def test_a_unique_index_is_widened_only_beside(database_with_shop: Database) -> None:
    """Uniqueness is a promise to the data: its index stays."""
    database_with_shop.execute("CREATE UNIQUE INDEX customers_email ON customers (email)")
    report = Advised(dsn=database_with_shop.dsn).ask("SELECT name FROM customers WHERE email = $1")
    assert "drop-index" not in {c.kind for r in proposed(report) for c in r.changes}


def test_a_foreign_key_is_served_by_the_same_index(database_with_shop: Database) -> None:
    database_with_shop.execute(
        "INSERT INTO customers (id) VALUES (90000)", "DELETE FROM customers WHERE id = 90000"
    )
    report = Advised(dsn=database_with_shop.dsn).ask(
        "SELECT * FROM orders WHERE customer_id = $1 ORDER BY at DESC LIMIT 5"
    )
    rules = {finding.rule for finding in report.findings}
    assert {"missing-index", "foreign-key-unindexed"} <= rules
    creates = [
        (r.rules, c.sql)
        for r in report.recommendations
        for c in r.changes
        if c.kind == "create-index" and "customer_id" in (c.sql or "")
    ]
    assert len(creates) == 1, creates


@pytest.fixture
def database_with_shop(newest_database: Database) -> Database:
    newest_database.execute(*SHOP)
    return newest_database


def test_a_table_outside_the_search_path_is_found(shop_database: Database) -> None:
    shop_database.execute(
        'CREATE SCHEMA "Back Office"',
        'CREATE TABLE "Back Office".ledger AS SELECT i AS id, i % 9000 AS account, i AS amount,'
        " repeat('x', 60) AS note FROM generate_series(1, 40000) AS i",
        'ANALYZE "Back Office".ledger',
    )
    shop = Advised(dsn=shop_database.dsn)
    report = shop.ask("SELECT * FROM ledger WHERE account = $1")
    assert [s for s in statements(report) if 'ON "Back Office".ledger' in s]
