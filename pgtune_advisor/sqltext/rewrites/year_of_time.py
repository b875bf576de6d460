"""extract(year from column): bounds on the column itself. Other fields are no range."""

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
    steady,
)
from pgtune_advisor.sqltext.rewrites.bounded import (
    ZONE_DAYS,
    ZONE_NOTE,
    Bounds,
    bounded,
    by_operator,
)

ABOUT: Final = "a range on the column beside extract(year from …)"
EXAMPLE: Final = (
    "SELECT id FROM orders WHERE extract('year' FROM placed) = $1",
    "SELECT id FROM orders WHERE placed >= make_date(($1::numeric)::int, 1, 1) AND placed <="
    " make_date(($1::numeric)::int + 1, 1, 1) AND extract('year' FROM placed) = $1",
)


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """Bounds beside every `extract('year' FROM column)` that is compared."""
    return bounded(tree, ground, _read)


def _read(
    side: exp.Expr, other: exp.Expr, operator: type[exp.Binary], ground: Ground
) -> Bounds | None:
    found = _extracted(bare(side))
    if found is None:
        return None
    field, inner = found
    if isinstance(field, exp.Parameter):
        raise RefusalError("field-hidden", "which field is extracted, the text does not keep")
    if field.name.lower() != "year":
        raise RefusalError(
            "not-a-range", f"{field.name} comes back again and again: its values are no range"
        )
    column = bare(inner)
    if not isinstance(column, exp.Column):
        raise RefusalError("not-a-column", "extract() has something else than a column in it")
    kind = ground.type_of(column)
    if kind not in ("timestamp", "timestamptz", "date"):
        raise RefusalError("type", f"a column of type {kind} has no year")
    value = cast(cast(steady(other), "numeric"), "int")
    margin = ZONE_DAYS if kind == "timestamptz" else 0
    # What is cast rounds: for > and < the year before and after are let in as well.
    low = _new_year(value, 0 if operator is exp.EQ else -1, -margin)
    high = _new_year(value, 1 if operator is exp.EQ else 2, margin)
    least, greatest = by_operator(operator, low, high)
    return Bounds(
        column=column,
        low=least,
        high=greatest,
        assumes=("the year is one that the calendar has, from 2 on",),
        notes=(ZONE_NOTE,) if margin else (),
    )


def _extracted(side: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    if isinstance(side, exp.Extract):
        return side.this, side.expression
    arguments = function(side, "date_part", "extract")
    return (arguments[0], arguments[1]) if arguments and len(arguments) == 2 else None


def _new_year(year: exp.Expr, later: int, days: int) -> exp.Expr:
    first: exp.Expr = year.copy()
    if later:
        operator = exp.Add if later > 0 else exp.Sub
        first = operator(this=first, expression=exp.Literal.number(abs(later)))
    one = exp.Literal.number(1)
    made: exp.Expr = exp.Anonymous(this="make_date", expressions=[first, one, one.copy()])
    if days:
        shift = exp.Add if days > 0 else exp.Sub
        made = shift(this=made, expression=exp.Literal.number(abs(days)))
    return made
