"""Facts of statements and of their conditions on columns."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.rules.facts.predicates import PredicateFacts
from pgtune_advisor.rules.facts.statements import StatementFacts
from unit.fact_contexts import make_context


def statement(text: str, *, calls: int = 10, blocks: int = 0, **snapshot: Any) -> StatementFacts:
    context = make_context(
        statements=[{"calls": calls, "rows": calls * 20, "shared_blocks_hit": blocks}],
        statement_texts=[{"text": text}],
        before={"statements": [{"calls": 0, "rows": 0, "shared_blocks_hit": 0}]},
        **snapshot,
    )
    (row,) = StatementFacts.build(context)
    return row


def predicate(
    condition: str, column_type: str = "text", *, blocks: int = 1000, **snapshot: Any
) -> PredicateFacts:
    context = make_context(
        relations=[{"rows": 100_000.0, "pages": 1000}],
        columns=[{"name": "note", "type": column_type}],
        statements=[{"calls": 1, "shared_blocks_hit": blocks}],
        statement_texts=[{"text": f"SELECT * FROM orders WHERE {condition}"}],
        before={"statements": [{"calls": 0, "shared_blocks_hit": 0}]},
        **snapshot,
    )
    (row,) = PredicateFacts.build(context)
    return row


PAGE = "SELECT * FROM orders ORDER BY id LIMIT $1 OFFSET $2"
TABLE = {"rows": 1_000_000.0, "pages": 10_000}


def test_rows_in_the_order_of_an_index() -> None:
    row = statement(
        PAGE, blocks=12_860, relations=[TABLE], columns=[{"correlation": -1.0}], indexes=[{}]
    )
    assert row.rows_examined_per_call == pytest.approx(1286 / (1 / 100 + 1 / 350))
    assert row.rows_skipped_per_call == pytest.approx(1286 / (1 / 100 + 1 / 350) - 20)


@pytest.mark.parametrize(
    "index", [{"is_valid": False}, {"access_method": "hash"}, {"keys": ["customer_id", "id"]}]
)
def test_an_index_that_does_not_give_the_order(index: dict[str, Any]) -> None:
    row = statement(
        PAGE, blocks=12_860, relations=[TABLE], columns=[{"correlation": 1.0}], indexes=[index]
    )
    assert row.rows_examined_per_call == pytest.approx(1286 / (1 + 1 / 350))


def test_statements_without_offset_are_not_estimated() -> None:
    row = statement("SELECT * FROM orders ORDER BY id", blocks=100_000, relations=[TABLE])
    assert (row.has_offset, row.rows_examined_per_call) == (False, None)


def test_a_table_that_is_not_known_gives_no_estimate() -> None:
    assert statement(PAGE, blocks=100_000).rows_examined_per_call is None


def test_a_statement_that_nobody_may_read() -> None:
    context = make_context(statements=[{"calls": 3}], before={"statements": [{"calls": 0}]})
    (row,) = StatementFacts.build(context)
    told = (row.statement_text, row.kind, row.is_own, row.is_maintenance, row.has_offset)
    assert told == (None,) * 5


@pytest.mark.parametrize(
    ("condition", "column_type", "key"),
    [
        ("note = $1", "text", "note"),
        ("lower(note) = $1", "text", "lower(note)"),
        ("UPPER(note) = $1", "character varying(20)", "upper(note)"),
        ("lower(note) = $1", "citext", ""),
        ("lower(note::text) = $1", "integer", ""),
        ("substr(note, $1) = $2", "text", ""),
        ("lower(trim(note)) = $1", "text", ""),
        ("date(note) = $1", "timestamp with time zone", ""),
        ("lower(note || $1) = $2", "text", ""),
    ],
)
def test_keys_only_where_they_are_surely_immutable(
    condition: str, column_type: str, key: str
) -> None:
    assert predicate(condition, column_type).index_key == key


def _index(key: str, opclass: str, **more: Any) -> dict[str, Any]:
    expression = "(" in key
    return {"keys": [key], "key_is_expression": [expression], "opclass_names": [opclass], **more}


@pytest.mark.parametrize(
    ("condition", "indexes", "blocks", "needs"),
    [
        ("note LIKE $2 || $1", [], 1000, True),
        ("note NOT LIKE $2 || $1", [], 1000, False),
        ("note = $1", [], 1000, False),
        ("note LIKE $1", [], 1000, None),
        ("note LIKE $1", [], 99, False),
        ("note LIKE $1", [], 300, None),
        ("note LIKE $1", [_index("note", "text_pattern_ops")], 1000, True),
        ("note LIKE $1", [_index("note", "text_ops", collations=['pg_catalog."C"'])], 1000, True),
        ("note LIKE $1", [_index("note", "text_ops")], 1000, None),
        ("note LIKE $1", [_index("note", "text_pattern_ops", is_valid=False)], 1000, None),
        ("note LIKE $1", [_index("lower(note)", "text_pattern_ops")], 1000, None),
        ("note ILIKE $1", [], 1000, True),
        ("note ILIKE $1", [], 99, False),
        ("note LIKE $1 || $2", [], 1000, None),
        ("note ILIKE $1 || $2", [], 1000, True),
    ],
)
def test_which_patterns_need_trigrams(
    condition: str, indexes: list[Any], blocks: int, needs: bool | None
) -> None:
    assert predicate(condition, indexes=indexes, blocks=blocks).needs_trigrams is needs


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (_index("note", "gin_trgm_ops", access_method="gin"), "orders_idx"),
        (_index("note", "gist_trgm_ops", access_method="gist"), "orders_idx"),
        (_index("lower(note)", "gin_trgm_ops", access_method="gin"), ""),
        (_index("footnote", "gin_trgm_ops", access_method="gin"), ""),
        (_index("note", "text_ops"), ""),
    ],
)
def test_trigram_indexes_on_the_same_side(index: dict[str, Any], name: str) -> None:
    assert predicate("note LIKE $2 || $1", indexes=[index]).trigram_index == name


@pytest.mark.parametrize(
    ("column_type", "key"),
    [("text", "note gin_trgm_ops"), ("character varying(9)", "note gin_trgm_ops"), ("citext", "")],
)
def test_trigrams_are_of_text(column_type: str, key: str) -> None:
    assert predicate("note LIKE $2 || $1", column_type).trigram_key == key


def test_the_share_of_a_table_is_at_most_all_of_it() -> None:
    assert predicate("note = $1", blocks=5000).read_share == 1.0
    assert predicate("note = $1", blocks=250).read_share == 0.25
