"""A condition joined by bounds that follow from it: the answer stays, and an index can serve.

The condition itself is kept, so that nothing depends on time zones, infinite values, or whether
the other side is the begin of a month: whatever passes it also lies within the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    COMPARISONS,
    Changed,
    Ground,
    Outcome,
    RefusalError,
    conjuncts,
    negated_or_alternative,
    sides,
)

# Clocks that are set back or a day that a zone leaves out move the begin of a day by this at most.
ZONE_DAYS: Final = 2
ZONE_NOTE: Final = (
    "The bounds are two days wider on either side, since where a day begins depends on the "
    "session's time zone."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least and the greatest that a column may be for the condition to hold; None: none."""

    column: exp.Column
    low: exp.Expr | None
    high: exp.Expr | None
    assumes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Read = Callable[[exp.Expr, exp.Expr, type[exp.Binary], Ground], Bounds | None]
"""Bounds from a column's side, the other side and the operator between; None: not of this kind."""


def bounded(tree: exp.Expr, ground: Ground, read: Read) -> Outcome:
    """The tree with bounds beside each condition that `read` knows."""
    changed = tree.copy()
    assumes: dict[str, None] = {}
    notes: dict[str, None] = {}
    done = False
    refused: RefusalError | None = None
    for condition in list(conjuncts(changed)):
        try:
            found = _found(condition, ground, read)
        except RefusalError as error:
            refused = refused or error
            continue
        if found is None:
            continue
        condition.replace(_joined(condition.copy(), found))
        assumes |= dict.fromkeys(found.assumes)
        notes |= dict.fromkeys(found.notes)
        done = True
    if done:
        return Changed(tree=changed, assumes=tuple(assumes), notes=tuple(notes))
    if refused is not None:
        return refused.refusal
    return negated_or_alternative(tree, lambda node: _is_kind(node, ground, read))


def _found(condition: exp.Expr, ground: Ground, read: Read) -> Bounds | None:
    for side, other, operator in sides(condition):
        found = read(side, other, operator, ground)
        if found is not None:
            return found
    return None


def _is_kind(node: exp.Expr, ground: Ground, read: Read) -> bool:
    try:
        return isinstance(node, COMPARISONS) and _found(node, ground, read) is not None
    except RefusalError:
        return True


def _joined(condition: exp.Expr, bounds: Bounds) -> exp.Expr:
    column = bounds.column
    parts: list[exp.Expr] = []
    if bounds.low is not None and bounds.low == bounds.high:
        parts.append(exp.EQ(this=column.copy(), expression=bounds.low))
    else:
        if bounds.low is not None:
            parts.append(exp.GTE(this=column.copy(), expression=bounds.low))
        if bounds.high is not None:
            parts.append(exp.LTE(this=column.copy(), expression=bounds.high))
    return exp.and_(*parts, condition, copy=False)


def by_operator(
    operator: type[exp.Binary], low: exp.Expr, high: exp.Expr
) -> tuple[exp.Expr | None, exp.Expr | None]:
    """The bounds that an operator leaves: `>` has no greatest, `<` no least."""
    return (
        None if operator in (exp.LT, exp.LTE) else low,
        None if operator in (exp.GT, exp.GTE) else high,
    )
