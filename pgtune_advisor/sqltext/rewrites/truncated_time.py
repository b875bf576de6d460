"""date_trunc() of a column: bounds on the column itself."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    Ground,
    Outcome,
    RefusalError,
    bare,
    cast,
    function,
    interval,
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

ABOUT: Final = "a range on the column beside date_trunc()"
EXAMPLE: Final = (
    "SELECT id FROM orders WHERE date_trunc('month', placed) = $1",
    "SELECT id FROM orders WHERE placed >= $1::timestamp AND placed <= $1::timestamp"
    " + '1 month'::interval AND date_trunc('month', placed) = $1",
)

_STEPS: Final = {
    "microseconds": "1 microsecond",
    "milliseconds": "1 millisecond",
    "second": "1 second",
    "minute": "1 minute",
    "hour": "1 hour",
    "day": "1 day",
    "week": "7 days",
    "month": "1 month",
    "quarter": "3 months",
    "year": "1 year",
    "decade": "10 years",
    "century": "100 years",
    "millennium": "1000 years",
}


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """Bounds beside every `date_trunc(unit, column)` that is compared."""
    return bounded(tree, ground, _read)


def _read(
    side: exp.Expr, other: exp.Expr, operator: type[exp.Binary], ground: Ground
) -> Bounds | None:
    arguments = function(bare(side), "date_trunc")
    if arguments is None:
        return None
    column = bare(arguments[1]) if len(arguments) == 2 else None
    if not isinstance(column, exp.Column):
        raise RefusalError(
            "not-a-column", "date_trunc() has a time zone, or something else than a column in it"
        )
    kind = ground.type_of(column)
    if kind not in ("timestamp", "timestamptz"):
        raise RefusalError("type", f"date_trunc() of a column of type {kind} converts it first")
    value = typed(steady(other), kind)
    step, assumes = _step(bare(arguments[0]))
    low, high = value, exp.Add(this=value.copy(), expression=step)
    notes: tuple[str, ...] = ()
    if kind == "timestamptz":
        wider = interval(f"{ZONE_DAYS} days")
        low = exp.Sub(this=low, expression=wider)
        high = exp.Add(this=high, expression=wider.copy())
        notes = (ZONE_NOTE,)
    least, greatest = by_operator(operator, low, high)
    return Bounds(column=column, low=least, high=greatest, assumes=assumes, notes=notes)


def _step(unit: exp.Expr) -> tuple[exp.Expr, tuple[str, ...]]:
    """One unit as an interval. A parameter's value is not known, and «quarter» is no interval."""
    if isinstance(unit, exp.Parameter):
        text = exp.Operator(
            this=exp.Literal.string("1 "), operator="||", expression=cast(unit.copy(), "text")
        )
        said = f"${unit.this.name} is a unit that an interval knows (month, day, …, not quarter)"
        return cast(exp.Paren(this=text), "interval"), (said,)
    step = _STEPS.get(unit.name.lower()) if isinstance(unit, exp.Literal) else None
    if step is None:
        raise RefusalError("unit", "the unit of date_trunc() is not one that is known")
    return interval(step), ()
