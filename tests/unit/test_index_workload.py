"""What statements weigh, which tables get no index, and how EXPLAIN's texts are read for both."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.advise.indexes.workload import weighed, workload
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext.plan_texts import Mention, mentions, sort_key, unqualified
from unit.fact_contexts import make_context
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


def _context(texts: list[str]) -> Context:
    """A window in which these statements ran, the first ones longest."""
    rows = [
        {"query_id": n, "calls": 2, "exec_time_ms": 1000.0 - n, "rows": 4}
        for n in range(1, len(texts) + 1)
    ]
    return make_context(
        statements=rows,
        statement_texts=[{"query_id": n, "text": text} for n, text in enumerate(texts, 1)],
        before={"statements": [{**row, "calls": 0, "exec_time_ms": 0, "rows": 0} for row in rows]},
    )


def test_up_to_the_limit_each_statement_stands_for_itself() -> None:
    texts = [f"SELECT c{n} FROM t WHERE a = $1" for n in range(5)]
    found = workload(_context(texts), "shop", None, most=5)
    assert [entry.text for entry in found.entries] == texts
    assert (found.beside, found.beyond, found.left_out) == (0, 0, {})


def test_beyond_the_limit_one_stands_for_its_kind() -> None:
    texts = [f"SELECT c{n} FROM t WHERE a = $1" for n in range(5)]
    texts += ["SELECT * FROM t WHERE b = $1", "SELECT * FROM u", "SELECT * FROM v WHERE b = $1"]
    found = workload(_context(texts), "shop", None, most=3)
    assert [entry.text for entry in found.entries] == [texts[0], texts[5], texts[6]]
    assert (found.beside, found.beyond) == (4, 1)
    assert found.entries[0].calls == 10
    assert found.entries[0].rows == 20
    assert found.entries[0].time_ms == pytest.approx(sum(1000.0 - n for n in range(1, 6)))


def test_what_no_index_is_sought_for_is_counted() -> None:
    texts = ["BEGIN", "SELECT 1 FROM t", "VACUUM t", "<insufficient privilege>"]
    found = workload(_context(texts), "shop", None)
    assert [entry.text for entry in found.entries] == ["SELECT 1 FROM t"]
    assert found.left_out == {"utility commands": 2, "whose text this role may not see": 1}
