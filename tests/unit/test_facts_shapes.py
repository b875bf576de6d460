"""Which statements have no shape is said by number and by id."""

from __future__ import annotations

from typing import Any

from pgtune_advisor.rules.facts.shapes import MOST_NAMED, shapes_of
from unit.fact_contexts import make_context

TEXTS = {
    1: "SELECT 1",
    2: "SELECT FROM WHERE 1",
    3: "SELECT * FROM t WHERE a = ",
    4: "SELECT x y z",
}


def contents(texts: dict[int, str]) -> dict[str, Any]:
    return {
        "statements": [
            {"query_id": number, "calls": 10, "exec_time_ms": float(number)} for number in texts
        ],
        "statement_texts": [{"query_id": n, "text": text} for n, text in texts.items()],
    }


def said(texts: dict[int, str]) -> list[str]:
    context = make_context(**contents(texts))
    shapes = shapes_of(context)
    for statement in context.snapshot.statements:
        shapes.of(statement)
    return shapes.omissions()


def test_statements_without_a_shape_are_named_by_their_ids() -> None:
    assert said(TEXTS) == [
        "the text of 3 statements has no shape (syntax 2: query id 4, 2; truncated 1: query id 3)"
    ]
    assert said({1: "SELECT 1"}) == []


def test_of_many_the_ones_with_the_most_time_are_named() -> None:
    (text,) = said(dict.fromkeys(range(1, MOST_NAMED + 4), "SELECT x y z"))
    assert text.startswith("the text of 13 statements has no shape (syntax 13: query id 13, 12,")
    assert text.endswith("4 and 3 more)")
