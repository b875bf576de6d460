"""Which statements one may stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.sqltext import kin

BASE = "SELECT a, b FROM t WHERE c = $1 ORDER BY d LIMIT 10"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t WHERE c = $1 ORDER BY d LIMIT 10",
        "SELECT * FROM t WHERE c = 'x' ORDER BY d LIMIT 20",
        "SELECT t.a AS x, t.z FROM t WHERE c = $7 ORDER BY d LIMIT $8",
    ],
)
def test_columns_and_literals_do_not_part_them(text: str) -> None:
    assert kin(text) == kin(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a, b FROM u WHERE c = $1 ORDER BY d LIMIT 10",
        "SELECT a, b FROM t WHERE e = $1 ORDER BY d LIMIT 10",
        "SELECT a, b FROM t WHERE c > $1 ORDER BY d LIMIT 10",
        "SELECT a, b FROM t WHERE c = $1 ORDER BY d DESC LIMIT 10",
        "SELECT a, b FROM t WHERE c = $1 ORDER BY d",
        "SELECT count(*) FROM t WHERE c = $1 ORDER BY d LIMIT 10",
        "SELECT DISTINCT a, b FROM t WHERE c = $1 ORDER BY d LIMIT 10",
        "SELECT a, (SELECT 1 FROM u WHERE u.x = t.a) FROM t WHERE c = $1 ORDER BY d LIMIT 10",
    ],
)
def test_what_another_index_serves_parts_them(text: str) -> None:
    assert kin(text) != kin(BASE)


def test_an_order_by_place_or_name_keeps_its_columns() -> None:
    assert kin("SELECT a FROM t ORDER BY 1") != kin("SELECT b FROM t ORDER BY 1")
    assert kin("SELECT a AS x FROM t ORDER BY x") != kin("SELECT b AS x FROM t ORDER BY x")


@pytest.mark.parametrize("text", ["", "SELECT a FROM", "\x00", "(" * 5000])
def test_what_does_not_parse_has_none(text: str) -> None:
    assert kin(text) is None


def test_what_is_deep_is_known_by_its_structure() -> None:
    deep = "SELECT a FROM t WHERE " + "(" * 150 + "a = 1" + ")" * 150
    assert kin(deep) is not None


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True))
def test_any_list_of_columns(names: list[str]) -> None:
    assert kin(f"SELECT {', '.join(names)} FROM t WHERE c = 1") == kin("SELECT a FROM t WHERE c=2")
