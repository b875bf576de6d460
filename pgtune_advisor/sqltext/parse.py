"""From a statement's text to its shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.catalog import Catalog
from pgtune_advisor.sqltext.clauses import groups_of, limit_of, offset_of, order_of
from pgtune_advisor.sqltext.fingerprint import is_query
from pgtune_advisor.sqltext.needs import as_columns
from pgtune_advisor.sqltext.queries import Walk
from pgtune_advisor.sqltext.shape import Kind, Shape
from pgtune_advisor.sqltext.unparsed import Unparsed
from pgtune_advisor.sqltext.utility import command_of

_KINDS: Final[dict[type[exp.Expr], Kind]] = {
    exp.Insert: "insert",
    exp.Update: "update",
    exp.Delete: "delete",
    exp.Merge: "merge",
}


def shape_of(text: str, catalog: Catalog | None) -> Shape | Unparsed:
    """The shape of a statement as pg_stat_statements, a log or a person wrote it.

    With a catalogue, names are resolved to tables and comparisons of unlike types are found.
    Without, only what the statement itself says is known.
    """
    if refusal := library.refused(text):
        return refusal
    if is_query(text):
        written = library.deparsed(text)
        return written if isinstance(written, Unparsed) else _query_shape(written, catalog)
    checked = library.normalised(text)
    if isinstance(checked, Unparsed):
        return checked
    command = command_of(text)
    if isinstance(command, Unparsed):
        return command
    shape: Shape | Unparsed = Shape(kind="utility", command=command.name, tables=command.tables)
    if command.query:
        shape = _query_shape(command.query, catalog)
    if isinstance(shape, Unparsed):
        return shape
    return replace(shape, command=command.name, is_maintenance=command.is_maintenance)


def _query_shape(written: str, catalog: Catalog | None) -> Shape | Unparsed:
    """The shape of a query that PostgreSQL's deparser wrote."""
    tree = dialect.parsed(written)
    if isinstance(tree, Unparsed):
        return tree
    try:
        return _read(tree, written, catalog)
    except RecursionError:
        return Unparsed(reason="too-deep")


def _read(tree: exp.Expr, written: str, catalog: Catalog | None) -> Shape:
    walk = Walk(catalog=catalog)
    scope = walk.statement(tree)
    kind = _KINDS.get(type(tree), "select")
    return Shape(
        kind=kind,
        command=kind.upper(),
        tables=tuple(dict.fromkeys(walk.tables)),
        writes=tuple(dict.fromkeys(walk.writes)),
        predicates=tuple(walk.predicates),
        limit=limit_of(tree),
        offset=offset_of(tree) if "OFFSET" in written else None,
        order_by=order_of(tree, scope),
        group_by=groups_of(tree, scope),
        projected=walk.needs.listed(),
        updated=as_columns(walk.updated),
    )
