"""From one condition to its predicates: which column, wrapped how, compared with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

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
from pgtune_advisor.sqltext.patterns import LIKE_KINDS, Pattern, pattern_of
from pgtune_advisor.sqltext.scopes import Scope
from pgtune_advisor.sqltext.shape import Clause, Other, Predicate, PredicateKind
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
_LIKE_OPERATORS: Final = {"~~": "like", "~~*": "ilike", "!~~": "like", "!~~*": "ilike"}
_KINDS: Final[Mapping[str, PredicateKind]] = {
    "=": "equality",
    "<>": "inequality",
    "is distinct from": "inequality",
    "<": "range",
    "<=": "range",
    ">": "range",
    ">=": "range",
    "between": "range",
    "in": "in",
    "= any": "in",
    **dict.fromkeys(("~", "~*", "!~", "!~*", "similar to"), "regex"),
    **dict.fromkeys(("@>", "<@", "?", "?|", "?&", "&&", "@?"), "containment"),
    **dict.fromkeys(("@@", "@@@"), "text-search"),
}
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>"}
_NEGATED: Final = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_BTREE: Final = frozenset({*_NEGATED, "between", "in", "= any", "is distinct from"})


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
    match node:
        case exp.Between():
            yield from _between(node, place)
        case exp.In():
            yield from _listed(node, place)
        case exp.Is():
            yield from _tested(node, place)
        case exp.Operator() if node.this is None:
            yield from _condition(node, place)
        case exp.Operator():
            name = str(node.args["operator"])
            if name in ("!~~", "!~~*"):
                place = replace(place, negated=not place.negated)
            yield from _compared(_LIKE_OPERATORS.get(name, name), node, place)
        case exp.Binary() if type(node) in _COMPARISONS:
            if node.args.get("negate"):
                place = replace(place, negated=not place.negated)
            yield from _compared(_COMPARISONS[type(node)], node, place)
        case _:
            yield from _condition(node, place)


def predicates_of_using(name: str, left: Scope, right: Scope) -> Iterator[Predicate]:
    """The predicates of JOIN … USING (name) between the sources on its left and its right."""
    column = exp.column(name)
    sides = side_of(column, left), side_of(column, right)
    yield from _joined("=", *sides, Place(scope=left, clause="join"))


def _between(node: exp.Between, place: Place) -> Iterator[Predicate]:
    low, high = node.args["low"], node.args["high"]
    if columns_in(low) or columns_in(high):
        yield from _compared(">=", exp.GTE(this=node.this, expression=low), place)
        yield from _compared("<=", exp.LTE(this=node.this, expression=high), place)
    elif columns_in(node.this):
        yield _against("between", node.this, operands_of([low, high]), place)


def _listed(node: exp.In, place: Place) -> Iterator[Predicate]:
    elements = node.expressions
    if any(columns_in(element) for element in elements) and not _row(node.this):
        place = replace(place, alternative=place.alternative or len(elements) > 1)
        for element in elements:
            yield from _compared("=", exp.EQ(this=node.this, expression=element), place)
        return
    value = operands_of(elements) if elements else Operand("subquery", None)
    for one in _row(node.this) or [node.this]:
        if columns_in(one):
            yield _against("in", one, value, place)


def _tested(node: exp.Is, place: Place) -> Iterator[Predicate]:
    if not columns_in(node.this):
        return
    negated = place.negated != bool(node.args.get("negate"))
    side = side_of(node.this, place.scope)
    if isinstance(node.expression, exp.Null):
        kind, operator = _wrapped("null-test", side, place), "is null"
    elif isinstance(node.expression, exp.Boolean):
        kind, operator = _wrapped("boolean", side, place), "is true"
        negated = negated != (not node.expression.this)
    else:
        kind, operator = "operator", "is json"
    yield _predicate(side, kind, operator, replace(place, negated=negated))


def _condition(node: exp.Expr, place: Place) -> Iterator[Predicate]:
    """A column, a call or another expression that is itself the condition."""
    if isinstance(node, exp.Query) or not columns_in(node):
        return
    side = side_of(node, place.scope)
    called = node.expression if isinstance(node, exp.Dot) else node
    kind = "boolean" if call_name(called) else _wrapped("boolean", side, place)
    yield _predicate(side, kind, "is true", place)


def _compared(name: str, node: exp.Expr, place: Place) -> Iterator[Predicate]:
    left, right = unwrapped(node.this), unwrapped(node.expression)
    rows = _row(left), _row(right)
    if rows[0] and len(rows[0]) == len(rows[1]):
        for one, other in zip(*rows, strict=True):
            yield from _compared(name, exp.EQ(this=one, expression=other), place)
            # (a, b) > (x, y) bounds a; what it says of b holds only where a = x
            place = replace(place, alternative=place.alternative or name not in ("=", "<>"))
    elif not columns_in(right):
        for one in rows[0] or [left]:
            if columns_in(one):
                yield _against_node(name, one, right, place)
    elif not columns_in(left):
        yield _against_column_on_the_right(name, right, left, place)
    else:
        sides = side_of(left, place.scope), side_of(right, place.scope)
        if sides[0].table is not None and sides[0].source is sides[1].source:
            whole = replace(side_of(node, place.scope), wrapping="expression")
            yield _predicate(whole, "expression", name, place, other=sides[1].as_other)
        else:
            yield from _joined(name, *sides, place)


def _against_node(name: str, node: exp.Expr, value: exp.Expr, place: Place) -> Predicate:
    pattern = pattern_of(value) if name in ("like", "ilike") else None
    if isinstance(value, exp.Any) and name == "=":
        name = "= any"
    return _against(name, node, operand_of(value), place, pattern)


def _against_column_on_the_right(
    name: str, node: exp.Expr, value: exp.Expr, place: Place
) -> Predicate:
    """`$1 < a` is `a > $1`; but `$1 LIKE a` and `$1 = ANY (a)` have no such turn."""
    operand = operand_of(value)
    if isinstance(node, exp.Any | exp.All) or name in ("like", "ilike"):
        side = side_of(node.this if isinstance(node, exp.Any | exp.All) else node, place.scope)
        return _predicate(side, "operator", name, place, other=operand.other)
    return _against(_FLIPPED.get(name, name), node, operand, place)


def _against(
    name: str, node: exp.Expr, value: Operand, place: Place, pattern: Pattern | None = None
) -> Predicate:
    if place.negated and name in _NEGATED:
        name, place = _NEGATED[name], replace(place, negated=False)
    side = side_of(node, place.scope)
    kind = LIKE_KINDS[pattern.form] if pattern else _KINDS.get(name, "operator")
    found = _predicate(
        side,
        _wrapped(kind, side, place),
        name,
        place,
        other=value.other,
        other_cast=value.cast,
        implicit_cast=_is_cast(name, side, value.cast),
    )
    if pattern is None:
        return found
    return replace(found, like=pattern.form, certain=pattern.certain)


def _joined(name: str, left: Side, right: Side, place: Place) -> Iterator[Predicate]:
    """One predicate for each side, since either may be the one that is looked up."""
    if place.negated and name in _NEGATED:
        name, place = _NEGATED[name], replace(place, negated=False)
    kind = "join" if name in _BTREE else _KINDS.get(name, "operator")
    turns = [(name, left, right), (_FLIPPED.get(name, name), right, left)]
    if name in ("like", "ilike"):
        kind, turns = "like-parameter", turns[:1]
    for operator, one, other in turns:
        found = _predicate(
            one,
            _wrapped(kind, one, place),
            operator,
            place,
            other=other.as_other,
            other_cast=other.casts[0] if other.casts else None,
            implicit_cast=_is_cast(name, one, other.type),
        )
        found = replace(found, other_table=other.table, other_column=other.column)
        yield replace(found, like="parameter") if kind == "like-parameter" else found


def _predicate(
    side: Side,
    kind: PredicateKind,
    operator: str,
    place: Place,
    *,
    other: Other = "none",
    other_cast: str | None = None,
    implicit_cast: bool = False,
) -> Predicate:
    return Predicate(
        table=side.table,
        column=side.column,
        kind=kind,
        operator=operator,
        expression=side.expression,
        functions=side.functions,
        cast_types=side.casts,
        other=other,
        other_cast=other_cast,
        clause=place.clause,
        negated=place.negated,
        alternative=place.alternative,
        implicit_cast=implicit_cast,
    )


def _wrapped(kind: PredicateKind, side: Side, place: Place) -> PredicateKind:
    """How the column is wrapped tells more than how it is compared, but for `%…`."""
    if kind == "like-leading-wildcard":
        return kind
    match side.wrapping:
        case "bare":
            return kind
        case "function":
            return "expression" if place.clause == "having" else "function-on-column"
        case "cast":
            return "cast-on-column"
        case "json":
            return "json-path"
        case "expression":
            return "expression"
        case _:
            assert_never(side.wrapping)


def _is_cast(name: str, side: Side, other_type: str | None) -> bool:
    if name not in _BTREE or side.wrapping != "bare" or side.type is None or other_type is None:
        return False
    return implicit_cast(side.type, other_type)


def _row(node: exp.Expr) -> list[exp.Expr]:
    """The elements of `(a, b)` or ROW(a, b); empty for anything else."""
    if isinstance(node, exp.Tuple):
        return node.expressions
    is_row = isinstance(node, exp.Anonymous) and node.name.lower() == "row"
    return node.expressions if is_row else []
