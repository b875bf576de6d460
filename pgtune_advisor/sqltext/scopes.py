"""Which table a column's name stands for, inside which query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

from pgtune_advisor.sqltext.catalog import Catalog
from pgtune_advisor.sqltext.shape import TableRef

CommonTables = Mapping[str, Collection[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something in FROM: a table, or with `table` None a subquery, function or common table.

    `columns` are its columns, with types where it is a known table; None: not known.
    """

    alias: str
    table: TableRef | None
    columns: Collection[str] | None
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The sources of one query, and the scope around it that its columns may come from.

    `merged` are the columns of JOIN … USING, which may stand in several sources.
    """

    sources: tuple[Source, ...]
    outer: Scope | None
    merged: frozenset[str] = frozenset()

    def source_of(self, column: exp.Column) -> Source | None:
        """The source that this column certainly comes from."""
        if column.table:
            return self._qualified(column.table)
        return self._unqualified(column.name)

    def _qualified(self, alias: str) -> Source | None:
        scope: Scope | None = self
        while scope is not None:
            for source in scope.sources:
                if source.alias == alias:
                    return source
            scope = scope.outer
        return None

    def _unqualified(self, name: str) -> Source | None:
        """The one source that has it: in a valid statement two of one query cannot."""
        holders = [s for s in self.sources if s.columns is not None and name in s.columns]
        if holders:
            return holders[0] if len(holders) == 1 or name in self.merged else None
        unknown = [s for s in self.sources if s.columns is None]
        if not unknown:
            return self.outer._unqualified(name) if self.outer else None
        return unknown[0] if len(unknown) == 1 and self.outer is None else None


def base_source(node: exp.Table, catalog: Catalog | None, common: CommonTables) -> Source:
    """The source that a plain name in FROM stands for."""
    name, schema = node.name, node.db or None
    alias = node.alias or name
    renamed = renamed_columns(node)
    if not isinstance(node.this, exp.Identifier):
        return Source(alias=alias, table=None, columns=renamed, types={})
    if schema is None and name in common:
        return Source(alias=alias, table=None, columns=renamed or common[name], types={})
    known = catalog.find(schema, name) if catalog else None
    table = TableRef(schema=known.schema if known else schema, name=name, alias=node.alias or None)
    if renamed is not None:
        return Source(alias=alias, table=None, columns=None, types={})
    types = known.columns if known else {}
    return Source(alias=alias, table=table, columns=types.keys() if known else None, types=types)


def derived_source(node: exp.Expr) -> Source:
    """A subquery or function in FROM."""
    columns = renamed_columns(node)
    if columns is None and isinstance(node, exp.Subquery):
        columns = output_columns(node)
    return Source(alias=node.alias, table=None, columns=columns, types={})


def output_columns(node: exp.Expr) -> Collection[str] | None:
    """The names of what a query returns; None if a star or a nameless expression is among them."""
    while isinstance(node, exp.Subquery | exp.SetOperation):
        node = node.this
    if not isinstance(node, exp.Select):
        return None
    names = [projection.alias_or_name for projection in node.expressions]
    return None if "" in names or "*" in names else frozenset(names)


def renamed_columns(node: exp.Expr) -> Collection[str] | None:
    """The columns of `AS alias(a, b)`."""
    alias = node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    return frozenset(column.name for column in columns) if columns else None
