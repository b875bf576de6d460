"""The conditions that EXPLAIN prints, taken apart to atoms: a column's side, an operator, a value.

Predicates of indexes and WHERE clauses are read the same way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal

from google.protobuf.message import DecodeError
from postgast.errors import PgQueryError
from postgast.parse import parse
from postgast.pg_query_pb2 import A_Expr_Kind as Kind
from postgast.pg_query_pb2 import BoolExprType, BoolTestType, NullTestType, Token

from pgtune_advisor.sqltext import library, tokens
from pgtune_advisor.sqltext.tokens import Piece
from pgtune_advisor.sqltext.tree import (
    Side,
    column_of,
    constant_of,
    is_subplan,
    row_elements,
    side_of,
)

Other = Literal["parameter", "constant", "column", "expression", "subplan", "none"]

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>"}
_SYMMETRIC: Final = frozenset({"=", "<>", "&&", "is distinct from", *_FLIPPED})
_NAMES: Final = {Kind.AEXPR_DISTINCT: "is distinct from", Kind.AEXPR_NOT_DISTINCT: "="}
_TESTS: Final = {
    BoolTestType.IS_TRUE: ("is true", False),
    BoolTestType.IS_NOT_TRUE: ("is true", True),
    BoolTestType.IS_FALSE: ("is false", False),
    BoolTestType.IS_NOT_FALSE: ("is false", True),
    BoolTestType.IS_UNKNOWN: ("is null", False),
    BoolTestType.IS_NOT_UNKNOWN: ("is null", True),
}
_RETURNED = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One comparison or test, read from one column's side.

    `alias` is what qualifies the columns of this side, None where nothing does; `column` the only
    column of this side where nothing but parentheses or one cast (`cast`) surrounds it, else None.
    `columns` are all of this side. `expression` is this side in PostgreSQL's spelling without
    qualifiers, its constants kept.

    `operator` is PostgreSQL's (`=`, `~~` for LIKE, `@>`, …), with ` ANY` or ` ALL` behind it for a
    list, or `is null`, `is true`, `is false`, `is distinct from`. It is turned round where the
    column stood on the right; what has no such turn (`'x' = ANY (t.tags)`) is `ANY of =`.

    `parameter` is the number where the other side is `$n`, perhaps cast, `parameters` are all on
    that side. `constant` is the other side's SQL where it is a constant: data, never to be shown.
    `other_text` is the other side in any case, likewise data.

    Of the atoms under one OR, `group` is the same number (0: none), and `branch` tells its arms
    apart, of which there are `branches`: an arm without an atom (a subplan) is none that an index
    serves. `alternative` is true for them. `row` counts the places of a row comparison from 1, 0
    for anything else; `(a, b) > (x, y)` gives two atoms with the same operator, of which only the
    first holds by itself.
    """

    alias: str | None
    column: str | None
    expression: str
    operator: str
    other: Other
    columns: tuple[str, ...] = ()
    cast: str | None = None
    parameter: int | None = None
    parameters: tuple[int, ...] = ()
    constant: str | None = None
    other_text: str = ""
    other_alias: str | None = None
    other_column: str | None = None
    negated: bool = False
    alternative: bool = False
    group: int = 0
    branch: int = 0
    branches: int = 0
    row: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether this side is the column and nothing else."""
        return self.column is not None and self.cast is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    negated: bool = False
    group: int = 0
    branch: int = 0
    branches: int = 0
    row: int = 0


@lru_cache(maxsize=8192)
def atoms(condition: str, internal: frozenset[int] = frozenset()) -> tuple[Atom, ...]:
    """The atoms of a condition in the order of the text; none where it cannot be read.

    `internal`: the numbers of `$n` that stand for an InitPlan's result, as up to PostgreSQL 16
    (see `returned`). Comparisons of two tables' columns give an atom for each.
    """
    tree = _tree(condition)
    return tuple(_Reader(internal).read(tree)) if tree is not None else ()


def is_readable(condition: str) -> bool:
    """Whether the condition can be taken apart."""
    return _tree(condition) is not None


def returned(subplan_names: Collection[str]) -> frozenset[int]:
    """The numbers in `InitPlan 1 (returns $0)`, a plan node's "Subplan Name"."""
    return frozenset(
        int(number)
        for name in subplan_names
        if "returns" in name
        for number in _RETURNED.findall(name)
    )


def _tree(condition: str) -> Any:
    """PostgreSQL's parse tree of the condition, or None."""
    text = f"SELECT {_cleaned(condition)}"
    if library.refused(text):
        return None
    try:
        statements = parse(text).stmts
    except (PgQueryError, DecodeError):  # DecodeError: more than a hundred levels
        return None
    if len(statements) != 1 or len(statements[0].stmt.select_stmt.target_list) != 1:
        return None
    return statements[0].stmt.select_stmt.target_list[0].res_target.val


def _cleaned(condition: str) -> str:
    """What only EXPLAIN writes as names: `(hashed SubPlan 1).col1`, `ANY (a = …)`."""
    found = tokens.pieces(condition) or []
    out: list[Piece] = []
    at = 0
    while at < len(found):
        piece, follows = found[at], found[at + 1 : at + 2]
        word = piece.text
        at += 1
        if word in ("SubPlan", "InitPlan") and follows and follows[0].kind == Token.ICONST:
            out.append(piece._replace(text=f'"{word} {follows[0].text}"'))
            at += 1
        elif word in ("hashed", "rescan") and follows and follows[0].text == "SubPlan":
            pass
        elif word not in ("ANY", "ALL") or not _leads(found, at - 1):
            out.append(piece)
    return tokens.joined(out).replace("OVER (?)", "OVER ()")


def _leads(found: list[Piece], at: int) -> bool:
    """Whether ANY begins a condition instead of following an operator."""
    return at == 0 or found[at - 1].text in ("(", "NOT", "AND", "OR")


class _Reader:
    """Reads one condition; counts the ORs in it."""

    def __init__(self, internal: frozenset[int]) -> None:
        self._internal = internal
        self._groups = 0

    def read(self, node: Any, place: _Place | None = None) -> Iterator[Atom]:
        place = place or _Place()
        match node.WhichOneof("node"):
            case "bool_expr":
                yield from self._bool(node.bool_expr, place)
            case "a_expr":
                yield from self._compared(node.a_expr, place)
            case "null_test":
                is_not = node.null_test.nulltesttype == NullTestType.IS_NOT_NULL
                yield from _tested(node.null_test.arg, "is null", is_not, place)
            case "boolean_test":
                operator, is_not = _TESTS[node.boolean_test.booltesttype]
                yield from _tested(node.boolean_test.arg, operator, is_not, place)
            case _:
                yield from _tested(node, "is true", False, place)

    def _bool(self, node: Any, place: _Place) -> Iterator[Atom]:
        if node.boolop == BoolExprType.NOT_EXPR:
            yield from self.read(node.args[0], replace(place, negated=not place.negated))
            return
        if (node.boolop == BoolExprType.OR_EXPR) == place.negated:
            for argument in node.args:
                yield from self.read(argument, place)
            return
        self._groups += 1
        group = self._groups
        for branch, argument in enumerate(node.args, 1):
            arm = replace(place, group=group, branch=branch, branches=len(node.args))
            yield from self.read(argument, arm)

    def _compared(self, node: Any, place: _Place) -> Iterator[Atom]:
        name = _NAMES.get(node.kind) or node.name[-1].string.sval
        if node.kind == Kind.AEXPR_IN:
            name = "= ANY" if name == "=" else "<> ALL"
        elif node.kind == Kind.AEXPR_OP_ANY:
            name += " ANY"
        elif node.kind == Kind.AEXPR_OP_ALL:
            name += " ALL"
        left, right = row_elements(node.lexpr), row_elements(node.rexpr)
        if left and len(left) == len(right):
            for row, (one, other) in enumerate(zip(left, right, strict=True), 1):
                yield from self._pair(name, one, other, replace(place, row=row))
        else:
            yield from self._pair(name, node.lexpr, node.rexpr, place)

    def _pair(self, name: str, left: Any, right: Any, place: _Place) -> Iterator[Atom]:
        sides = side_of(left), side_of(right)
        if sides[0].columns and not sides[1].columns:
            yield self._atom(name, sides[0], right, place)
        elif sides[1].columns and not sides[0].columns:
            yield self._atom(_turned(name), sides[1], left, place)
        elif sides[0].columns and sides[0].alias == sides[1].alias and sides[0].alias is not None:
            yield replace(
                self._atom(name, sides[0], right, place),
                column=None,
                columns=tuple(dict.fromkeys(sides[0].columns + sides[1].columns)),
                expression=f"{sides[0].text} {name} {sides[1].text}",
            )
        elif sides[0].columns:
            yield self._atom(name, sides[0], right, place)
            yield self._atom(_turned(name), sides[1], left, place)

    def _atom(self, name: str, side: Side, other: Any, place: _Place) -> Atom:
        value = side_of(other)
        numbers = tuple(number for number in value.parameters if number not in self._internal)
        kind: Other = "expression"
        if is_subplan(other) or len(numbers) < len(value.parameters) or 0 in value.parameters:
            kind, numbers = "subplan", ()
        elif value.is_list_of_parameters:
            kind = "parameter"
        elif column_of(other):
            kind = "column"
        elif constant_of(other):
            kind = "constant"
        return Atom(
            alias=side.alias,
            column=side.column,
            columns=side.columns,
            cast=side.cast,
            expression=side.text,
            operator=name,
            other=kind,
            parameter=numbers[0] if kind == "parameter" else None,
            parameters=numbers,
            constant=value.text if kind == "constant" else None,
            other_text=value.text,
            other_alias=value.alias if value.columns else None,
            other_column=value.column,
            negated=place.negated,
            alternative=place.group > 0,
            group=place.group,
            branch=place.branch,
            branches=place.branches,
            row=place.row,
        )


def _tested(node: Any, operator: str, is_not: bool, place: _Place) -> Iterator[Atom]:
    side = side_of(node)
    if not side.columns:
        return
    yield Atom(
        alias=side.alias,
        column=side.column,
        columns=side.columns,
        cast=side.cast,
        expression=side.text,
        operator=operator,
        other="subplan" if is_subplan(node) else "none",
        parameters=side.parameters,
        negated=place.negated != is_not,
        alternative=place.group > 0,
        group=place.group,
        branch=place.branch,
        branches=place.branches,
        row=place.row,
    )


def _turned(name: str) -> str:
    """The operator seen from its right side."""
    plain, _, many = name.partition(" ") if name.endswith((" ANY", " ALL")) else (name, "", "")
    if many:
        return f"{many} of {plain}"
    return _FLIPPED.get(name, name) if name in _SYMMETRIC else f"of {name}"
