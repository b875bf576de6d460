"""Which indexes could serve an access: order of keys, INCLUDE, predicates, access methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from pgtune_advisor.advise.indexes.access import Access, Term
from pgtune_advisor.advise.indexes.candidates import (
    FEW_VALUES,
    MOST,
    MOST_INCLUDED,
    MOST_KEYS,
    WIDEST_INCLUDE,
    candidates,
)
from pgtune_advisor.advise.indexes.habits import Habits
from pgtune_advisor.advise.indexes.others import BRIN_CORRELATION, BRIN_PAGES
from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from unit.index_worlds import access, index, table, term

PLAIN: Mapping[str, Mapping[str, Any]] = {name: {"n_distinct": 1000.0} for name in "abcdefgh"}
NO_HABITS = Habits(equals={})


def found(reads: Access, on: Table | None = None, habits: Habits = NO_HABITS) -> list[IndexDef]:
    return list(candidates(reads, on or table(PLAIN), habits))


def narrow(indexes: Iterable[IndexDef]) -> list[tuple[str, ...]]:
    """The keys of the whole btree indexes without INCLUDE, in their order."""
    return [
        one.columns
        for one in indexes
        if one.method == "btree" and not one.include and not one.predicate
    ]


def test_equalities_are_ordered_by_the_habits_of_the_workload() -> None:
    reads = access(term("a"), term("b"))
    often = access(term("b"))
    habits = Habits.of([(reads, 0.1), (often, 0.9)])
    assert narrow(found(reads, habits=habits))[0] == ("b", "a")
    other = Habits.of([(reads, 0.1), (access(term("a")), 0.9)])
    assert narrow(found(reads, habits=other))[0] == ("a", "b")


def test_equalities_that_are_as_common_are_ordered_by_selectivity() -> None:
    on = table({"a": {"n_distinct": 10.0}, "b": {"n_distinct": 5000.0}})
    assert narrow(found(access(term("a"), term("b")), on))[0] == ("b", "a")


def test_each_subset_of_the_equalities_is_a_candidate() -> None:
    keys = narrow(found(access(term("a"), term("b"), term("c"))))
    assert {frozenset(one) for one in keys} >= {
        frozenset("abc"),
        frozenset("ab"),
        frozenset("ac"),
        frozenset("bc"),
        frozenset("a"),
    }


def test_the_range_comes_last() -> None:
    keys = narrow(found(access(term("a", "range", ">"), term("b"), term("c"))))
    assert ("b", "c", "a") in keys or ("c", "b", "a") in keys
    assert ("a",) in keys
    assert not any(one[0] == "a" and len(one) > 1 for one in keys)


def test_an_order_follows_the_equalities() -> None:
    reads = access(term("a"), orders=[[("b", "b", "DESC"), ("c", "c", "")]])
    orders = [one.key_texts for one in found(reads) if one.method == "btree" and not one.include]
    # The mirror image: read backwards it gives the order that was asked for.
    assert ("a", "b", "c DESC") in orders
    assert ("b", "c DESC") in orders


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("", "b"),
        ("DESC", "b"),
        ("NULLS FIRST", "b NULLS FIRST"),
        ("DESC NULLS LAST", "b NULLS FIRST"),
        ("DESC NULLS FIRST", "b"),
        ("NULLS LAST", "b"),
    ],
)
def test_the_direction_of_a_single_key(asked: str, made: str) -> None:
    texts = {one.key_texts for one in found(access(orders=[[("b", "b", asked)]]))}
    assert (made,) in texts


def test_no_more_keys_than_are_useful() -> None:
    reads = access(*(term(name) for name in "abcdef"), term("g", "range", "<"))
    made = found(reads)
    assert made
    assert max(len(one.keys) for one in made) <= MOST_KEYS + 1
    assert len(made) <= MOST


def test_what_is_read_beside_the_keys_is_included() -> None:
    made = found(access(term("a"), needed=("b", "c")))
    assert index("a", include=("b", "c")) in made
    assert index("a") in made


def test_what_is_too_much_to_include() -> None:
    many = [f"x{number}" for number in range(MOST_INCLUDED + 1)]
    on = table({"a": {}, **{name: {"average_width": 4} for name in many}})
    assert not [i for i in found(access(term("a"), needed=many), on) if i.include]
    few = many[:-1]
    assert index("a", include=few) in found(access(term("a"), needed=few), on)


@pytest.mark.parametrize(("width", "fits"), [(WIDEST_INCLUDE, True), (WIDEST_INCLUDE + 1, False)])
def test_what_is_too_wide_to_include(width: float, fits: bool) -> None:
    on = table({"a": {}, "wide": {"average_width": int(width)}}, pages=1500)
    made = found(access(term("a"), needed=("wide",)), on)
    assert (index("a", include=("wide",)) in made) == fits


def test_a_document_is_not_included() -> None:
    on = table({"a": {}, "doc": {"type": "jsonb", "average_width": 20}})
    assert not [i for i in found(access(term("a"), needed=("doc",)), on) if i.include]


@pytest.mark.parametrize(("values", "partial"), [(FEW_VALUES, True), (FEW_VALUES + 1, False)])
def test_a_constant_of_few_values_is_a_predicate(values: float, partial: bool) -> None:
    on = table({"a": {"n_distinct": 1000.0}, "b": {"n_distinct": values}})
    made = found(access(term("a"), term("b", constant="'open'")), on)
    assert (index("a", predicate="b = 'open'") in made) == partial


@pytest.mark.parametrize(
    ("values", "share", "partial"),
    [(500.0, 0.02, True), (500.0, 0.019, False), (1000.0, 0.01, True), (1001.0, 0.5, False)],
)
def test_a_value_that_stands_out_of_many_is_a_predicate(
    values: float, share: float, partial: bool
) -> None:
    on = table({"a": {"n_distinct": 9000.0}, "b": {"n_distinct": values}})
    reads = access(term("a"), term("b", constant="0"))
    made = candidates(reads, on, NO_HABITS, lambda one: share if one.predicate else 1.0)
    assert (index("a", predicate="b = 0") in made) == partial


@pytest.mark.parametrize(("nulls", "left_out"), [(0.2, True), (0.19, False)])
def test_nulls_that_nobody_asks_for_are_left_out(nulls: float, left_out: bool) -> None:
    on = table({"a": {"n_distinct": 1000.0}, "b": {"n_distinct": 1000.0, "null_fraction": nulls}})
    lean = index("b", predicate="b IS NOT NULL")
    assert (lean in found(access(term("b")), on)) == left_out
    assert lean not in found(access(term("b", "null", "is null", predicate="b IS NULL")), on)
    joined = found(access(term("a", "range", ">"), term("b", joins=True)), on)
    assert (index("a", predicate="b IS NOT NULL") in joined) == left_out


def test_what_a_predicate_settles_is_not_carried_along() -> None:
    flag = term("b", "flag", "is true", predicate="b")
    reads = access(term("a"), flag, needed=("c",))
    assert index("a", include=("c",), predicate="b") in found(reads)
    reads.shown.add("b")
    assert index("a", include=("b", "c"), predicate="b") in found(reads)


@pytest.mark.parametrize(
    "fixed",
    [
        term("b", "null", "is null", predicate="b IS NULL"),
        term("b", "range", "is not null", predicate="b IS NOT NULL"),
        term("b", "flag", "is true", predicate="b"),
    ],
)
def test_a_null_test_and_a_flag_are_predicates(fixed: Term) -> None:
    made = found(access(term("a"), fixed))
    assert index("a", predicate=fixed.predicate) in made


@pytest.mark.parametrize(
    "moving", [term("b"), term("b", constant="1", group=1), term("b", joins=True)]
)
def test_a_parameter_an_alternative_and_a_join_are_none(moving: Term) -> None:
    on = table({"a": {"n_distinct": 1000.0}, "b": {"n_distinct": 3.0}})
    assert not [one for one in found(access(term("a"), moving), on) if one.predicate]


def test_two_fixed_conditions_alone_and_together() -> None:
    on = table({"a": {"n_distinct": 1000.0}, "b": {"n_distinct": 3.0}, "c": {"n_distinct": 3.0}})
    made = found(access(term("a"), term("b", constant="1"), term("c", constant="2")), on)
    assert {one.predicate for one in made} == {"", "b = 1", "c = 2", "(b = 1) AND (c = 2)"}


@pytest.mark.parametrize(
    ("kind", "opclass"),
    [
        ("text", "text_pattern_ops"),
        ("character varying(40)", "varchar_pattern_ops"),
        ("character(4)", "bpchar_pattern_ops"),
    ],
)
def test_a_prefix_needs_its_operator_class(kind: str, opclass: str) -> None:
    on = table({"a": {"type": kind}})
    made = found(access(term("a", "prefix", "~~", constant="'x%'")), on)
    assert IndexKey.of("a", opclass=opclass) in {one.keys[0] for one in made}


@pytest.mark.parametrize(
    ("kind", "reads", "expected"),
    [
        ("jsonb", term("a", "contains", "@>"), {"a", "a jsonb_path_ops"}),
        ("jsonb", term("a", "contains", "?"), {"a"}),
        ("jsonb", term("a", "contains", "@?"), {"a", "a jsonb_path_ops"}),
        ("jsonb", term("a", "search", "@@"), {"a jsonb_path_ops"}),
        ("text[]", term("a", "contains", "@>"), {"a"}),
        ("text[]", term("a", "contains", "&&"), {"a"}),
        ("tsvector", term("a", "search", "@@"), {"a"}),
        ("text", term("a", "pattern", "~~*"), {"a gin_trgm_ops"}),
        ("text", term("a", "pattern", "~"), {"a gin_trgm_ops"}),
        ("text", term("a", "prefix", "~~", inside=True), {"a gin_trgm_ops"}),
        ("text", term("a", "prefix", "~~"), set()),
        ("text", term("a"), set()),
        ("int4range", term("a", "contains", "@>"), set()),
    ],
)
def test_what_is_inside_a_value(kind: str, reads: Term, expected: set[str]) -> None:
    made = found(access(reads), table({"a": {"type": kind}}))
    assert {one.key_texts[0] for one in made if one.method == "gin"} == expected
    if kind in ("jsonb", "tsvector"):
        assert not [one for one in made if one.method == "btree"]


@pytest.mark.parametrize(
    ("pages", "correlation", "made"),
    [
        (BRIN_PAGES, BRIN_CORRELATION + 0.01, True),
        (BRIN_PAGES, -BRIN_CORRELATION - 0.01, True),
        (BRIN_PAGES - 1, 1.0, False),
        (BRIN_PAGES, BRIN_CORRELATION, False),
        (BRIN_PAGES, None, False),
    ],
)
def test_a_summary_of_blocks(pages: int, correlation: float | None, made: bool) -> None:
    given = {"correlation": "?" if correlation is None else correlation}
    on = table({"a": given}, rows=10_000_000.0, pages=pages)
    methods = {one.method for one in found(access(term("a", "range", ">")), on)}
    assert ("brin" in methods) == made
    assert "brin" not in {one.method for one in found(access(term("a")), on)}


PRIMARY = {"name": "t_pkey", "keys": ["a"], "is_unique": True, "is_primary": True}


def test_nothing_behind_the_primary_key() -> None:
    on = table(PLAIN, indexes=[PRIMARY])
    reads = access(term("a"), term("b"), needed=("c",), orders=[[("d", "d", "")]])
    for one in found(reads, on):
        assert one.keys[0].column != "a"


def test_no_prefix_of_what_is_there() -> None:
    on = table(PLAIN, indexes=[{"name": "i", "keys": ["b", "a", "c"]}])
    assert ("b",) not in narrow(found(access(term("b")), on))
    assert ("b", "a") not in narrow(found(access(term("a"), term("b")), on))
    # Another order of keys serves other statements.
    assert ("a",) in narrow(found(access(term("a")), on))


def test_what_is_there_may_be_widened() -> None:
    on = table(PLAIN, indexes=[{"name": "i", "keys": ["a"]}])
    made = found(access(term("a"), needed=("b",)), on)
    assert index("a") not in made
    assert index("a", include=("b",)) in made


def test_an_index_that_is_not_valid_serves_nothing() -> None:
    on = table(
        PLAIN, indexes=[{"name": "i", "keys": ["a"], "has_predicate": True, "predicate": "b = 1"}]
    )
    assert index("a") in found(access(term("a")), on)


def test_both_sides_of_an_alternative() -> None:
    made = found(access(term("a", group=1), term("b", group=1)))
    assert {("a",), ("b",)} <= set(narrow(made))
    assert ("a", "b") not in narrow(made)


def test_a_join_is_looked_up_by_either_order() -> None:
    keys = narrow(found(access(term("a", joins=True), term("b"))))
    assert {("b", "a"), ("a", "b")} <= set(keys)


def test_a_column_that_is_not_there_any_more_makes_none() -> None:
    assert found(access(term("gone"))) == []


@pytest.mark.parametrize("kind", ["json", "point", "xml", "jsonb", "text[]"])
def test_a_type_without_an_order_is_no_key(kind: str) -> None:
    on = table({"a": {"type": kind}})
    assert not [one for one in found(access(term("a"), needed=("a",)), on) if one.method == "btree"]
