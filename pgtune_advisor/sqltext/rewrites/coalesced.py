"""coalesce(column, constant): the two cases apart, so that an index on the column serves both."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    COMPARISONS,
    Changed,
    Ground,
    Outcome,
    RefusalError,
    bare,
    function,
    sides,
    steady,
    typed,
)
from pgtune_advisor.sqltext.typenames import base_type

ABOUT: Final = "the column compared as it is, and NULL by itself"
EXAMPLE: Final = (
    "SELECT id FROM orders WHERE coalesce(note, $1) = $2",
    "SELECT id FROM orders WHERE (note = $2::text OR note IS NULL AND $1::text = $2::text)",
)

_NUMBERS: Final = frozenset({"int2", "int4", "int8"})


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """Every comparison of `coalesce(column, constant)`, under NOT and OR as well."""
    changed = tree.copy()
    done, refused = False, None
    for node in list(changed.find_all(*COMPARISONS)):
        if node.find_ancestor(exp.Where, exp.Join) is None:
            continue
        try:
            apart = _apart(node, ground)
        except RefusalError as error:
            refused = refused or error.refusal
            continue
        if apart is not None:
            node.replace(apart)
            done = True
    return Changed(tree=changed) if done else refused


def _apart(node: exp.Expr, ground: Ground) -> exp.Expr | None:
    for side, other, operator in sides(node):
        arguments = function(bare(side), "coalesce")
        if arguments is None:
            continue
        column = bare(arguments[0])
        if len(arguments) != 2 or not isinstance(column, exp.Column):
            raise RefusalError(
                "not-a-column", "coalesce() has more in it than a column and a value"
            )
        table, kind = ground.table_of(column), ground.type_of(column)
        if column.name in table.collated:
            raise RefusalError("collation", f"{column.name} has a collation of its own")
        default = _of_type(steady(arguments[1]), kind)
        value = _of_type(steady(other), kind)
        if default.find(exp.Column) or value.find(exp.Column):
            raise RefusalError("other-side", "it is compared with another column")
        missing = exp.and_(
            exp.Is(this=column.copy(), expression=exp.Null()),
            operator(this=default, expression=value),
            copy=False,
        )
        present: exp.Expr = operator(this=column.copy(), expression=value.copy())
        if not _only_truth_counts(node):
            # Of a NULL column this is false, where the comparison alone is NULL and NOT keeps it.
            is_there = exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))
            present = exp.and_(is_there, present, copy=False)
        return exp.Paren(this=exp.or_(present, missing, copy=False))
    return None


def _only_truth_counts(node: exp.Expr) -> bool:
    """Whether false and NULL are the same to what stands around it."""
    above = node.parent
    while isinstance(above, exp.And | exp.Or | exp.Paren):
        above = above.parent
    return isinstance(above, exp.Where | exp.Join)


def _of_type(node: exp.Expr, kind: str) -> exp.Expr:
    """The value with the column's type: any other one could make the comparison another."""
    found = typed(node, kind)
    plain = bare(found)
    if isinstance(plain, exp.Cast) and base_type(plain.to.sql(dialect="postgres")) == kind:
        return found
    if isinstance(plain, exp.Literal) and plain.is_int and kind in _NUMBERS:
        return found
    raise RefusalError("type", f"a value is not surely of the column's type {kind}")
