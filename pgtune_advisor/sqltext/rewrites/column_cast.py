"""A column that is cast for a comparison: the value cast to the column's type beside it."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    Ground,
    Outcome,
    RefusalError,
    bare,
    cast,
    steady,
    typed,
)
from pgtune_advisor.sqltext.rewrites.bounded import Bounds, bounded
from pgtune_advisor.sqltext.typenames import base_type, cast_keeps_index, implicit_cast

ABOUT: Final = "the value cast to the column's type"
EXAMPLE: Final = (
    "SELECT note FROM orders WHERE id = $1::numeric",
    "SELECT note FROM orders WHERE id = ($1::numeric)::bigint AND id = $1::numeric",
)

_INTEGERS: Final = frozenset({"int2", "int4", "int8"})
_FROM_NUMBERS: Final = frozenset({"numeric", "float4", "float8"})
_TEXTS: Final = frozenset({"text", "varchar"})


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """Every equality in which the server, or the statement, casts the column."""
    return bounded(tree, ground, _read)


def _read(
    side: exp.Expr, other: exp.Expr, operator: type[exp.Binary], ground: Ground
) -> Bounds | None:
    side, other = bare(side), bare(other)
    if isinstance(side, exp.Cast) and isinstance(bare(side.this), exp.Column):
        return _cast_by_hand(side, other, operator, ground)
    if isinstance(side, exp.Column) and isinstance(other, exp.Cast):
        target = base_type(other.to.sql(dialect="postgres"))
        kind = ground.type_of(side)
        if not implicit_cast(kind, target) or other.find(exp.Column):
            return None
        _only_equality(operator)
        return _bounds(side, steady(other), kind, target)
    if isinstance(side, exp.Column) and isinstance(other, exp.Column):
        kinds = ground.type_of(side), ground.type_of(other)
        if implicit_cast(*kinds):
            raise RefusalError(
                "columns-differ",
                f"both sides are columns, of types {kinds[0]} and {kinds[1]}: one must be altered",
            )
    return None


def _cast_by_hand(
    side: exp.Cast, other: exp.Expr, operator: type[exp.Binary], ground: Ground
) -> Bounds | None:
    column = bare(side.this)
    target = base_type(side.to.sql(dialect="postgres"))
    if not isinstance(column, exp.Column) or target == "date":
        return None
    written = ground.table_of(column).types[column.name]
    if cast_keeps_index(written, side.to.sql(dialect="postgres")):
        return None
    _only_equality(operator)
    if other.find(exp.Column):
        raise RefusalError("columns-differ", "both sides are columns: one must be altered")
    return _bounds(column, typed(steady(other), target), base_type(written), target)


def _only_equality(operator: type[exp.Binary]) -> None:
    if operator is not exp.EQ:
        raise RefusalError("not-equality", "a cast may change the order of values")


def _bounds(column: exp.Column, value: exp.Expr, kind: str, target: str) -> Bounds:
    """What equals the value after the cast also equals the value in the column's own type."""
    if kind in _INTEGERS and target in _FROM_NUMBERS:
        wanted, said = "bigint", "the value fits into bigint"
    elif kind in _INTEGERS and target in _TEXTS:
        wanted, said = "bigint", "the value is a whole number"
    elif kind == "uuid" and target in _TEXTS:
        wanted, said = "uuid", "the value is a UUID"
    elif kind == "bpchar" and target in _TEXTS:
        wanted, said = "bpchar", ""
    else:
        raise RefusalError(
            "lossy", f"several values of type {kind} may be one as {target}, or none is known"
        )
    low = cast(exp.Paren(this=value), wanted)
    return Bounds(column=column, low=low, high=low.copy(), assumes=(said,) if said else ())
