"""A column cast to date: bounds on the column itself."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    Ground,
    Outcome,
    RefusalError,
    bare,
    function,
    steady,
    typed,
)
from pgtune_advisor.sqltext.rewrites.bounded import (
    ZONE_DAYS,
    ZONE_NOTE,
    Bounds,
    bounded,
    by_operator,
)
from pgtune_advisor.sqltext.typenames import base_type

ABOUT: Final = "a range on the column beside its cast to date"
EXAMPLE: Final = (
    "SELECT id FROM orders WHERE placed::date = $1",
    "SELECT id FROM orders WHERE placed >= $1::date AND placed <= $1::date + 1"
    " AND placed::date = $1",
)


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """Bounds beside every `column::date` and `date(column)` that is compared with a date."""
    return bounded(tree, ground, _read)


def _read(
    side: exp.Expr, other: exp.Expr, operator: type[exp.Binary], ground: Ground
) -> Bounds | None:
    column = _dated(bare(side))
    if column is None:
        return None
    kind = ground.type_of(column)
    if kind not in ("timestamp", "timestamptz"):
        raise RefusalError("type", f"a column of type {kind} becomes a date by another way")
    value = typed(steady(other), "date")
    if not _is_date(value):
        raise RefusalError("other-side", "what it is compared with is not surely a date")
    margin = ZONE_DAYS if kind == "timestamptz" else 0
    low = exp.Sub(this=value, expression=exp.Literal.number(margin)) if margin else value
    high = exp.Add(this=value.copy(), expression=exp.Literal.number(margin + 1))
    least, greatest = by_operator(operator, low, high)
    notes = (ZONE_NOTE,) if margin else ()
    return Bounds(column=column, low=least, high=greatest, notes=notes)


def _dated(side: exp.Expr) -> exp.Column | None:
    """The column in `column::date` or `date(column)`."""
    inner = side.this if isinstance(side, exp.Cast) and _is_date(side) else None
    if inner is None and (arguments := function(side, "date")):
        inner = arguments[0]
    found = bare(inner) if inner is not None else None
    return found if isinstance(found, exp.Column) else None


def _is_date(node: exp.Expr) -> bool:
    plain = bare(node)
    if isinstance(plain, exp.Cast):
        return base_type(plain.to.sql(dialect="postgres")) == "date"
    return isinstance(plain, exp.CurrentDate)
