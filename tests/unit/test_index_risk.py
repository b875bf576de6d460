"""What plans cost if estimates are off; the plans are EXPLAIN's of a shop with 700,000 orders."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.advise.indexes.risk import LIKELY, SURE, Caution, doubt, prudent_cost
from pgtune_advisor.plans import Plan

Raw = dict[str, Any]


def node(kind: str, startup: float, total: float, rows: float, *plans: Raw, **more: str) -> Raw:
    """A node as EXPLAIN (FORMAT JSON) prints it."""
    costs = {"Startup Cost": startup, "Total Cost": total, "Plan Rows": rows, "Plan Width": 8}
    named = {name.replace("_", " "): value for name, value in more.items()}
    return {"Node Type": kind, **costs, **named, "Plans": list(plans)}


def plan(raw: Raw) -> Plan:
    return Plan.of([{"Plan": raw}])


LOOK_UP = node(
    "Index Scan", 0.42, 2.64, 1,
    Relation_Name="orders", Index_Name="orders_pkey", Index_Cond="(id = 5)",
)  # fmt: skip
USER = node(
    "Index Scan", 0.42, 2.64, 1,
    Relation_Name="users", Index_Name="users_pkey", Index_Cond="(id = 5)",
)  # fmt: skip
HASHED = node(
    "Hash Join", 22799.91, 85674.95, 699,
    node("Seq Scan", 0.0, 55000.0, 3_000_000, Relation_Name="order_items"),
    node(
        "Hash", 22797.0, 22797.0, 233,
        node("Seq Scan", 0.0, 22797.0, 233, Relation_Name="orders", Filter="(user_id = 5)"),
    ),
    Hash_Cond="(i.order_id = o.id)",
)  # fmt: skip
LOOP = node("Nested Loop", 22800.33, 85684.57, 699, USER, HASHED)
ITEMS = node(
    "Index Scan", 0.43, 3.1, 3,
    Relation_Name="order_items", Index_Name="made_up", Index_Cond="(order_id = o.id)",
)  # fmt: skip
CHAIN = node("Nested Loop", 22800.0, 90000.0, 700, HASHED, ITEMS)


@pytest.mark.parametrize("caution", [LIKELY, SURE])
@pytest.mark.parametrize("raw", [LOOK_UP, HASHED, LOOP])
def test_a_plan_without_doubt_costs_what_it_says(raw: Raw, caution: Caution) -> None:
    """A look-up, a hash join; a loop over one row by a key whose inner side runs once."""
    assert prudent_cost(plan(raw), caution) == plan(raw).cost


@pytest.mark.parametrize("caution", [LIKELY, SURE])
def test_a_loop_behind_a_join_may_run_more_often(caution: Caution) -> None:
    more = (caution.per_join - 1) * 699 * 3.1
    assert prudent_cost(plan(CHAIN), caution) == pytest.approx(90000.0 + more)


def test_a_loop_without_an_index_is_no_temptation_of_one() -> None:
    inner = node("Seq Scan", 0.0, 10.0, 3, Relation_Name="small")
    raw = node("Nested Loop", 0.0, 95000.0, 700, HASHED, inner)
    assert prudent_cost(plan(raw)) == 95000.0


def test_limit_may_wait_for_rows_behind_a_filter() -> None:
    walk = node(
        "Index Scan", 0.42, 50000.0, 1000,
        Relation_Name="orders", Index_Name="made_up", Filter="(status = 'open'::text)",
    )  # fmt: skip
    raw = node("Limit", 0.42, 500.42, 10, walk)
    whole = 50000.0 - 0.42
    share = 500.0 / whole
    assert prudent_cost(plan(raw), SURE) == pytest.approx(500.42 + 9 * share * whole)
    # It does not take longer than the whole walk.
    late = node("Limit", 0.42, 40000.42, 800, walk)
    assert prudent_cost(plan(late), SURE) == pytest.approx(50000.0, rel=1e-4)


def test_limit_on_an_order_without_a_filter_is_sure() -> None:
    walk = node("Index Scan", 0.42, 50000.0, 1000, Relation_Name="orders", Index_Name="made_up")
    assert prudent_cost(plan(node("Limit", 0.42, 500.42, 10, walk))) == 500.42


def test_a_sort_under_limit_needs_all_its_rows() -> None:
    """LIMIT does not shorten what a sort reads, so the doubt below counts in full."""
    sort = node("Sort", 90010.0, 90012.0, 700, CHAIN)
    limited = plan(node("Limit", 90010.0, 90010.1, 10, sort))
    assert prudent_cost(limited) - limited.cost == pytest.approx(
        prudent_cost(plan(CHAIN)) - plan(CHAIN).cost
    )


def test_a_merge_join_may_not_end_early() -> None:
    one = node("Index Only Scan", 0.4, 40000.0, 700_000, Relation_Name="orders", Index_Name="a")
    other = node("Index Only Scan", 0.4, 90000.0, 3_000_000, Relation_Name="items", Index_Name="b")
    raw = node("Merge Join", 1.0, 52000.0, 700_000, one, other)
    assert prudent_cost(plan(raw)) == pytest.approx(130000.0)


def test_the_rows_of_a_table_that_is_walked_whole_may_move() -> None:
    raw = node("Index Scan", 0.0, 8000.0, 200_000, Relation_Name="users", Index_Name="users_pkey")
    assert prudent_cost(plan(raw)) == pytest.approx(8000.0 * SURE.per_walk)
    assert prudent_cost(plan(raw), LIKELY) == 8000.0
    found = node(
        "Index Scan", 0.0, 8000.0, 9, Relation_Name="users", Index_Name="u", Index_Cond="(id = 1)"
    )
    assert prudent_cost(plan(found)) == 8000.0


def test_doubt_grows_with_joins_and_crowds_of_conditions_and_is_bounded() -> None:
    assert doubt(plan(LOOK_UP).root, SURE) == 1
    assert doubt(plan(HASHED).root, SURE) == SURE.per_join
    crowd = node(
        "Seq Scan", 0.0, 10.0, 1, Relation_Name="orders", Filter="((a = 1) AND (b = 2) AND (c = 3))"
    )
    assert doubt(plan(crowd).root, SURE) == SURE.per_filter
    deep = HASHED
    for _ in range(5):
        deep = node("Hash Join", 1.0, 100000.0, 700, deep, USER)
    assert doubt(plan(deep).root, SURE) == SURE.most
    assert doubt(plan(deep).root, LIKELY) == LIKELY.most


def test_who_is_sure_is_more_careful() -> None:
    assert SURE.per_join > LIKELY.per_join
    assert prudent_cost(plan(CHAIN), SURE) > prudent_cost(plan(CHAIN), LIKELY) > plan(CHAIN).cost


@pytest.mark.parametrize(
    ("condition", "guessed"),
    [
        ("(keyword ~~ 'superhero%'::text)", True),
        ("(keyword ~~* $1)", True),
        ("(keyword ~ '^a'::text)", True),
        ("(keyword ^@ 'a'::text)", True),
        ("(keyword = 'a ~ b'::text)", True),  # Careful rather than clever.
        ("(keyword = 'a'::text)", False),
        ("(tags ?| '{a}'::text[])", False),
    ],
)
def test_how_many_rows_have_a_pattern_is_a_guess(condition: str, guessed: bool) -> None:
    scan = node("Seq Scan", 0.0, 10.0, 1, Relation_Name="keyword", Filter=condition)
    assert doubt(plan(scan).root, SURE) == (SURE.per_pattern if guessed else 1)
