"""Candidates of other access methods: GIN for what is inside a value, BRIN for what grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pgtune_advisor.advise.indexes.access import Access, Term
from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.sqltext.typenames import base_type

TRIGRAMS: Final = "gin_trgm_ops"
# BRIN keeps one summary for 128 pages: below some thousands of pages a btree is as small.
BRIN_PAGES: Final = 16_384
BRIN_CORRELATION: Final = 0.9

_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "citext"})


def other_methods(
    access: Access, table: Table, predicates: Sequence[tuple[str, frozenset[str]]]
) -> Iterator[IndexDef]:
    """GIN and BRIN candidates of an access, the GIN ones also for a part of the table."""
    schema, name = access.place
    for term in access.terms:
        for key in _gin_keys(term, table):
            yield IndexDef(schema=schema, table=name, keys=(key,), method="gin")
            for predicate, settled in predicates:
                if term.expression not in settled:
                    yield IndexDef(
                        schema=schema, table=name, keys=(key,), method="gin", predicate=predicate
                    )
        if _is_grown(term, table):
            key = IndexKey.of(term.column)
            yield IndexDef(schema=schema, table=name, keys=(key,), method="brin")


def _gin_keys(term: Term, table: Table) -> Iterator[IndexKey]:
    column = table.columns.get(term.column)
    kind = base_type(column.type) if column else ""
    match term.use:
        case "contains" if kind == "jsonb":
            if term.operator in ("@>", "@?"):
                yield IndexKey.of(term.column, opclass="jsonb_path_ops")
            yield IndexKey.of(term.column)
        case "search" if kind == "jsonb":
            yield IndexKey.of(term.column, opclass="jsonb_path_ops")
        case "contains" if kind.endswith("[]"):
            yield IndexKey.of(term.column)
        case "search" if kind == "tsvector" or not term.column:
            yield IndexKey(expression=_text(term), column=term.column)
        case "pattern" if kind in _TEXTS or not term.column:
            yield IndexKey(expression=_text(term), column=term.column, opclass=TRIGRAMS)
        case "prefix" if kind in _TEXTS and term.inside:
            yield IndexKey(expression=_text(term), column=term.column, opclass=TRIGRAMS)


def _text(term: Term) -> str:
    if term.column:
        return quote_ident(term.column)
    return term.expression if term.expression.startswith("(") else f"({term.expression})"


def _is_grown(term: Term, table: Table) -> bool:
    """A range on a large table whose rows lie in the column's order."""
    column = table.columns.get(term.column)
    if term.use != "range" or column is None or table.pages < BRIN_PAGES:
        return False
    return abs(column.correlation or 0.0) > BRIN_CORRELATION
