"""What form a LIKE pattern has, never what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlglot import exp

from pgtune_advisor.sqltext.shape import LikeForm, PredicateKind

LIKE_KINDS: Final[Mapping[LikeForm, PredicateKind]] = {
    "leading-wildcard": "like-leading-wildcard",
    "prefix": "like-prefix",
    "exact": "like-exact",
    "parameter": "like-parameter",
}


class Pattern(NamedTuple):
    """The form, and whether the text proves it."""

    form: LikeForm
    certain: bool


def pattern_of(node: exp.Expr) -> Pattern:
    """The form of the right side of LIKE: by its leftmost part, then by its end.

    Of several patterns, as in LIKE ANY (ARRAY[…]), the one that asks most of an index.
    """
    if elements := _elements(node):
        return min((pattern_of(element) for element in elements), key=_demand)
    parts = _parts(node)
    first = parts[0]
    if isinstance(first, exp.Literal):
        if first.name.startswith("%"):
            return Pattern("leading-wildcard", True)
        if "%" in first.name or len(parts) > 1:
            return Pattern("prefix", True)
        return Pattern("exact", True)
    if any(isinstance(part, exp.Literal) and "%" in part.name for part in parts):
        return Pattern("prefix", False)
    return (
        Pattern("leading-wildcard", False) if _after_constant(parts) else Pattern("parameter", True)
    )


def _elements(node: exp.Expr) -> list[exp.Expr]:
    while isinstance(node, exp.Paren | exp.Any | exp.All):
        node = node.this
    return node.expressions if isinstance(node, exp.Array) else []


def _demand(pattern: Pattern) -> int:
    return ("leading-wildcard", "parameter", "prefix", "exact").index(pattern.form)


def _after_constant(parts: list[exp.Expr]) -> bool:
    """Whether the first part looks like a constant that the server replaced.

    It numbers the constants that it replaces after all parameters of the client. So in
    `$2 || $1 || $3` the first was a constant in front of a parameter: in practice `'%'`.
    """
    numbers = [_number(part) for part in parts]
    first = numbers[0]
    return first is not None and any(
        number is not None and number < first for number in numbers[1:]
    )


def _number(part: exp.Expr) -> int | None:
    if isinstance(part, exp.Parameter) and part.name.isdigit():
        return int(part.name)
    return None


def _parts(node: exp.Expr) -> list[exp.Expr]:
    """The operands of `||` or concat() in order, without casts and parentheses."""
    found: list[exp.Expr] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, exp.Paren | exp.Cast):
            stack.append(part.this)
        elif isinstance(part, exp.Operator) and part.args["operator"] == "||":
            stack += [part.expression, part.this]
        elif isinstance(part, exp.Anonymous) and part.name.lower() == "concat" and part.expressions:
            stack += reversed(part.expressions)
        elif isinstance(part, exp.Dot) and _is_escape(part.expression):
            stack.append(part.expression.expressions[0])
        else:
            found.append(part)
    return found


def _is_escape(call: exp.Expr) -> bool:
    """How PostgreSQL's parser writes the ESCAPE clause."""
    return isinstance(call, exp.Anonymous) and call.name.lower() == "like_escape"
