"""A look-up by one key as a look-up by many: the same rows for all keys in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.expressions import call_name, own_nodes
from pgtune_advisor.sqltext.unparsed import Unparsed

# Clauses that count or cut rows per statement, so that many keys at once would change them.
_PER_CALL: Final = ("limit", "offset", "distinct", "group", "having", "windows", "qualify")
_NAME: Final = "batch_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batched:
    """The statement for many keys. `added`: it returns the key as one more column, named
    `batch_key` in front (lateral) or the key's own name at the end (any).

    `parameters` are the numbers of the single statement's parameters in the order of the new one's;
    the one of the key takes an array.
    """

    text: str
    form: Literal["any", "lateral"]
    added: bool
    parameters: tuple[int, ...]
    key_parameter: int


def batched(text: str, column: str, column_type: str, *, is_unique: bool) -> Batched | None:
    """The batched form of a SELECT with `column = $n` in its outermost WHERE.

    `is_unique`: one key has one row at most, so that a LIMIT says nothing. None where the
    statement is not of this form; what is returned was parsed again.
    """
    tree = _select(text)
    if tree is None:
        return None
    condition = _key_condition(tree, column)
    if condition is None:
        return None
    key, value = _sides(condition)
    number = _number(value)
    if is_unique and len(tree.args.get("joins") or ()) == 0 and tree.args.get("limit"):
        tree.set("limit", None)
        tree.set("offset", None)
    if _counts_per_call(tree):
        whole, added = _lateral(tree, condition, key, number, column_type), True
    else:
        added = _returns_without(tree, key)
        if added:
            tree.append("expressions", key.copy())
        array = _array(number, column_type)
        condition.replace(exp.EQ(this=key.copy(), expression=exp.Any(this=exp.paren(array))))
        whole = tree
    return _checked(whole, "lateral" if whole is not tree else "any", added, number)


def _checked(
    tree: exp.Select, form: Literal["any", "lateral"], added: bool, number: int
) -> Batched | None:
    order = _renumber(tree)
    written = library.deparsed(dialect.written(tree))
    if isinstance(written, Unparsed):
        return None
    return Batched(
        text=written,
        form=form,
        added=added,
        parameters=order,
        key_parameter=order.index(number) + 1,
    )


def _select(text: str) -> exp.Select | None:
    written = library.deparsed(text)
    tree = written if isinstance(written, Unparsed) else dialect.parsed(written)
    is_plain = isinstance(tree, exp.Select) and not tree.args.get("locks")
    return tree if isinstance(tree, exp.Select) and is_plain else None


def _key_condition(tree: exp.Select, column: str) -> exp.EQ | None:
    """The only `column = $n` among the ANDed terms of WHERE."""
    where = tree.args.get("where")
    if where is None:
        return None
    terms = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    found = []
    for term in terms:
        term = term.unnest()
        if isinstance(term, exp.EQ):
            key, value = _sides(term)
            if isinstance(key, exp.Column) and key.name == column and _number(value):
                found.append(term)
    return found[0] if len(found) == 1 else None


def _sides(condition: exp.EQ) -> tuple[exp.Expr, exp.Expr]:
    """The column and the value of a comparison, whichever way round it is written."""
    left, right = condition.this.unnest(), condition.expression.unnest()
    return (left, right) if isinstance(left, exp.Column) else (right, left)


def _number(value: exp.Expr) -> int:
    """The number of the parameter that a value is, cast or not; 0 for anything else."""
    while isinstance(value, exp.Cast | exp.Paren):
        value = value.this
    if not isinstance(value, exp.Parameter) or not value.this.name.isdigit():
        return 0
    return int(value.this.name)


def _counts_per_call(tree: exp.Select) -> bool:
    """Whether all rows of a call depend on each other. Any function may be an aggregate."""
    if any(tree.args.get(name) for name in _PER_CALL):
        return True
    return any(call_name(node) for item in tree.expressions for node in own_nodes(item))


def _returns_without(tree: exp.Select, key: exp.Expr) -> bool:
    """Whether the rows do not show which key they belong to."""
    for item in tree.expressions:
        shown = item.this if isinstance(item, exp.Alias) else item
        if isinstance(shown, exp.Star):
            return False
        if isinstance(shown, exp.Column) and shown.name in (key.name, "*") and _meet(shown, key):
            return False
    return True


def _meet(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two columns can belong to one table, by what stands before them."""
    tables = [column.args.get("table") for column in (one, other)]
    return None in tables or tables[0] == tables[1]


def _array(number: int, column_type: str) -> exp.Expr:
    found: exp.Expr = _tree(f"SELECT CAST(${number} AS {column_type}[])").expressions[0]
    return found


def _tree(written: str) -> exp.Select:
    canonical = library.deparsed(written)
    tree = canonical if isinstance(canonical, Unparsed) else dialect.parsed(canonical)
    assert isinstance(tree, exp.Select), written
    return tree


def _lateral(
    tree: exp.Select, condition: exp.EQ, key: exp.Expr, number: int, column_type: str
) -> exp.Select:
    """The statement run for each key inside the server."""
    outer = _tree(
        f"SELECT batch.{_NAME}, found.* "  # noqa: S608 - written for people
        f"FROM unnest(CAST(${number} AS {column_type}[])) AS batch({_NAME}) "
        "CROSS JOIN LATERAL (SELECT 1) AS found"
    )
    column = outer.expressions[0]
    condition.replace(exp.EQ(this=key.copy(), expression=column.copy()))
    placeholder = next(one for one in outer.find_all(exp.Subquery))
    placeholder.set("this", tree)
    return outer


def _renumber(tree: exp.Select) -> tuple[int, ...]:
    """Number the parameters from 1 without gaps; returns the old numbers in the new order."""
    found = [node for node in tree.find_all(exp.Parameter) if node.this.name.isdigit()]
    old = sorted({int(node.this.name) for node in found})
    for node in found:
        node.set("this", exp.Literal.number(old.index(int(node.this.name)) + 1))
    return tuple(old)
