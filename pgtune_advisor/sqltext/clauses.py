"""LIMIT, OFFSET, ORDER BY and GROUP BY of a whole statement."""

from __future__ import annotations

from sqlglot import exp

from pgtune_advisor.sqltext.expressions import columns_in, expression_text, side_of
from pgtune_advisor.sqltext.operands import operand_of
from pgtune_advisor.sqltext.scopes import Scope
from pgtune_advisor.sqltext.shape import Bound, Key, OffsetClause


def limit_of(tree: exp.Expr) -> Bound | None:
    """How many rows LIMIT or FETCH FIRST asks for; None without, or for ALL."""
    clause = tree.args.get("limit")
    if clause is None:
        return None
    return _bound(clause.args.get("count") if isinstance(clause, exp.Fetch) else clause.expression)


def offset_of(tree: exp.Expr) -> OffsetClause | None:
    """The statement's OFFSET, else one of a query inside it; OFFSET 0 is none."""
    own = tree.args.get("offset")
    clauses = [own] if own else tree.find_all(exp.Offset)
    for clause in clauses:
        value = _bound(clause.expression)
        if value and clause.expression.name != "0":
            return OffsetClause(value=value, nested=own is None)
    return None


def order_of(tree: exp.Expr, scope: Scope) -> tuple[Key, ...]:
    """ORDER BY, where a plain name or a number may stand for what SELECT returns."""
    clause = tree.args.get("order")
    if clause is None:
        return ()
    returned = _returned(tree)
    return tuple(
        _key(
            _meant(item.this, tree, returned),
            scope,
            descending=bool(item.args.get("desc")),
            nulls_first=bool(item.args.get("nulls_first")),
        )
        for item in clause.expressions
    )


def groups_of(tree: exp.Expr, scope: Scope) -> tuple[Key, ...]:
    """The plain items of GROUP BY, where a number stands for what SELECT returns."""
    clause = tree.args.get("group")
    items = clause.expressions if clause else []
    return tuple(_key(_meant(item, tree, {}), scope) for item in items)


def _returned(tree: exp.Expr) -> dict[str, exp.Expr]:
    """What SELECT returns by alias."""
    if not isinstance(tree, exp.Select):
        return {}
    return {item.alias: item.this for item in tree.expressions if isinstance(item, exp.Alias)}


def _meant(node: exp.Expr, tree: exp.Expr, returned: dict[str, exp.Expr]) -> exp.Expr:
    if isinstance(node, exp.Column) and not node.table:
        return returned.get(node.name, node)
    if not isinstance(node, exp.Literal) or not isinstance(tree, exp.Select):
        return node
    items = tree.expressions[: int(node.name)] if node.is_int else []
    if not items or len(items) < int(node.name) or any(item.is_star for item in items):
        return node
    meant: exp.Expr = items[-1]
    return meant.this if isinstance(meant, exp.Alias) else meant


def _key(
    node: exp.Expr, scope: Scope, *, descending: bool = False, nulls_first: bool = False
) -> Key:
    side = side_of(node, scope) if columns_in(node) else None
    return Key(
        table=side.table if side else None,
        column=side.column if side and side.wrapping == "bare" else None,
        expression=expression_text(node),
        descending=descending,
        nulls_first=nulls_first,
    )


def _bound(node: exp.Expr | None) -> Bound | None:
    if node is None or isinstance(node, exp.Null) or node.name == "ALL":
        return None
    match operand_of(node).other:
        case "parameter":
            return "parameter"
        case "constant":
            return "literal"
        case _:
            return "expression"
