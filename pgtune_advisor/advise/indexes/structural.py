"""Advice without a planner: what a statement's text and its counters alone suggest.

It names an index only where both agree: the text compares columns that no index leads with, and a
call reads a large part of the table's blocks. Whether the planner would use it nobody asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pgtune_advisor.advise.indexes.access import Access, Term, Use
from pgtune_advisor.advise.indexes.candidates import candidates
from pgtune_advisor.advise.indexes.habits import Habits
from pgtune_advisor.advise.indexes.prices import Prices
from pgtune_advisor.advise.indexes.tables import Place, Table, Tables
from pgtune_advisor.advise.indexes.workload import Entry
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.proposals import Effect, Proposal
from pgtune_advisor.domain.recommendations import StatementImpact
from pgtune_advisor.rules.facts.base import BLOCK, Context
from pgtune_advisor.sqltext import Predicate, Shape, TableCatalog, TableRef, shape_of

# The part of a table's blocks that a call must read for an index to suggest itself.
READ_SHARE: Final = 0.5
# Of more statements than this one stands for all of its kind: each has to be parsed.
ANALYSED: Final = 500

_USES: Final[Mapping[str, Use]] = {
    "equality": "equal",
    "join": "equal",
    "in": "any",
    "range": "range",
    "like-prefix": "prefix",
}


def structural(
    context: Context, database: str, ran: Sequence[Entry], tables: Tables, prices: Prices
) -> tuple[Proposal, ...]:
    """One index for each table that statements read whole though they compare its columns."""
    views = {
        (v.schema, v.name): v.definition
        for v in context.snapshot.views
        if v.database == database and v.definition is not None
    }
    columns = (c for c in context.snapshot.columns if c.database == database)
    catalog = TableCatalog.of(columns, views=views)
    blocks = _blocks(context, database)
    found: dict[IndexDef, list[Entry]] = {}
    for entry in ran:
        shape = shape_of(entry.text, catalog)
        if not isinstance(shape, Shape) or entry.query_id is None:
            continue
        for index in _of(shape, blocks.get(entry.query_id, 0.0), tables):
            found.setdefault(index, []).append(entry)
    return tuple(
        _proposal(database, index, users, tables, prices) for index, users in sorted(found.items())
    )


def _blocks(context: Context, database: str) -> dict[int, float]:
    """Blocks a call of each statement."""
    touched: dict[int, list[float]] = {}
    rows: Sequence[Any] = context.deltas("statements") or ()
    for row in rows:
        if row.database == database and row.query_id is not None:
            sums = touched.setdefault(row.query_id, [0.0, 0.0])
            sums[0] += (row.shared_blocks_hit or 0) + (row.shared_blocks_read or 0)
            sums[1] += row.calls or 0
    return {key: total / calls for key, (total, calls) in touched.items() if calls}


def _of(shape: Shape, blocks: float, tables: Tables) -> Iterator[IndexDef]:
    """The likeliest index on each table that a call reads for the most part."""
    for ref in shape.tables:
        place = (ref.schema or "", ref.name)
        table = tables.find(place)
        if table is None or table.rows < 1000 or blocks < table.pages * READ_SHARE:
            continue
        access = _access(shape, ref, place)
        # An OR needs an index for each side, and nobody can say whether the planner would join two.
        access.terms = [term for term in access.terms if not term.group]
        if any(_leads(table, term) for term in access.terms if term.use in ("equal", "any")):
            continue
        plain = (i for i in candidates(access, table, Habits(equals={})) if i.method == "btree")
        best = next((i for i in plain if not i.include and not i.predicate), None)
        if best is not None:
            yield best


def _access(shape: Shape, ref: TableRef, place: Place) -> Access:
    access = Access(place=place, alias=ref.alias or ref.name)
    for predicate in shape.predicates:
        term = _term(predicate) if predicate.table == ref else None
        if term is not None and term not in access.terms:
            access.terms.append(term)
    orders = [key for key in shape.order_by if key.table == ref and key.column]
    if orders and len(orders) == len(shape.order_by):
        access.orders.append(
            tuple(
                (quote_ident(k.column or ""), k.column or "", "DESC" if k.descending else "")
                for k in orders
            )
        )
    return access


def _term(predicate: Predicate) -> Term | None:
    use = _USES.get(predicate.kind)
    if use is None or predicate.column is None or predicate.negated:
        return None
    return Term(
        expression=quote_ident(predicate.column),
        column=predicate.column,
        use=use,
        operator=predicate.operator,
        joins=predicate.kind == "join",
        group=int(predicate.alternative),
    )


def _leads(table: Table, term: Term) -> bool:
    """Whether an index leads with the column: then the reads have another reason."""
    return any(index.keys[:1] == (term.column,) for index in table.indexes if index.is_valid)


def _proposal(
    database: str, index: IndexDef, users: Sequence[Entry], tables: Tables, prices: Prices
) -> Proposal:
    table = tables.find(index.relation)
    assert table is not None  # The index was made for a table that was found.
    effects = tuple(
        Effect(
            statement=StatementImpact(query_id=e.query_id, text=e.text, calls=e.calls), share=0.0
        )
        for e in users
    )
    return Proposal(
        database=database,
        index=index,
        replaces=(),
        size_bytes=prices.size(index),
        build_ms=prices.build_ms(index),
        upkeep=prices.upkeep(index),
        upkeep_note=prices.upkeep_note(index),
        table_rows=table.rows,
        table_bytes=table.pages * BLOCK,
        cost_before=None,
        cost_after=None,
        effects=effects,
        confidence="heuristic",
        planner="none",
    )
