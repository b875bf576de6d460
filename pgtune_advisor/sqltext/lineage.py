"""Which columns a query hands on as they are, so that conditions on them reach its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from sqlglot import exp

from pgtune_advisor.sqltext.expressions import is_aggregated, own_nodes
from pgtune_advisor.sqltext.scopes import Scope, Source

_OPAQUE = Source(alias="", table=None, columns=None, types={})


def source_of_query(
    query: exp.Expr, scopes: Mapping[int, Scope], renamed: Sequence[str] | None = None
) -> Source:
    """What a query is to the one that reads it. `scopes` holds the scope of each SELECT by id."""
    names, source = _read(query, scopes)
    if renamed is None:
        return source
    if names is None:
        return replace(_OPAQUE, columns=tuple(renamed))
    return _renamed(source, names, [*renamed, *names[len(renamed) :]])


def _read(query: exp.Expr, scopes: Mapping[int, Scope]) -> tuple[Sequence[str] | None, Source]:
    """The names of its columns in order, if all are known, and the source."""
    limited = bool(query.args.get("limit") or query.args.get("offset"))
    match query:
        case exp.Subquery():
            names, source = _read(query.this, scopes)
        case exp.SetOperation():
            names, source = _combined(query, scopes)
        case exp.Select() if id(query) in scopes:
            names, source = _selected(query, scopes[id(query)])
        case _:
            return None, _OPAQUE
    return names, replace(_OPAQUE, columns=names) if limited else source


def _combined(
    query: exp.SetOperation, scopes: Mapping[int, Scope]
) -> tuple[Sequence[str] | None, Source]:
    """A condition on a set operation holds for each of its parts, but for EXCEPT."""
    (names, left), (others, right) = _read(query.this, scopes), _read(query.expression, scopes)
    whole = replace(_OPAQUE, columns=names)
    if isinstance(query, exp.Except):
        return names, whole
    parts = list(left.branches or (left,))
    for part in right.branches or (right,):
        named = names is not None and others is not None and names != others
        parts.append(_renamed(part, others or (), names or ()) if named else part)
    return names, replace(whole, branches=tuple(parts))


def _renamed(source: Source, old: Sequence[str], new: Sequence[str]) -> Source:
    origins = {
        name: source.origin(before)
        for before, name in zip_longest(old, new)
        if before is not None and name is not None and source.origin(before)[0].table
    }
    branches = tuple(_renamed(branch, old, new) for branch in source.branches)
    return replace(_OPAQUE, columns=tuple(new), origins=origins, branches=branches)


def _selected(query: exp.Select, scope: Scope) -> tuple[Sequence[str] | None, Source]:
    names: list[str] | None = []
    origins: dict[str, tuple[Source, str]] = {}
    rest: Source | None = None
    for item in query.expressions:
        stars = _starred(item, scope)
        for source in stars:
            if source.columns is None:
                names = None
                rest = source if len(query.expressions) == 1 == len(stars) else None
            for name in source.columns or ():
                origins.setdefault(name, (source, name))
                if names is not None:
                    names.append(name)
        if stars:
            continue
        if names is not None and item.alias_or_name not in ("", "*"):
            names.append(item.alias_or_name)
        else:
            names = None
        column = item.this if isinstance(item, exp.Alias) else item
        if isinstance(column, exp.Column) and (own := _own(scope, column)):
            origins.setdefault(item.alias_or_name, (own, column.name))
    if not _passes(query):
        return names, replace(_OPAQUE, columns=names)
    if query.args.get("group"):
        origins = _grouped(query, origins)
        rest = None
    return names, replace(_OPAQUE, columns=names, origins=origins, rest=rest)


def _own(scope: Scope, column: exp.Column) -> Source | None:
    """The source of the column where it is one of this query's own."""
    source = scope.source_of(column)
    return source if any(source is own for own in scope.sources) else None


def _starred(item: exp.Expr, scope: Scope) -> tuple[Source, ...]:
    """The sources whose columns `*` or `t.*` stands for."""
    if isinstance(item, exp.Star):
        return scope.sources
    if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
        return tuple(source for source in scope.sources if source.alias == item.table)
    return ()


def _passes(query: exp.Select) -> bool:
    """Whether the planner may check a condition on the result before the query itself runs."""
    distinct = query.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        return False
    if not query.args.get("group") and any(is_aggregated(item) for item in query.expressions):
        return False
    return not any(
        isinstance(found, exp.Window) for item in query.expressions for found in own_nodes(item)
    )


def _grouped(
    query: exp.Select, origins: Mapping[str, tuple[Source, str]]
) -> dict[str, tuple[Source, str]]:
    """Those that the groups are made by."""
    keys: set[str] = set()
    for key in query.args["group"].expressions:
        if isinstance(key, exp.Literal) and key.is_int and int(key.name) <= len(query.expressions):
            keys.add(query.expressions[int(key.name) - 1].alias_or_name)
        elif isinstance(key, exp.Column):
            keys.add(key.name)
    return {name: origin for name, origin in origins.items() if name in keys or origin[1] in keys}
