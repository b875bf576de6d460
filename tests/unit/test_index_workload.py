"""What statements weigh, which tables get no index, and how EXPLAIN's texts are read for both."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.advise.indexes.workload import weighed
from pgtune_advisor.sqltext.plan_texts import Mention, mentions, sort_key, unqualified
from unit.index_worlds import job


def test_weights_follow_the_time_that_was_taken() -> None:
    slow = replace(job("slow", weight=10), calls=10, time_ms=400.0)
    quick = replace(job("quick", weight=10), calls=10, time_ms=100.0)
    found = {one.name: one.weight for one in weighed([slow, quick], {"slow": 50.0, "quick": 50.0})}
    assert found["slow"] == pytest.approx(4 * found["quick"])


def test_a_statement_that_waits_counts_at_most_ten_times() -> None:
    waits = replace(job("waits"), calls=10, time_ms=1e6)
    works = [replace(job(f"w{n}"), calls=1000, time_ms=1000.0) for n in range(99)]
    base = {"waits": 1.0, **{one.name: 1000.0 for one in works}}
    found = {one.name: one.weight for one in weighed([waits, *works], base)}
    assert found["waits"] == pytest.approx(100.0)


def test_without_times_calls_count() -> None:
    jobs = [job("p", weight=3), job("q", weight=4)]
    assert weighed(jobs, {"p": 1.0, "q": 1.0}) == jobs
    assert [one.weight for one in weighed(jobs, {})] == [3, 4]


@given(
    st.lists(
        st.tuples(st.integers(1, 1000), st.floats(0.1, 1e6), st.floats(0.1, 1e6)),
        min_size=1,
        max_size=6,
    )
)
def test_weights_stay_within_ten_times_of_the_calls(
    rows: list[tuple[int, float, float]],
) -> None:
    jobs = [
        replace(job(f"q{n}"), calls=calls, time_ms=time) for n, (calls, time, _) in enumerate(rows)
    ]
    base = {f"q{n}": cost for n, (_, _, cost) in enumerate(rows)}
    for one in weighed(jobs, base):
        assert one.calls / 10.001 <= one.weight <= one.calls * 10.001


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("((o.customer_id = $1) AND (o.at > $2))", (), [("o", "customer_id"), ("o", "at")]),
        ("(customer_id = $1)", ("customer_id",), [("", "customer_id")]),
        ("((name)::text = 'timestamp'::text)", ("name", "timestamp", "text"), [("", "name")]),
        ('("Key Column" = 5)', ("Key Column",), [("", "Key Column")]),
        ('(o."a""b" = 5)', (), [("o", 'a"b')]),
        ('("O o"."select" = 5)', (), [("O o", "select")]),
        ("(lower(c.email) = $1)", ("lower",), [("c", "email")]),
        ("(level > 4)", ("level",), [("", "level")]),
        ("((doc ->> 'k'::text) = $1)", ("doc", "k"), [("", "doc")]),
        ("(a.x = a.x)", (), [("a", "x")]),
        ("('customer_id' = $1)", ("customer_id",), []),
        ("(at > (now() - '1 day'::interval))", ("at", "now", "interval"), [("", "at")]),
    ],
)
def test_the_columns_that_a_condition_mentions(
    text: str, columns: Collection[str], expected: list[tuple[str, str]]
) -> None:
    assert mentions(text, columns) == tuple(Mention(alias=a, column=c) for a, c in expected)


@pytest.mark.parametrize(
    ("text", "expression", "order"),
    [
        ("o.at", "at", ""),
        ("o.at DESC", "at", "DESC"),
        ("o.at DESC NULLS LAST", "at", "DESC NULLS LAST"),
        ("o.at NULLS FIRST", "at", "NULLS FIRST"),
        ("(lower(o.email)) DESC", "(lower(email))", "DESC"),
        ('o."Key DESC"', '"Key DESC"', ""),
        ('o.name COLLATE "C"', 'name COLLATE "C"', ""),
    ],
)
def test_what_rows_are_sorted_by(text: str, expression: str, order: str) -> None:
    key = sort_key(text, {"o"})
    assert (key.expression, key.order) == (expression, order)
    assert [mention.alias for mention in key.mentions] == ["o"]


def test_only_aliases_are_taken_away() -> None:
    assert unqualified("(o.a = p.b)", {"o"}) == "(a = p.b)"
    assert unqualified("('o.a'::text = o.a)", {"o"}) == "('o.a'::text = a)"
