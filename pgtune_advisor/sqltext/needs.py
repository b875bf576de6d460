"""Which columns of which table a statement reads at all, and which it sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.expressions import own_nodes
from pgtune_advisor.sqltext.scopes import Scope, Source
from pgtune_advisor.sqltext.shape import Columns, TableRef

_SOURCES: Final = frozenset({"from_", "joins", "with_", "using"})


@dataclass(slots=True)
class Needs:
    """Collects columns by table; None for all."""

    found: dict[TableRef, set[str] | None] = field(default_factory=dict)

    def table(self, table: TableRef) -> None:
        """A table that is read, of which no column may be needed."""
        self.found.setdefault(table, set())

    def column(self, source: Source | None, name: str) -> None:
        """A column, traced to the tables that it comes from."""
        if source is None:
            return
        for branch in source.branches or (source,):
            origin, column = branch.origin(name)
            if origin.branches and origin is not source:
                self.column(origin, column)
            elif origin.table is not None:
                columns = self.found.setdefault(origin.table, set())
                if columns is not None:
                    columns.add(column)

    def whole(self, source: Source) -> None:
        """All that a source hands on."""
        for branch in source.branches or (source,):
            if branch.table is not None:
                self.found[branch.table] = None
            elif branch.rest is not None:
                self.whole(branch.rest)
            for name in branch.origins:
                self.column(branch, name)

    def listed(self) -> tuple[Columns, ...]:
        """What was found."""
        return tuple(
            Columns(table=table, columns=None if columns is None else tuple(sorted(columns)))
            for table, columns in self.found.items()
        )


def read_in(node: exp.Expr, scope: Scope, needs: Needs, *, derived: bool) -> None:
    """What the clauses of one query read itself.

    `derived`: another query reads its result, so what it hands on as it is counts only there.
    """
    handed = node.expressions if derived and isinstance(node, exp.Select) else []
    plain = {id(item) for item in handed if _is_plain(item)}
    for part in _parts(node):
        if id(part) in plain:
            continue
        if isinstance(part, exp.Star):
            for source in scope.sources:
                needs.whole(source)
            continue
        for found in own_nodes(part):
            if isinstance(found, exp.Column):
                _column(found, scope, needs)


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The expressions of a query's clauses, FROM apart; a target of SET is not read."""
    for name, value in node.args.items():
        if name in _SOURCES or (name == "this" and not isinstance(node, exp.Returning)):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, exp.Returning):
                yield from part.expressions
            elif isinstance(part, exp.EQ) and isinstance(node, exp.Update):
                yield part.expression
            elif isinstance(part, exp.Expr):
                yield part


def _column(column: exp.Column, scope: Scope, needs: Needs) -> None:
    source = scope.source_of(column)
    if isinstance(column.this, exp.Star):
        for named in scope.sources:
            if named.alias == column.table:
                needs.whole(named)
        return
    if source is None and not column.table:
        # A whole row by its table's name, else a column that several may have.
        rows = [s for s in scope.sources if s.alias == column.name]
        for named in rows or [s for s in scope.sources if s.columns is None]:
            needs.whole(named)
        return
    needs.column(source, column.name)


def _is_plain(item: exp.Expr) -> bool:
    inner = item.this if isinstance(item, exp.Alias) else item
    return isinstance(inner, exp.Column | exp.Star)


def set_in(node: exp.Expr) -> tuple[str, ...]:
    """The columns that UPDATE, MERGE or ON CONFLICT DO UPDATE set."""
    names: set[str] = set()
    match node:
        case exp.Update():
            names.update(_targets(node.expressions))
        case exp.Insert() if (conflict := node.args.get("conflict")) is not None:
            names.update(_targets(conflict.expressions))
        case exp.Merge():
            for update in node.find_all(exp.Update):
                names.update(_targets(update.expressions))
    return tuple(sorted(names))


def _targets(assignments: list[exp.Expr]) -> Iterator[str]:
    for assignment in assignments:
        if isinstance(assignment, exp.EQ):
            target = assignment.this
            elements = target.expressions if isinstance(target, exp.Tuple) else [target]
            for element in elements:
                column = element if isinstance(element, exp.Column) else element.find(exp.Column)
                if column is not None:
                    yield column.name
                elif isinstance(element, exp.Paren | exp.Identifier):
                    yield element.this.name if isinstance(element, exp.Paren) else element.name


def as_columns(found: Mapping[TableRef, tuple[str, ...]]) -> tuple[Columns, ...]:
    """Sorted columns by table."""
    return tuple(Columns(table=table, columns=columns) for table, columns in found.items())
