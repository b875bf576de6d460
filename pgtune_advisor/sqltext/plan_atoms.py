"""EXPLAIN's conditions taken apart: which column is compared how, and with what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from sqlglot import exp

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.expressions import columns_in, unwrapped
from pgtune_advisor.sqltext.unparsed import Unparsed

Against = Literal["parameter", "constant", "column", "expression", "none"]

# What EXPLAIN prints and no parser reads; each stands for a value.
_SUBPLANS = re.compile(
    r"\((?:NOT )?(?:hashed )?(?:SubPlan|InitPlan|CTE) \S+\)(?:\.\w+)?"
    r"|\((?:any|all|exists|rowcompare)_?\w* ?\(?(?:SubPlan|InitPlan)[^)]*\)+"
    r"|\$0\b"
)
_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Like: "~~",
    exp.ILike: "~~*",
}
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>", "=": "="}
_SYMMETRIC: Final = frozenset({"=", "<>", "&&"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One condition, read from the side of the column that it restricts.

    `expression` is that side without aliases, `column` its name where it is a plain column. `text`
    is the whole condition without aliases where it compares with a constant. `parameter` is the
    number of `$n`. `group` numbers the OR under which it stands, from 1; 0 is none. A comparison
    of two tables' columns gives both sides in one atom.
    """

    alias: str
    expression: str
    column: str
    operator: str
    other: Against
    parameter: int | None = None
    constant: str = ""
    text: str = ""
    other_alias: str = ""
    other_expression: str = ""
    other_column: str = ""
    negated: bool = False
    group: int = 0
    columns: tuple[str, ...] = ()


@lru_cache(maxsize=8192)
def atoms(condition: str) -> tuple[Atom, ...]:
    """The atoms of a condition, in its order; none where it cannot be read."""
    cleaned = _SUBPLANS.sub("NULL", condition)
    written = library.deparsed(f"SELECT 1 WHERE {cleaned}")
    if isinstance(written, Unparsed):
        return ()
    tree = dialect.parsed(written, keep_literals=True)
    if isinstance(tree, Unparsed):
        return ()
    where = tree.args.get("where")
    if where is None:
        return ()
    try:
        return tuple(_walk(where.this, negated=False, group=0, counter=[0]))
    except RecursionError:
        return ()


def _walk(node: exp.Expr, *, negated: bool, group: int, counter: list[int]) -> Iterator[Atom]:
    node = unwrapped(node)
    match node:
        case exp.Not():
            yield from _walk(node.this, negated=not negated, group=group, counter=counter)
        case exp.And() | exp.Or():
            splits = isinstance(node, exp.Or) != negated
            if splits and not group:
                counter[0] += 1
                group = counter[0]
            for part in (node.this, node.expression):
                yield from _walk(part, negated=negated, group=group, counter=counter)
        case _:
            yield from _atom(node, negated=negated, group=group)


def _atom(node: exp.Expr, *, negated: bool, group: int) -> Iterator[Atom]:
    match node:
        case exp.Is() if isinstance(node.expression, exp.Null):
            name = "is not null" if negated != bool(node.args.get("negate")) else "is null"
            yield from _single(node.this, name, group=group)
        case exp.Is() if isinstance(node.expression, exp.Boolean):
            yield from _single(node, "is", negated=negated, group=group)
        case exp.Operator() if node.this is not None:
            name = str(node.args["operator"])
            yield from _compared(name, node, negated=negated, group=group)
        case exp.Binary() if type(node) in _COMPARISONS:
            name = _COMPARISONS[type(node)]
            yield from _compared(name, node, negated=negated, group=group)
        case exp.Column():
            yield from _single(node, "is true", negated=negated, group=group)


def _single(node: exp.Expr, operator: str, *, negated: bool = False, group: int) -> Iterator[Atom]:
    alias, column = _owner(node)
    if alias is None:
        return
    expression = _bare(node)
    suffix = {"is null": " IS NULL", "is not null": " IS NOT NULL"}.get(operator, "")
    text = f"{expression}{suffix}"
    yield Atom(
        alias=alias,
        expression=expression,
        column=column,
        operator=operator,
        other="none",
        text=f"NOT {text}" if negated else text,
        negated=negated,
        group=group,
    )


def _compared(name: str, node: exp.Expr, *, negated: bool, group: int) -> Iterator[Atom]:
    left, right = unwrapped(node.this), unwrapped(node.expression)
    rows = _row(left), _row(right)
    if rows[0] and len(rows[0]) == len(rows[1]):
        # (a, b) < (x, y) bounds a; what it says of b holds only where a = x
        first = exp.EQ(this=rows[0][0].copy(), expression=rows[1][0].copy())
        yield from _compared(name, first, negated=negated, group=group)
        return
    if isinstance(right, exp.Any):
        name, right = (f"{name} any", unwrapped(right.this))
    elif isinstance(left, exp.Any | exp.All) or isinstance(right, exp.All):
        return
    if not columns_in(left) and columns_in(right):
        if name not in _FLIPPED and name not in _SYMMETRIC:
            return
        name, left, right = _FLIPPED.get(name, name), right, left
    alias, column = _owner(left)
    if alias is None:
        return
    found = Atom(
        alias=alias,
        expression=_bare(left),
        column=column,
        operator=name,
        other="expression",
        negated=negated,
        group=group,
        columns=tuple(dict.fromkeys(read.name for read in columns_in(left))),
    )
    yield _against(found, node, right)


def _against(found: Atom, node: exp.Expr, right: exp.Expr) -> Atom:
    base = {f: getattr(found, f) for f in ("alias", "expression", "column", "operator")}
    base |= {"negated": found.negated, "group": found.group, "columns": found.columns}
    if columns_in(right):
        other_alias, other_column = _owner(right)
        if other_alias is None or other_alias == found.alias:
            return found
        return Atom(
            **base,
            other="column",
            other_alias=other_alias,
            other_column=other_column,
            other_expression=_bare(right),
        )
    value = _uncast(right)
    if isinstance(value, exp.Parameter):
        return Atom(**base, other="parameter", parameter=int(value.name))
    if isinstance(value, exp.Literal | exp.Boolean | exp.Neg):
        constant = value.name if isinstance(value, exp.Literal) else ""
        return Atom(**base, other="constant", constant=constant, text=_bare(node))
    return found


def _uncast(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node


def _owner(node: exp.Expr) -> tuple[str | None, str]:
    """The alias whose columns this side reads alone, and the column's name where it is bare."""
    found = columns_in(node)
    aliases = {column.table for column in found}
    if len(aliases) != 1:
        return None, ""
    bare = _relabelled(unwrapped(node))
    return aliases.pop(), bare.name if isinstance(bare, exp.Column) else ""


def _relabelled(node: exp.Expr) -> exp.Expr:
    """`(name)::text` of a varchar is the column itself to an index on it."""
    if isinstance(node, exp.Cast) and isinstance(unwrapped(node.this), exp.Column):
        kind = dialect.written(node.to).lower()
        if kind in ("text", "varchar", "character varying"):
            return unwrapped(node.this)
    return node


def _row(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Tuple):
        return list(node.expressions)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "row":
        return list(node.expressions)
    return []


def _bare(node: exp.Expr) -> str:
    """The node as PostgreSQL writes it, its columns without aliases."""
    copied = exp.Paren(this=unwrapped(node).copy())
    for column in list(copied.find_all(exp.Column)):
        for qualifier in ("table", "db", "catalog"):
            column.set(qualifier, None)
    written = library.deparsed(f"SELECT {dialect.written(copied.this)}")
    if isinstance(written, Unparsed):
        return dialect.written(copied.this)
    return written.removeprefix("SELECT ")
