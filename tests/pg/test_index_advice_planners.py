"""A shadow of the same major version chooses the indexes that HypoPG chooses on the target."""

from __future__ import annotations

import pytest

from pgtune_advisor.domain.units import MB
from plugins.databases import Database
from plugins.index_advice import Advised, indexes, proposed, shop_database

pytestmark = pytest.mark.extension("hypopg")
__all__ = ["shop_database"]

# What HypoPG can pretend: btrees of every kind.
WORKLOAD = (
    "SELECT * FROM orders WHERE seller_id = 5 AND status = 'open'",
    "SELECT id FROM orders WHERE status = 'open' ORDER BY at LIMIT 10",
    "SELECT total FROM orders WHERE customer_id = 7 ORDER BY at DESC LIMIT 5",
    "SELECT sum(total) FROM orders WHERE at >= '2026-02-01' AND at < '2026-02-02'",
    "SELECT at FROM orders WHERE flag AND seller_id = 31",
    "SELECT * FROM customers WHERE lower(email) = 'user5@x.example'",
    "SELECT id FROM customers WHERE name LIKE 'n12%'",
    "SELECT o.id, o.total FROM customers c JOIN orders o ON o.customer_id = c.id"
    " WHERE c.email = 'User77@x.example'",
    "SELECT * FROM events WHERE device = 77 AND at >= '2026-02-03'",
    'SELECT count(*) FROM orders WHERE "Key Column" IN (3, 4)',
    "SELECT * FROM orders WHERE customer_id = 3 OR seller_id = 4",
    "UPDATE orders SET note = 'x' WHERE seller_id = 9",
    "SELECT seller_id, max(at) FROM orders WHERE seller_id BETWEEN 5 AND 7 GROUP BY seller_id",
)


@pytest.mark.parametrize("budget", [None, 4 * MB], ids=["free", "4MB"])
def test_both_planners_choose_the_same(shop_database: Database, budget: int | None) -> None:
    dsn = shop_database.dsn
    exact = Advised(dsn=dsn, choice="hypopg").ask(*WORKLOAD, budget=budget)
    shadow = Advised(dsn=dsn, choice="shadow").ask(*WORKLOAD, budget=budget)
    assert exact.planner.kind == "hypopg"
    assert shadow.planner.kind == "shadow"
    assert shadow.planner.fidelity == pytest.approx(1.0, abs=0.02)
    assert len(indexes(exact)) >= 4
    assert indexes(shadow) == indexes(exact)
    sizes = {one.title: one.impact.size_bytes for one in proposed(exact)}
    assert sizes == {one.title: one.impact.size_bytes for one in proposed(shadow)}
