"""Whether the sides of a condition go together: SQLite compares a text with a number in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from sqlglot import exp

from pgtune_advisor.domain.custom import FactType
from pgtune_advisor.domain.errors import RuleError

Kind = Literal["text", "number", "boolean"]
FactTypes = Callable[[exp.Column], FactType | None]
"""The type of the fact that a column names; None where it is not known."""

_KINDS: Final[dict[FactType, Kind]] = {
    "text": "text",
    "integer": "number",
    "real": "number",
    "boolean": "boolean",
}
COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_PREDICATES: Final = (*COMPARISONS, exp.Is, exp.In, exp.Between, exp.Like)
_LOGIC: Final = (exp.And, exp.Or, exp.Not)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs)


def check_types(tree: exp.Expr, types: FactTypes, where: str) -> None:
    """RuleError where a text meets a number, or where a condition is due and something else is."""
    _condition(tree, types, where)
    for node in tree.walk():
        match node:
            case exp.And() | exp.Or():
                _condition(node.this, types, where)
                _condition(node.expression, types, where)
            case exp.Not():
                _condition(node.this, types, where)
            case exp.If():
                # In CASE x WHEN 1 the 1 is a value, not a condition.
                if not (isinstance(node.parent, exp.Case) and node.parent.this):
                    _condition(node.this, types, where)
            case exp.Like():
                _only("text", [node.this, node.expression], types, where)
            case exp.Between():
                _agree((node.this, node.args["low"], node.args["high"]), types, where)
            case exp.In():
                _agree((node.this, *node.expressions), types, where)
            case _ if isinstance(node, COMPARISONS):
                _agree((node.this, node.expression), types, where)
            case _ if isinstance(node, _ARITHMETIC):
                sides = [part for name in ("this", "expression") if (part := node.args.get(name))]
                _only("number", sides, types, where)
            case _:
                pass


def kind_of(node: exp.Expr, types: FactTypes) -> Kind | None:
    """What an expression yields; None where only the evaluation can tell."""
    match node:
        case exp.Column():
            found = types(node)
            return _KINDS[found] if found else None
        case exp.Literal():
            return "text" if node.is_string else "number"
        case exp.Placeholder():
            return "number"
        case exp.Boolean():
            return "boolean"
        case exp.Paren() | exp.Coalesce():
            return kind_of(node.this, types)
        case exp.Case():
            return kind_of(node.args["ifs"][0].args["true"], types)
        case _ if isinstance(node, (*_PREDICATES, *_LOGIC)):
            return "boolean"
        case _ if isinstance(node, _ARITHMETIC):
            return "number"
        case _:
            return None


def _condition(node: exp.Expr, types: FactTypes, where: str) -> None:
    kind = kind_of(node, types)
    if kind not in ("boolean", None):
        raise RuleError(
            f"{where}: a {kind} stands where a condition is due",
            detail=f"In: {node.sql(dialect='sqlite')}",
            hint="Compare it with something.",
        )


def _agree(sides: tuple[exp.Expr, ...], types: FactTypes, where: str) -> None:
    kinds = {kind for side in sides if (kind := kind_of(side, types)) is not None}
    if "text" in kinds and len(kinds) > 1:
        listed = ", ".join(
            f"{side.sql(dialect='sqlite')} is a {kind}"
            for side in sides
            if (kind := kind_of(side, types))
        )
        raise RuleError(f"{where}: a text is compared with what is none", detail=listed)


def _only(wanted: Kind, sides: list[exp.Expr], types: FactTypes, where: str) -> None:
    for side in sides:
        kind = kind_of(side, types)
        if kind not in (wanted, None):
            raise RuleError(f"{where}: {side.sql(dialect='sqlite')} is a {kind}, not a {wanted}")
