"""The form of LIKE patterns, which is all that is kept of them."""

from __future__ import annotations

import pytest

from pgtune_advisor.sqltext import Predicate, PredicateKind, Shape, shape_of


def predicates(text: str) -> tuple[Predicate, ...]:
    found = shape_of(text, None)
    assert isinstance(found, Shape), found
    return found.predicates


@pytest.mark.parametrize(
    ("pattern", "kind", "certain"),
    [
        ("like '%abc'", "like-leading-wildcard", True),
        ("like '_bc'", "like-leading-wildcard", True),
        ("ilike '%abc%'", "like-leading-wildcard", True),
        ("like 'abc%'", "like-prefix", True),
        ("like 'a%c'", "like-prefix", True),
        ("like 'abc'", "like-exact", True),
        ("like E'100\\\\%'", "like-exact", True),
        ("like $1", "like-parameter", True),
        ("ilike $1::text", "like-parameter", True),
        ("like '%' || $1 || '%'", "like-leading-wildcard", True),
        ("like concat('%', $1, '%')", "like-leading-wildcard", True),
        ("like concat('%', $1::text) escape '!'", "like-leading-wildcard", True),
        ("like 'a' || $1", "like-prefix", True),
        ("like $1 || '%'", "like-prefix", False),
        ("like $2 || $1 || $3", "like-leading-wildcard", False),
        ("like $1 || $2", "like-parameter", True),
        ("like any(array['%a', 'b%'])", "like-leading-wildcard", True),
        ("like any($1)", "like-parameter", True),
        ("~~ '%a'", "like-leading-wildcard", True),
    ],
)
def test_like(pattern: str, kind: PredicateKind, certain: bool) -> None:
    (found,) = predicates(f"select 1 from t where name {pattern}")
    assert (found.column, found.kind, found.certain) == ("name", kind, certain)
    assert found.like == kind.removeprefix("like-")
    assert not found.negated


def test_like_keeps_its_form_under_a_function() -> None:
    prefix, wildcard = predicates(
        "select 1 from t where lower(name) like 'a%' and lower(name) like '%a'"
    )
    assert (prefix.kind, prefix.like) == ("function-on-column", "prefix")
    assert (wildcard.kind, wildcard.functions) == ("like-leading-wildcard", ("lower",))


def test_a_pattern_from_a_column() -> None:
    left, equal = predicates("select 1 from t, u where t.a like u.b || '%' and $1 like t.c")
    assert (left.column, left.kind, left.other) == ("a", "like-parameter", "expression")
    assert (equal.column, equal.kind) == ("c", "operator")
