"""What the planner reads in the place of a name: a view's query, a common table, a union's part."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.scopes import Scope


@lru_cache(maxsize=256)
def _written(definition: str) -> str | None:
    written = library.deparsed(definition)
    return written if isinstance(written, str) else None


def definition_of(definition: str) -> exp.Expr | None:
    """The query of a view, as pg_get_viewdef() prints it; None where it cannot be read."""
    written = _written(definition)
    tree = dialect.parsed(written) if written else None
    return tree if isinstance(tree, exp.Expr) else None


def is_inlined(table: exp.Expr, statement: exp.Expr) -> bool:
    """Whether the planner reads a common table in its place: named once, and not kept apart."""
    if table.args.get("materialized"):
        return False
    names = [t for t in statement.find_all(exp.Table) if t.name == table.alias and not t.db]
    return len(names) == 1 or table.args.get("materialized") is False


def branches_of(scope: Scope) -> list[Scope]:
    """The scope once for each part of the set operations in FROM."""
    most = max((len(source.branches) for source in scope.sources), default=0)
    if not most:
        return [scope]
    return [
        replace(
            scope,
            sources=tuple(
                replace(s.branches[at % len(s.branches)], alias=s.alias) if s.branches else s
                for s in scope.sources
            ),
        )
        for at in range(most)
    ]
