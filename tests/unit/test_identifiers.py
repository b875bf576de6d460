"""Names and literals as SQL wants them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.domain.identifiers import (
    MAX_NAME_BYTES,
    index_name,
    qualified,
    quote_ident,
    quote_literal,
    slug,
)

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("orders", "orders"),
        ("_a$1", "_a$1"),
        ("Orders", '"Orders"'),
        ("order", '"order"'),
        ("user", '"user"'),
        ("a b", '"a b"'),
        ('a"b', '"a""b"'),
        ("1a", '"1a"'),
        ("größe", '"größe"'),
    ],
)
def test_quotes_only_where_sql_needs_them(name: str, quoted: str) -> None:
    assert quote_ident(name) == quoted


def test_qualified_names() -> None:
    assert qualified("public", "Orders") == 'public."Orders"'
    assert qualified(None, "orders") == "orders"


def test_a_backslash_makes_an_escape_string() -> None:
    assert quote_literal("it's") == "'it''s'"
    assert quote_literal("a\\b") == "E'a\\\\b'"


def test_index_names_tell_table_and_columns() -> None:
    assert index_name("orders", ["user_id", "created_at"]) == "orders_user_id_created_at_idx"


def test_a_taken_name_is_avoided() -> None:
    first = index_name("orders", ["user_id"])
    second = index_name("orders", ["user_id"], [first])
    assert second != first
    assert second == index_name("orders", ["user_id"], [first])


@given(NAMES, st.lists(NAMES, min_size=1, max_size=6))
def test_index_names_fit_and_stay(table: str, columns: list[str]) -> None:
    name = index_name(table, columns)
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name == index_name(table, columns)
    again = index_name(table, columns, [name])
    assert again != name
    assert len(again.encode()) <= MAX_NAME_BYTES


def test_long_names_that_differ_late_stay_distinct() -> None:
    table = "t" * 60
    assert index_name(table, ["a"]) != index_name(table, ["b"])


def test_slugs_are_fit_for_file_names() -> None:
    assert slug('Drop index public."Größe / x"') == "drop_index_public_gr_e_x"
    assert slug("///") == "x"
