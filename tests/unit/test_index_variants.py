"""Indexes made from indexes, and which serves in the stead of which."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.advise.indexes.variants import extends, merged, plainer, reversed_keys
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from unit.index_worlds import COLUMNS, index

ORDERS = ("", "DESC", "NULLS FIRST", "DESC NULLS LAST")

names = st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True)
defs = st.builds(
    lambda keys, include, predicate: index(
        *keys, include=sorted(set(include) - set(keys)), predicate=predicate
    ),
    names,
    names,
    st.sampled_from(["", "e IS NULL"]),
)


@pytest.mark.parametrize(
    ("wider", "narrow"),
    [
        (index("a", "b"), index("a")),
        (index("a", "b", "c"), index("a", "b")),
        (index("a", include=("c",)), index("a")),
        (index("a", "c"), index("a", include=("c",))),
        (index("a", include=("b", "c")), index("a", include=("c",))),
        (index("a", "b", predicate="c IS NULL"), index("a", predicate="c IS NULL")),
    ],
)
def test_an_index_that_serves_whatever_the_other_serves(wider: IndexDef, narrow: IndexDef) -> None:
    assert extends(wider, narrow)
    assert not extends(narrow, wider)


DESCENDING = replace(index("a", "b"), keys=(IndexKey.of("a", order="DESC"), IndexKey.of("b")))
PATTERN = replace(index("a", "b"), keys=(IndexKey.of("a", opclass="text_pattern_ops"),))
ELSEWHERE = replace(index("a", "b"), table="u")


@pytest.mark.parametrize(
    "other",
    [
        index("a"),
        index("b", "a"),
        index("a", "b", predicate="c IS NULL"),
        index("a", "b", method="hash"),
        DESCENDING,
        PATTERN,
        ELSEWHERE,
    ],
)
def test_an_index_that_does_not_serve_for_it(other: IndexDef) -> None:
    assert not extends(other, index("a"))


def test_a_promise_to_the_data_is_not_extended() -> None:
    assert not extends(index("a", "b"), index("a", unique=True))


@given(one=defs, two=defs, three=defs)
def test_extending_is_an_order(one: IndexDef, two: IndexDef, three: IndexDef) -> None:
    assert not extends(one, one)
    assert not (extends(one, two) and extends(two, one))
    if extends(one, two) and extends(two, three):
        assert extends(one, three)


@given(one=defs, other=defs)
def test_a_merged_index_serves_for_both_and_in_either_order(one: IndexDef, other: IndexDef) -> None:
    found = list(merged(one, other))
    assert {(both.keys[0], frozenset(_columns(both))) for both in found} == {
        (both.keys[0], frozenset(_columns(both))) for both in merged(other, one)
    }
    for both in found:
        assert both.relation == one.relation
        assert both.predicate == one.predicate == other.predicate
        assert _columns(both) == _columns(one) | _columns(other)
        assert not set(both.columns) & set(both.include)
        # It leads as one of the two does, so nothing that seeks by the first key is lost.
        assert both.keys in (one.keys, other.keys)
        assert both.keys[0] == one.keys[0] == other.keys[0]


def _columns(one: IndexDef) -> set[str]:
    return {*one.columns, *one.include}


def test_what_is_not_merged() -> None:
    one = index("a", "b")
    for other in (
        one,
        index("b", "a"),
        index("a", "b", predicate="c IS NULL"),
        index("a", unique=True),
        index("a", method="hash"),
        replace(one, table="u"),
    ):
        assert list(merged(one, other)) == []


def test_the_longer_keys_win_where_one_leads_the_other() -> None:
    assert list(merged(index("a", include=("c",)), index("a", "b"))) == [
        index("a", "b", include=("c",))
    ]


@given(one=defs)
def test_a_plainer_index_promises_less(one: IndexDef) -> None:
    for found in plainer(one):
        assert found != one
        assert found.keys == one.keys[: len(found.keys)]
        assert set(found.include) <= set(one.include)
        assert found.predicate in ("", one.predicate)


def test_an_inverted_index_has_no_prefix() -> None:
    whole = index("a", "b", method="gin", predicate="c IS NULL")
    assert plainer(whole) == {index("a", "b", method="gin")}


@given(st.lists(st.tuples(st.sampled_from(COLUMNS), st.sampled_from(ORDERS)), max_size=4))
def test_a_mirror_image_twice_is_the_thing(pairs: list[tuple[str, str]]) -> None:
    keys = tuple(replace(IndexKey.of(name), order=order) for name, order in pairs)
    turned = reversed_keys(keys)
    assert reversed_keys(turned) == keys
    for key, mirror in zip(keys, turned, strict=True):
        assert key.expression == mirror.expression
        assert ("DESC" in key.order) != ("DESC" in mirror.order)
        assert _nulls_first(key.order) != _nulls_first(mirror.order)


def _nulls_first(order: str) -> bool:
    return order in ("DESC", "NULLS FIRST")
