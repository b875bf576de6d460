"""From one condition to its predicates: which column, wrapped how, compared with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.expressions import (
    Side,
    call_name,
    columns_in,
    is_aggregated,
    side_of,
    unwrapped,
)
from pgtune_advisor.sqltext.operands import Operand, operand_of, operands_of
from pgtune_advisor.sqltext.patterns import Pattern, pattern_of
from pgtune_advisor.sqltext.scopes import Scope
from pgtune_advisor.sqltext.shape import Clause, Predicate, PredicateKind
from pgtune_advisor.sqltext.typenames import implicit_cast

_COMPARISONS: Final[Mapping[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "is not distinct from",
    exp.NullSafeNEQ: "is distinct from",
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.SimilarTo: "similar to",
    exp.Mod: "%",
}
_SPELLINGS: Final = {"~~": "like", "~~*": "ilike", "!~~": "not like", "!~~*": "not ilike"}
_KINDS: Final[Mapping[str, PredicateKind]] = {
    "=": "equality",
    "<>": "inequality",
    "is distinct from": "inequality",
    **dict.fromkeys(("<", "<=", ">", ">=", "between"), "range"),
    **dict.fromkeys(("~", "~*", "!~", "!~*", "similar to"), "regex"),
    **dict.fromkeys(("@>", "<@", "?", "?|", "?&", "&&", "@?"), "containment"),
    **dict.fromkeys(("@@", "@@@"), "text-search"),
    "in": "in",
}
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>"}
_NEGATED: Final = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LIKE: Final = frozenset({"like", "ilike"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a condition stands."""

    scope: Scope
    clause: Clause
    negated: bool = False
    alternative: bool = False


def predicates_of(node: exp.Expr, place: Place) -> Iterator[Predicate]:
    """The predicates of one condition without AND and OR; none where it reads no column."""
    node = unwrapped(node)
    if place.clause == "having" and is_aggregated(node):
        return
    if name := _comparison(node):
        if isinstance(node, exp.Like | exp.ILike) and node.args.get("negate"):
            place = replace(place, negated=not place.negated)
        if node.this is not None:
            yield from _compared(name, node.this, node.expression, place)
            return
    match node:
        case exp.Between():
            bounds = operands_of([node.args["low"], node.args["high"]])
            yield from _against_value("between", node.this, bounds, place)
        case exp.In():
            yield from _listed(node, place)
        case exp.Is():
            yield from _tested(node, place)
        case exp.Exists() | exp.Query():
            return
        case _ if columns_in(node):
            yield _condition(node, place)


def using(name: str, left: Scope, right: Scope) -> Iterator[Predicate]:
    """The predicates of JOIN … USING (name), whose sides come from these sources."""
    column = exp.column(name, quoted=True)
    sides = side_of(column, left), side_of(column, right)
    yield from _joined("=", *sides, Place(scope=left, clause="join"))


def _comparison(node: exp.Expr) -> str | None:
    """The comparison's operator, in small letters."""
    if isinstance(node, exp.Operator):
        name = str(node.args["operator"])
        return _SPELLINGS.get(name, name)
    return _COMPARISONS.get(type(node))


def _compared(name: str, left: exp.Expr, right: exp.Expr, place: Place) -> Iterator[Predicate]:
    if name.startswith("not "):
        name, place = name.removeprefix("not "), replace(place, negated=not place.negated)
    rows = _row(left), _row(right)
    if rows[0] and rows[1] and len(rows[0]) == len(rows[1]):
        for one, other in zip(*rows, strict=True):
            yield from _compared(name, one, other, place)
    elif not columns_in(right):
        for one in rows[0] or [left]:
            yield from _against_node(name, one, right, place)
    elif not columns_in(left):
        yield from _against_node(_FLIPPED.get(name, name), right, left, place, flipped=True)
    else:
        sides = side_of(left, place.scope), side_of(right, place.scope)
        yield from _joined(name, *sides, place)


def _against_node(
    name: str, node: exp.Expr, value: exp.Expr, place: Place, *, flipped: bool = False
) -> Iterator[Predicate]:
    """`flipped`: the column stood on the right, where LIKE has its pattern."""
    pattern = None
    if name in _LIKE:
        pattern = Pattern("parameter", True) if flipped else _pattern(value)
    if flipped and isinstance(unwrapped(node), exp.Any | exp.All):
        # value = ANY (column) asks what the column's array contains
        yield from _against_value("= any" if name == "=" else name, node, operand_of(value), place)
    else:
        yield from _against_value(name, node, operand_of(value), place, pattern)


def _against_value(
    name: str, node: exp.Expr, value: Operand, place: Place, pattern: Pattern | None = None
) -> Iterator[Predicate]:
    node = unwrapped(node)
    array = isinstance(node, exp.Any | exp.All)
    node = unwrapped(node.this) if array else node
    if isinstance(node, exp.Query) or not columns_in(node):
        return
    side = side_of(node, place.scope)
    kind: PredicateKind = "containment" if array else _KINDS.get(name, "operator")
    if pattern:
        kind = f"like-{pattern.form}"  # type: ignore[assignment]
    yield _predicate(
        side,
        _wrapped(kind, side, place),
        name,
        place,
        like=pattern.form if pattern else None,
        certain=pattern.certain if pattern else True,
        other=value.other,
        other_cast=value.cast,
        implicit_cast=_is_cast(side, value.cast),
    )
