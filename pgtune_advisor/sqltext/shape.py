"""The shape of a statement: what it touches and compares, and no value of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["select", "insert", "update", "delete", "merge", "utility"]
Clause = Literal["where", "join", "having"]
Bound = Literal["literal", "parameter", "expression"]
Other = Literal["parameter", "constant", "column", "expression", "subquery", "none"]
LikeForm = Literal["leading-wildcard", "prefix", "exact", "parameter"]
PredicateKind = Literal[
    "equality",
    "inequality",
    "range",
    "in",
    "like-prefix",
    "like-exact",
    "like-leading-wildcard",
    "like-parameter",
    "regex",
    "containment",
    "text-search",
    "operator",
    "join",
    "null-test",
    "boolean",
    "function-on-column",
    "cast-on-column",
    "json-path",
    "expression",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRef:
    """A table as the statement names it; `schema` also from the catalogue, where that knows."""

    schema: str | None
    name: str
    alias: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A condition on a column, read from the column's side.

    `column` is None where several stand on that side, `table` where it is not certain which one.
    `expression` is that side in PostgreSQL's spelling, unqualified, constants as `$1`, `$2`, …;
    `functions` and `cast_types` wrap the column there, outermost first. A comparison of two columns
    gives one predicate for each of them. `kind` tells how the column is wrapped before how it is
    compared; only a leading wildcard goes before that, and `operator` and `like` always tell the
    comparison. `negated` says that NOT turns it round. `alternative` says that it stands under OR,
    so that an index for it alone does not serve. `implicit_cast`: the types differ so that the
    server casts the column, or cannot use its index for it. `certain` is False where the form of a
    LIKE pattern is read from the numbering of parameters or assumed of a parameter's content.
    """

    table: TableRef | None
    column: str | None
    kind: PredicateKind
    operator: str
    expression: str
    functions: tuple[str, ...] = ()
    cast_types: tuple[str, ...] = ()
    like: LikeForm | None = None
    other: Other = "none"
    other_cast: str | None = None
    other_table: TableRef | None = None
    other_column: str | None = None
    clause: Clause = "where"
    negated: bool = False
    alternative: bool = False
    implicit_cast: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetClause:
    """An OFFSET; `nested` if only a subquery has one."""

    value: Bound
    nested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What rows are ordered or grouped by; as in Predicate, `column` is None for an expression."""

    table: TableRef | None
    column: str | None
    expression: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns of one reference to a table, sorted; None: all of them, or not known which."""

    table: TableRef
    columns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a statement does, without a value of it.

    `command` is the command's name; where a query stands inside it (DECLARE CURSOR, PREPARE,
    COPY (…) TO, CREATE TABLE AS, …) `kind` and the rest tell of that query. `tables` holds each
    reference once, `writes` those whose rows change. `projected` are the columns that the statement
    reads at all, of each reference, `updated` those that UPDATE, MERGE and ON CONFLICT
    set. Limit, offset, order and groups are those of the whole statement.
    """

    kind: Kind
    command: str
    is_maintenance: bool = False
    tables: tuple[TableRef, ...] = ()
    writes: tuple[TableRef, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    limit: Bound | None = None
    offset: OffsetClause | None = None
    order_by: tuple[Key, ...] = ()
    group_by: tuple[Key, ...] = ()
    projected: tuple[Columns, ...] = ()
    updated: tuple[Columns, ...] = ()


def updated_columns(shape: Shape) -> dict[TableRef, tuple[str, ...]]:
    """The columns that the statement sets in rows that exist, by table."""
    return {found.table: found.columns or () for found in shape.updated}
