"""WHERE, ON and HAVING taken apart at AND, OR and NOT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from pgtune_advisor.sqltext.predicates import Place, predicates_of
from pgtune_advisor.sqltext.shape import Predicate


def predicates_in(condition: exp.Expr, place: Place) -> Iterator[Predicate]:
    """The predicates of a whole condition, in the order of the text.

    What stands under OR, or under a negated AND, is an alternative.
    """
    waiting = [(condition, place)]
    while waiting:
        node, at = waiting.pop()
        match node:
            case exp.Paren():
                waiting.append((node.this, at))
            case exp.Not():
                waiting.append((node.this, replace(at, negated=not at.negated)))
            case exp.And() | exp.Or():
                splits = isinstance(node, exp.Or) != at.negated
                inner = replace(at, alternative=at.alternative or splits)
                waiting += [(node.expression, inner), (node.this, inner)]
            case _:
                yield from predicates_of(node, at)
