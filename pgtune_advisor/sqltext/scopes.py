"""Which table a column's name stands for, inside which query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from pgtune_advisor.sqltext.catalog import Catalog
from pgtune_advisor.sqltext.shape import TableRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something in FROM: a table, or with `table` None a subquery, function or common table.

    `columns` are its columns, with types where it is a known table; None: not known. `origins` are
    the columns that a subquery hands on as they are, so that a condition on them reaches the
    table; `rest` is where all others come from; `branches` are the parts of a set operation.
    """

    alias: str
    table: TableRef | None
    columns: Collection[str] | None
    types: Mapping[str, str]
    origins: Mapping[str, tuple[Source, str]] = field(default_factory=dict)
    rest: Source | None = None
    branches: tuple[Source, ...] = ()

    def origin(self, name: str) -> tuple[Source, str]:
        """The table and its column that this column is, as far as that is known."""
        source = self
        while source.table is None:
            if name in source.origins:
                source, name = source.origins[name]
            elif source.rest is not None:
                source = source.rest
            else:
                break
        return source, name


CommonTables = Mapping[str, Source | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The sources of one query, and the scope around it that its columns may come from.

    `merged` are the columns of JOIN … USING, which may stand in several sources.
    """

    sources: tuple[Source, ...]
    outer: Scope | None
    merged: frozenset[str] = frozenset()

    def origin_of(self, column: exp.Column) -> tuple[Source | None, str]:
        """The source that this column certainly comes from, through subqueries, and its name."""
        source = self.source_of(column)
        return source.origin(column.name) if source else (None, column.name)

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
        return named(common[name], alias, renamed)
    known = catalog.find(schema, name) if catalog else None
    table = TableRef(schema=known.schema if known else schema, name=name, alias=node.alias or None)
    if renamed is not None:
        return Source(alias=alias, table=None, columns=None, types={})
    types = known.columns if known else {}
    return Source(alias=alias, table=table, columns=types.keys() if known else None, types=types)


def function_source(node: exp.Expr) -> Source:
    """A function in FROM, or anything else of which no query tells the columns."""
    return Source(alias=node.alias, table=None, columns=renamed_columns(node), types={})


def named(source: Source | None, alias: str, renamed: Collection[str] | None) -> Source:
    """A subquery, view or common table under the alias that it has here."""
    if source is None or renamed is not None:
        return Source(alias=alias, table=None, columns=renamed, types={})
    return replace(source, alias=alias)


def renamed_columns(node: exp.Expr) -> tuple[str, ...] | None:
    """The columns of `AS alias(a, b)`."""
    alias = node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    return tuple(column.name for column in columns) if columns else None
