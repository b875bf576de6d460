"""A walk over a statement and the queries in it, scope by scope."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.catalog import Catalog
from pgtune_advisor.sqltext.conditions import predicates_in
from pgtune_advisor.sqltext.expansion import branches_of, definition_of, is_inlined
from pgtune_advisor.sqltext.expressions import own_nodes
from pgtune_advisor.sqltext.lineage import source_of_query
from pgtune_advisor.sqltext.needs import Needs, read_in, set_in
from pgtune_advisor.sqltext.predicates import Place, predicates_of_using
from pgtune_advisor.sqltext.scopes import (
    CommonTables,
    Scope,
    Source,
    base_source,
    function_source,
    named,
    renamed_columns,
)
from pgtune_advisor.sqltext.shape import Clause, Predicate, TableRef

# Arguments that the walk reads itself; queries in all others see the statement's scope.
_READ: Final = frozenset({"with_", "from_", "joins", "using"})
_CLAUSES: Final[tuple[Clause, ...]] = ("where", "having")
_OPERANDS: Final = frozenset({"this", "expression"})
_MOST_VIEWS: Final = 16


@dataclass(slots=True, kw_only=True)
class _From:
    """FROM while it is read: its sources, what joins demand, and what must see all sources."""

    sources: list[Source] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    conditions: list[exp.Expr] = field(default_factory=list)
    lateral: list[exp.Expr] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Walk:
    """Collects the tables and predicates of a statement."""

    catalog: Catalog | None
    tables: list[TableRef] = field(default_factory=list)
    writes: list[TableRef] = field(default_factory=list)
    predicates: list[Predicate] = field(default_factory=list)
    needs: Needs = field(default_factory=Needs)
    updated: dict[TableRef, tuple[str, ...]] = field(default_factory=dict)
    _scopes: dict[int, Scope] = field(default_factory=dict)
    _views: list[tuple[str, str]] = field(default_factory=list)
    _trees: list[exp.Expr] = field(default_factory=list)

    def statement(
        self,
        node: exp.Expr,
        outer: Scope | None = None,
        common: CommonTables | None = None,
        *,
        derived: bool = False,
    ) -> Scope:
        """Read a query or a statement that changes rows. Returns the scope of its outermost part,
        which has no sources where that is a set operation. `derived`: a query around it reads its
        result."""
        top = Scope(sources=(), outer=outer)
        waiting = [(node, common or {})]
        while waiting:
            part, known = waiting.pop()
            known = self._common_tables(part, outer, known)
            match part:
                case exp.SetOperation():
                    waiting += [(part.expression, known), (part.this, known)]
                    self._nested(part, Scope(sources=(), outer=outer), known, _READ | _OPERANDS)
                case exp.Subquery():
                    waiting.append((part.this, known))
                case exp.Insert():
                    self._inserted(part, outer)
                    self._nested(part, Scope(sources=(), outer=outer), known, _READ)
                case _:
                    scope = self._scoped(part, outer, known, derived=derived)
                    top = scope if part is node else top
        return top

    def _common_tables(
        self, node: exp.Expr, outer: Scope | None, common: CommonTables
    ) -> CommonTables:
        clause = node.args.get("with_")
        if clause is None:
            return common
        known = dict(common)
        if clause.args.get("recursive"):
            known.update(dict.fromkeys((table.alias for table in clause.expressions), None))
        for table in clause.expressions:
            self.statement(table.this, outer, known, derived=True)
            source = source_of_query(table.this, self._scopes, renamed_columns(table))
            if clause.args.get("recursive") or not is_inlined(table, node):
                source = Source(alias="", table=None, columns=source.columns, types={})
            known[table.alias] = source
        return known

    def _inserted(self, node: exp.Insert, outer: Scope | None) -> None:
        """The target of INSERT, and what ON CONFLICT and RETURNING read of it."""
        target = self._target(node)
        if target is None or target.table is None:
            return
        scope = Scope(sources=(target,), outer=outer)
        if (conflict := node.args.get("conflict")) is not None:
            self.needs.table(target.table)
            self.updated.update({target.table: set_in(node)} if conflict.expressions else {})
            for part in [e.expression for e in conflict.expressions if isinstance(e, exp.EQ)]:
                read_in(exp.Select(expressions=[part.copy()]), scope, self.needs, derived=False)
            if where := conflict.args.get("where"):
                read_in(exp.Select(where=where.copy()), scope, self.needs, derived=False)
        if returning := node.args.get("returning"):
            read_in(exp.Delete(returning=returning.copy()), scope, self.needs, derived=False)

    def _target(self, node: exp.Expr) -> Source | None:
        """The table whose rows the statement changes."""
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        if isinstance(node, exp.Select) or not isinstance(target, exp.Table):
            return None
        source = base_source(target, self.catalog, {})
        if source.table:
            self.tables.append(source.table)
            self.writes.append(source.table)
        return source

    def _scoped(
        self, node: exp.Expr, outer: Scope | None, common: CommonTables, *, derived: bool
    ) -> Scope:
        """A statement with sources: SELECT, UPDATE, DELETE, MERGE."""
        found = _From()
        if target := self._target(node):
            found.sources.append(target)
            if target.table is not None:
                self.needs.table(target.table)
                if columns := set_in(node):
                    self.updated[target.table] = columns
        for relation in _relations(node):
            self._relation(relation, found, outer, common)
        for join in node.args.get("joins") or ():
            self._join(join, found, outer, common)
        scope = Scope(sources=tuple(found.sources), outer=outer, merged=frozenset(found.merged))
        self._scopes[id(node)] = scope
        self._conditions(node, found, scope)
        self._read(node, found, scope, derived=derived)
        for part in [*found.lateral, *found.conditions]:
            self._queries_in(part, scope, common)
        self._nested(node, scope, common, _READ)
        return scope

    def _read(self, node: exp.Expr, found: _From, scope: Scope, *, derived: bool) -> None:
        read_in(node, scope, self.needs, derived=derived)
        for part in [*found.conditions, *found.lateral]:
            read_in(exp.Select(expressions=[part.copy()]), scope, self.needs, derived=False)
        for name in found.merged:
            for source in scope.sources:
                if source.columns is not None and name in source.columns:
                    self.needs.column(source, name)

    def _conditions(self, node: exp.Expr, found: _From, scope: Scope) -> None:
        on = [*found.conditions, *filter(None, [node.args.get("on")])]
        parts: list[tuple[exp.Expr, Clause]] = [(condition, "join") for condition in on]
        parts += [
            (clause.this, name) for name in _CLAUSES if (clause := node.args.get(name)) is not None
        ]
        for branch in branches_of(scope):
            for condition, clause in parts:
                self.predicates += predicates_in(condition, Place(scope=branch, clause=clause))

    def _relation(
        self, node: exp.Expr, found: _From, outer: Scope | None, common: CommonTables
    ) -> None:
        """One item of FROM, with the joins that hang on it."""
        match node:
            case exp.Table() if view := self._view(node, common):
                found.sources.append(view)
            case exp.Table():
                source = base_source(node, self.catalog, common)
                found.sources.append(source)
                if source.table:
                    self.tables.append(source.table)
                    self.needs.table(source.table)
                elif not isinstance(node.this, exp.Identifier):
                    # ROWS FROM (f(), g()) has several
                    found.lateral += node.args.get("rows_from") or [node.this]
            case exp.Subquery() if isinstance(node.this, exp.Table):
                self._relation(node.this, found, outer, common)
            case exp.Subquery():
                self.statement(node.this, outer, common, derived=True)
                source = source_of_query(node, self._scopes, renamed_columns(node))
                found.sources.append(named(source, node.alias, None))
            case exp.Lateral():
                found.sources.append(self._lateral(node, found, outer, common))
            case _:
                found.sources.append(function_source(node))
        for join in node.args.get("joins") or ():
            self._join(join, found, outer, common)

    def _lateral(
        self, node: exp.Lateral, found: _From, outer: Scope | None, common: CommonTables
    ) -> Source:
        """A subquery that sees what stands before it in FROM, or a function."""
        if not isinstance(node.this, exp.Subquery):
            found.lateral.append(node.this)
            return function_source(node)
        before = Scope(sources=tuple(found.sources), outer=outer)
        self.statement(node.this, before, common, derived=True)
        source = source_of_query(node.this, self._scopes, renamed_columns(node))
        return named(source, node.alias, None)

    def _view(self, node: exp.Table, common: CommonTables) -> Source | None:
        """A view, read in its own definition; None where the name is none, or views nest deep."""
        name, schema = node.name, node.db or None
        if self.catalog is None or (schema is None and name in common):
            return None
        view = self.catalog.view(schema, name)
        if view is None or view.key in self._views or len(self._views) >= _MOST_VIEWS:
            return None
        tree = definition_of(view.definition)
        if tree is None:
            return None
        self._views.append(view.key)
        self.statement(tree, derived=True)
        self._views.pop()
        # The tree must outlive this call: its scope is found by its identity.
        self._trees.append(tree)
        source = source_of_query(tree, self._scopes, renamed_columns(node))
        return named(source, node.alias or name, None)

    def _join(
        self, join: exp.Expr, found: _From, outer: Scope | None, common: CommonTables
    ) -> None:
        before = len(found.sources)
        self._relation(join.this, found, outer, common)
        left = Scope(sources=tuple(found.sources[:before]), outer=None)
        right = Scope(sources=tuple(found.sources[before:]), outer=None)
        if condition := join.args.get("on"):
            found.conditions.append(condition)
        for name in _shared_columns(join, left, right):
            earlier = replace(left, merged=frozenset(found.merged))
            self.predicates += predicates_of_using(name, earlier, right)
            found.merged.add(name)

    def _nested(
        self, node: exp.Expr, scope: Scope, common: CommonTables, skip: frozenset[str]
    ) -> None:
        """The queries inside the statement's expressions."""
        for name, value in node.args.items():
            if name not in skip:
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, exp.Expr):
                        self._queries_in(part, scope, common)

    def _queries_in(self, node: exp.Expr, scope: Scope, common: CommonTables) -> None:
        for found in own_nodes(node):
            if isinstance(found, exp.Query):
                checked = isinstance(found.parent, exp.Exists)
                self.statement(found, scope, common, derived=checked)


def _relations(node: exp.Expr) -> list[exp.Expr]:
    """The items of FROM or USING, without those that are joined to them."""
    found: list[exp.Expr] = []
    if clause := node.args.get("from_"):
        found.append(clause.this)
    if using := node.args.get("using"):
        found += using if isinstance(using, list) else [using]
    return found


def _shared_columns(join: exp.Expr, left: Scope, right: Scope) -> list[str]:
    """The columns of JOIN … USING, and of NATURAL JOIN where all columns are known."""
    if using := join.args.get("using"):
        return [column.name for column in using]
    if join.args.get("method") != "NATURAL":
        return []
    known = [source.columns for source in (*left.sources, *right.sources)]
    if any(columns is None for columns in known):
        return []
    before = {name for source in left.sources for name in source.columns or ()}
    return sorted(before.intersection(*(source.columns or () for source in right.sources)))
