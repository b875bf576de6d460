"""One side of a comparison: which column it reads, through what, and how PostgreSQL spells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from sqlglot import exp

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.scopes import Scope, Source
from pgtune_advisor.sqltext.shape import TableRef
from pgtune_advisor.sqltext.typenames import base_type, cast_keeps_index

Wrapping = Literal["bare", "function", "cast", "json", "expression"]

AGGREGATES: Final = frozenset(
    {"count", "sum", "avg", "min", "max", "bool_and", "bool_or", "every", "array_agg", "any_value"}
    | {"string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg"}
    | {"stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr"}
    | {"bit_and", "bit_or", "bit_xor", "mode", "percentile_cont", "percentile_disc", "rank"}
)
JSON_PATHS: Final = frozenset({"->", "->>", "#>", "#>>"})
CONSTANTS: Final = (exp.Literal, exp.Parameter, exp.Placeholder, exp.Boolean, exp.Null)
# What holds a constant that is not a value: the number of a parameter, the length of a type.
_OWNERS: Final = (exp.Parameter, exp.DataTypeParam)
_SPECIAL_NAMES: Final[Mapping[type[exp.Expr], str]] = {
    exp.AtTimeZone: "timezone",
    exp.Extract: "extract",
    exp.Substring: "substring",
    exp.Trim: "trim",
    exp.StrPosition: "position",
    exp.Overlay: "overlay",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An operand that reads columns.

    `type` is what it is compared as, where catalogue and casts tell: PostgreSQL's short name.
    """

    source: Source | None
    column: str | None
    wrapping: Wrapping
    functions: tuple[str, ...]
    casts: tuple[str, ...]
    type: str | None
    expression: str

    @property
    def table(self) -> TableRef | None:
        """The table that all its columns come from."""
        return self.source.table if self.source else None

    @property
    def as_other(self) -> Literal["column", "expression"]:
        """What this operand is to the one that it is compared with."""
        return "column" if self.wrapping in ("bare", "cast") else "expression"


def unwrapped(node: exp.Expr) -> exp.Expr:
    """The node without the parentheses around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def own_nodes(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and all below it, but for what stands in subqueries."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        if not isinstance(found, exp.Query):
            stack.extend(found.iter_expressions(reverse=True))


def columns_in(node: exp.Expr) -> list[exp.Column]:
    """The columns that the node reads itself, not in subqueries."""
    return [found for found in own_nodes(node) if isinstance(found, exp.Column)]


def call_name(node: exp.Expr) -> str | None:
    """The name of the function that this node calls, `pg_catalog.` left out; None: no call."""
    if special := _SPECIAL_NAMES.get(type(node)):
        return special
    if not isinstance(node, exp.Anonymous):
        return None
    name = node.name if isinstance(node.this, exp.Identifier) else node.name.lower()
    if name == "row":
        return None
    schema = node.parent.this.name if isinstance(node.parent, exp.Dot) else ""
    return f"{schema}.{name}" if schema not in ("", "pg_catalog") else name


def is_aggregated(node: exp.Expr) -> bool:
    """Whether the node calls an aggregate or window function."""
    return any(isinstance(f, exp.Window) or call_name(f) in AGGREGATES for f in own_nodes(node))


def side_of(node: exp.Expr, scope: Scope) -> Side:
    """What is known of this operand, which reads at least one column."""
    node = unwrapped(node)
    columns = columns_in(node)
    origins = [scope.origin_of(column) for column in columns]
    source = origins[0][0] if all(found is origins[0][0] for found, _ in origins) else None
    name = origins[0][1] if len({name for _, name in origins}) == 1 else None
    known = source.types.get(name) if source and name else None
    functions, casts, other = _wrappers(columns[0], node)
    wrapping: Wrapping = "bare"
    if functions:
        wrapping = "function"
    elif other:
        wrapping = other
    elif casts and not _harmless(known, casts):
        wrapping = "cast"
    return Side(
        source=source,
        column=name if source or len(columns) == 1 else None,
        wrapping=wrapping,
        functions=tuple(functions),
        casts=tuple(casts),
        type=_type(known, functions, casts, other),
        expression=expression_text(node, [name for _, name in origins]),
    )


def _wrappers(
    column: exp.Expr, top: exp.Expr
) -> tuple[list[str], list[str], Literal["json", "expression"] | None]:
    """What stands between the column and the whole operand: functions, casts, and other things."""
    functions: list[str] = []
    casts: list[str] = []
    other: Literal["json", "expression"] | None = None
    node = column
    while node is not top and node.parent is not None:
        node = node.parent
        if isinstance(node, exp.Cast):
            casts.insert(0, type_name(node.to))
        elif name := call_name(node):
            functions.insert(0, name)
        elif isinstance(node, exp.Operator) and node.args["operator"] in JSON_PATHS:
            other = other or "json"
        elif not isinstance(node, exp.Paren) and not _qualifies_call(node):
            other = "expression"
    return functions, casts, other


def _qualifies_call(node: exp.Expr) -> bool:
    """`schema.function(…)`, other than a field of a composite value."""
    return isinstance(node, exp.Dot) and not isinstance(node.expression, exp.Identifier)


def _harmless(column_type: str | None, casts: list[str]) -> bool:
    return column_type is not None and len(casts) == 1 and cast_keeps_index(column_type, casts[0])


def _type(
    known: str | None, functions: list[str], casts: list[str], other: str | None
) -> str | None:
    """The operand's type: that of its outermost cast, else of the bare column."""
    if casts and not functions and not other:
        return base_type(casts[0])
    return base_type(known) if known and not functions and not other else None


def type_name(node: exp.Expr) -> str:
    """A cast's target as PostgreSQL's short name, with its modifier."""
    spelt = dialect.written(node)
    short = base_type(spelt)
    modifier = spelt[spelt.index("(") : spelt.index(")") + 1] if "(" in spelt else ""
    return f"{short}{modifier.replace(' ', '')}"


def expression_text(node: exp.Expr, names: Sequence[str] | None = None) -> str:
    """The node as PostgreSQL spells it: no qualifiers, no literals, parameters from `$1` on.

    `names` are those of the columns in their table, if others than here.
    """
    node = unwrapped(node)
    if isinstance(node, exp.Column):
        return quote_ident(names[0] if names else node.name)
    bare = exp.Paren(this=node.copy())
    for column, name in zip(columns_in(bare.this), names or (), strict=False):
        if column.name != name:
            column.set("this", exp.to_identifier(name, quoted=True))
    number = 0
    for found in list(bare.this.walk()):
        if isinstance(found, exp.Column):
            for qualifier in ("table", "db", "catalog"):
                found.set(qualifier, None)
        elif _is_value(found):
            number += 1
            found.replace(exp.Parameter(this=exp.Literal.number(number)))
    return respelt(dialect.written(bare.this))


def _is_value(node: exp.Expr) -> bool:
    if isinstance(node, exp.Neg):
        return isinstance(node.this, exp.Literal)
    if isinstance(node.parent, exp.Is) and node.parent.expression is node:
        return False  # IS NULL
    if isinstance(node, exp.Literal) and isinstance(node.parent, exp.Neg):
        return False  # its sign goes with it
    return isinstance(node, CONSTANTS) and not isinstance(node.parent, _OWNERS)


@lru_cache(maxsize=4096)
def respelt(expression: str) -> str:
    """An expression as PostgreSQL's deparser writes it; as it is where that cannot read it."""
    whole = library.deparsed(f"SELECT {expression}")
    return whole.removeprefix("SELECT ") if isinstance(whole, str) else expression
