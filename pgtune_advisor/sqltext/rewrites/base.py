"""What a rewrite works with: a tree, what is known of its tables, and a way to say no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.typenames import base_type

# Functions whose value stays the same while a statement runs, so that they may be written twice.
_STEADY: Final = frozenset(
    {"now", "date_trunc", "to_timestamp", "to_date", "make_date", "make_timestamp", "lower"}
    | {"make_timestamptz", "make_interval", "transaction_timestamp", "statement_timestamp"}
    | {"upper", "coalesce", "date", "abs", "floor", "ceil", "round"}
)
_STEADY_NODES: Final = (
    exp.Literal,
    exp.Parameter,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
    exp.Paren,
    exp.Interval,
    exp.Var,
    exp.Identifier,
    exp.Column,
    exp.Boolean,
    exp.CurrentDate,
    exp.CurrentTimestamp,
    exp.Localtimestamp,
)
Comparison = exp.EQ | exp.GT | exp.GTE | exp.LT | exp.LTE
COMPARISONS: Final = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TURNED: Final[dict[type[exp.Expr], type[exp.Binary]]] = {
    exp.EQ: exp.EQ,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What the catalogue says of a table: types by column, columns without NULLs, unique keys.

    `collated` are the columns with another collation than the database's.
    """

    types: dict[str, str]
    not_null: frozenset[str] = frozenset()
    keys: tuple[tuple[str, ...], ...] = ()
    collated: frozenset[str] = frozenset()


Lookup = Callable[[str | None, str], TableFacts | None]
"""The table that a schema (None: as the path finds it) and a name stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a rewrite that the statement asks for is not made: a name, and a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A tree that gives the same answer.

    `parameters` say what the new `$n` stand for, `assumes` what of the values must hold: else the
    server reports an error, never other rows. `notes` are what the reader should know.
    `baseline` is the original with its open choices settled, where it leaves any.
    """

    tree: exp.Expr
    parameters: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    baseline: exp.Expr | None = None


Outcome = Changed | Refused | None
"""None: there is nothing of this kind in the statement."""


class RefusalError(Exception):
    """Raised inside a rewrite to say no; `refusal` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refused(reason=reason, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The tables of a statement by the name that its columns use."""

    tables: dict[str, TableFacts | None]
    derived: bool

    @classmethod
    def of(cls, tree: exp.Expr, lookup: Lookup) -> Ground:
        """Two references under one name, and what a subquery or CTE returns, are not known."""
        named = {cte.alias for cte in tree.find_all(exp.CTE)}
        tables: dict[str, TableFacts | None] = {}
        for table in tree.find_all(exp.Table):
            alias = table.alias or table.name
            if table.name in named and not table.db:
                tables[alias] = None
            else:
                known = lookup(table.db or None, table.name)
                tables[alias] = known if alias not in tables else None
        derived = bool(named) or any(
            isinstance(q.parent, exp.From | exp.Join | exp.Lateral)
            for q in tree.find_all(exp.Subquery)
        )
        return cls(tables=tables, derived=derived)

    def table_of(self, column: exp.Column) -> TableFacts:
        """The table of a column; RefusalError where it is not certain."""
        if column.table:
            known = self.tables.get(column.table)
            found = [known] if known is not None and column.name in known.types else []
        elif self.derived or any(table is None for table in self.tables.values()):
            found = []
        else:
            found = [t for t in self.tables.values() if t is not None and column.name in t.types]
        if len(found) != 1:
            raise RefusalError(
                "column-unknown", f"it is not certain which table's column {column.name} is"
            )
        return found[0]

    def type_of(self, column: exp.Column) -> str:
        """The column's type in short: int4, timestamptz, …"""
        return base_type(self.table_of(column).types[column.name])


def conjuncts(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that must all hold, of WHERE and of the ON of inner joins, at any level.

    The WHERE of ON CONFLICT is none of them: it names an index.
    """
    for clause in tree.find_all(exp.Where, exp.Join):
        if isinstance(clause, exp.Join):
            on = None if clause.args.get("side") else clause.args.get("on")
        else:
            named = isinstance(clause.parent, exp.Select | exp.Update | exp.Delete)
            on = clause.this if named else None
        if on is not None:
            yield from list(_anded(on))


def _anded(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.And):
        yield from _anded(node.this)
        yield from _anded(node.expression)
    elif isinstance(node, exp.Paren) and isinstance(node.this, exp.And):
        yield from _anded(node.this)
    else:
        yield node


def sides(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr, type[exp.Binary]]]:
    """Both ways to read a comparison: one side, the other, the operator from the first one."""
    if isinstance(node, COMPARISONS):
        yield node.this, node.expression, type(node)
        yield node.expression, node.this, _TURNED[type(node)]


def steady(node: exp.Expr) -> exp.Expr:
    """The other side of a comparison, if it may be written twice; RefusalError if not."""
    for part in node.walk():
        if isinstance(part, exp.Anonymous):
            if _called(part) not in _STEADY:
                raise RefusalError(
                    "may-change", f"{_called(part)}() may give another value when written twice"
                )
        elif not isinstance(part, _STEADY_NODES):
            raise RefusalError("other-side", "what it is compared with is too involved")
    return node.copy()


def function(node: exp.Expr, *names: str) -> list[exp.Expr] | None:
    """The arguments of a call of one of these functions; None for anything else."""
    if isinstance(node, exp.Anonymous) and _called(node) in names:
        return list(node.expressions)
    return None


def _called(node: exp.Anonymous) -> str:
    name = node.this.name if isinstance(node.this, exp.Expr) else str(node.this)
    return name.lower()


def bare(node: exp.Expr) -> exp.Expr:
    """The node without parentheses around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def cast(node: exp.Expr, kind: str) -> exp.Cast:
    """The node as this type."""
    return exp.Cast(this=node, to=exp.DataType.build(kind, dialect="postgres", udt=True))


def typed(node: exp.Expr, kind: str) -> exp.Expr:
    """A bare parameter or string with its type written to it; all else as it is."""
    plain = bare(node)
    untyped = isinstance(plain, exp.Parameter) or (
        isinstance(plain, exp.Literal) and plain.is_string
    )
    return cast(plain.copy(), kind) if untyped else node.copy()


def interval(text: str) -> exp.Expr:
    """An interval as a constant."""
    return cast(exp.Literal.string(text), "interval")


def parameters_in(tree: exp.Expr) -> list[int]:
    """The numbers of the parameters, ascending."""
    return sorted({int(p.this.name) for p in tree.find_all(exp.Parameter)})


def parameter(number: int) -> exp.Parameter:
    """`$n`."""
    return exp.Parameter(this=exp.Literal.number(number))


def negated_or_alternative(tree: exp.Expr, found: Callable[[exp.Expr], bool]) -> Refused | None:
    """The refusal for what stands under OR or NOT, where a bound of its own would not serve."""
    for node in tree.find_all(*COMPARISONS):
        if not found(node):
            continue
        above = node.parent
        while above is not None and not isinstance(above, exp.Where | exp.Join | exp.Select):
            if isinstance(above, exp.Not):
                return Refused(reason="under-not", detail="the condition stands under NOT")
            if isinstance(above, exp.Or):
                return Refused(reason="under-or", detail="the condition is one of several under OR")
            above = above.parent
    return None
