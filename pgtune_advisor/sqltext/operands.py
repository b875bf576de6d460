"""The other side of a comparison: a value, and the type that the statement gives it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlglot import exp

from pgtune_advisor.sqltext.expressions import columns_in, type_name, unwrapped
from pgtune_advisor.sqltext.shape import Other
from pgtune_advisor.sqltext.typenames import base_type, element_type

_VALUES: Final = (exp.Parameter, exp.Placeholder)
_LITERALS: Final = (exp.Literal, exp.Boolean, exp.Null)


class Operand(NamedTuple):
    """What stands there, and its type where a cast or a decimal point tells it."""

    other: Other
    cast: str | None


def operand_of(node: exp.Expr) -> Operand:
    """What kind of value this is; the elements' type for ANY, ALL and arrays."""
    node = unwrapped(node)
    match node:
        case exp.Cast():
            return Operand(operand_of(node.this).other, base_type(type_name(node.to)))
        case exp.Any() | exp.All():
            inner = operand_of(node.this)
            return Operand(inner.other, inner.cast and element_type(inner.cast))
        case exp.Array() | exp.Tuple():
            return operands_of(node.expressions)
        case exp.Neg():
            return operand_of(node.this)
        case exp.Column():
            return Operand("column", None)
        case exp.Query():
            return Operand("subquery", None)
        case exp.Literal() if not node.is_string and not node.is_int:
            return Operand("constant", "numeric")
    if isinstance(node, _VALUES):
        return Operand("parameter", None)
    if isinstance(node, _LITERALS):
        return Operand("constant", None)
    return Operand("expression", None)


def operands_of(nodes: list[exp.Expr]) -> Operand:
    """The elements of a list as one: the weakest of what they are, and the type that they share."""
    found = [operand_of(node) for node in nodes]
    kinds = {operand.other for operand in found}
    casts = {operand.cast for operand in found if operand.cast}
    cast = casts.pop() if len(casts) == 1 else None
    if not kinds:
        return Operand("expression", None)
    if len(kinds) == 1:
        return Operand(kinds.pop(), cast)
    return Operand("parameter" if kinds == {"parameter", "constant"} else "expression", cast)


def reads_columns(node: exp.Expr) -> bool:
    """Whether a column stands in the node, outside of subqueries."""
    return bool(columns_in(node))
