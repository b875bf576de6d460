"""Index candidates of one table access: what could serve these conditions, in which order of keys.

Equality columns first (those that more of the workload compares lead, so that statements share
indexes), then one range or the order; the columns that are read as INCLUDE; constants as the
predicate of a partial index; what a btree cannot serve by its own access method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Final

from pgtune_advisor.advise.indexes.access import Access, Term
from pgtune_advisor.advise.indexes.habits import Habits
from pgtune_advisor.advise.indexes.others import other_methods
from pgtune_advisor.advise.indexes.served import is_served
from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.advise.indexes.variants import reversed_keys
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.rules.facts.base import BLOCK
from pgtune_advisor.sqltext.typenames import base_type

MOST_EQUALS: Final = 4
MOST_KEYS: Final = 4
MOST_INCLUDED: Final = 6
# Bytes a row that an index may carry along; wider ones are rather a second table.
WIDEST_INCLUDE: Final = 80.0
# A constant on a column with more values than this is rather an example than a fixed part.
FEW_VALUES: Final = 100.0
# With more values, up to so many, one may still be a state: it has that many times its share.
MORE_VALUES: Final = 1000.0
OUTSTANDING: Final = 10.0
MOST: Final = 80
# From this share of NULLs on, an index without them is worth a thought.
_MANY_NULLS: Final = 0.2
# An index is read instead of the whole table where its rows are so much narrower.
_NARROW: Final = 0.6
_TUPLE: Final = 12.0

# Types without an order, or too wide to be keys.
_NO_BTREE: Final = frozenset({"json", "xml", "point", "box", "polygon", "path", "circle", "line"})
_WIDE: Final = frozenset({"jsonb", "tsvector"})


def candidates(
    access: Access,
    table: Table,
    habits: Habits,
    share: Callable[[IndexDef], float] = lambda _index: 0.0,
) -> tuple[IndexDef, ...]:
    """The candidates for one access; none that exist already or repeat a unique index.

    `share` tells what part of the table's rows an index would hold; without it no value is known
    to be a state.
    """
    made = _Maker(access, table, habits, share)
    found = dict.fromkeys(made.all())
    useful = [index for index in found if not is_served(index, table)]
    return tuple(useful[:MOST])


class _Maker:
    def __init__(
        self, access: Access, table: Table, habits: Habits, share: Callable[[IndexDef], float]
    ) -> None:
        self._access = access
        self._table = table
        self._share = share
        usable = [term for term in access.terms if self._is_usable(term)]
        plain = [term for term in usable if not term.group]
        equal = [t for t in plain if t.use in ("equal", "null", "flag") and not t.joins]
        several = [t for t in plain if t.use == "any"]

        def rank(term: Term) -> tuple[float, float, str]:
            return habits.rank(access.place, term, table)

        self._equal = _distinct(sorted(equal, key=rank))[:MOST_EQUALS]
        self._any = _distinct(sorted(several, key=rank))[:2]
        self._joins = _distinct([t for t in plain if t.joins])[:3]
        self._ranges = _distinct([t for t in plain if t.use in ("range", "prefix")])[:3]
        self._groups = [t for t in usable if t.group]

    def all(self) -> Iterator[IndexDef]:
        """All candidates, the likely ones first."""
        narrow = list(dict.fromkeys(self._keys()))
        settled: frozenset[str] = frozenset()
        partial = [(keys, where, settled) for where in self._without_nulls() for keys in narrow]
        partial += [pair for where in self._predicates() for pair in self._below(where)]
        for keys in narrow:
            yield from self._with_include(self._index(keys))
        for keys, where, settled in partial:
            yield from self._with_include(self._index(keys, where), settled)
        yield from self._whole()
        for term in self._groups:
            if term.use in ("equal", "any", "range", "prefix"):
                yield self._index((self._key(term),))
        yield from other_methods(self._access, self._table, self._predicates())

    def _whole(self) -> Iterator[IndexDef]:
        """A narrow copy of the table, for a statement that reads most rows but few columns."""
        needed = sorted(self._access.needed & self._table.columns.keys())
        fit = [c for c in needed if self._is_ordered(c)]
        width = sum(self._table.width(column) for column in needed)
        if not fit or fit != needed or len(needed) > MOST_INCLUDED + 1:
            return
        if width + _TUPLE > _NARROW * self._row_width():
            return
        first = next((c for order in self._access.orders for _, c, _ in order if c), fit[0])
        rest = tuple(column for column in fit if column != first)
        yield replace(self._index((IndexKey.of(first),)), include=rest)

    def _row_width(self) -> float:
        """Bytes of the table for each row."""
        return self._table.pages * BLOCK / max(self._table.rows, 1.0)

    def _keys(self, without: frozenset[str] = frozenset()) -> Iterator[tuple[IndexKey, ...]]:
        """Tuples of keys; `without`: expressions that a predicate has settled."""
        equal = [t for t in self._equal if t.expression not in without]
        orders = list(self._orders(without))
        for count in range(len(equal), -1, -1):
            for chosen in combinations(equal, count):
                fixed = tuple(self._key(term) for term in chosen)
                yield from self._tails(fixed, orders)

    def _tails(
        self, fixed: tuple[IndexKey, ...], orders: list[tuple[IndexKey, ...]]
    ) -> Iterator[tuple[IndexKey, ...]]:
        """What may follow fixed keys: an order, a range, a list, a join; or nothing."""
        used = {key.expression for key in fixed}
        for order in orders:
            rest = tuple(key for key in order if key.expression not in used)
            if rest:
                yield _cut(fixed + rest)
        last = [t for t in (*self._ranges, *self._any, *self._joins) if t.expression not in used]
        for term in last:
            keys = (*fixed, self._key(term))
            yield _cut(keys)
            if term.joins or term.use == "any":
                for further in last:
                    if further.expression != term.expression and len(keys) < MOST_KEYS:
                        yield _cut((*keys, self._key(further)))
                for order in orders:
                    taken = {*used, term.expression}
                    rest = tuple(key for key in order if key.expression not in taken)
                    if rest:
                        yield _cut(keys + rest)
            if term.joins and fixed:
                yield _cut((self._key(term), *fixed))
        if fixed:
            yield _cut(fixed)

    def _orders(self, without: frozenset[str]) -> Iterator[tuple[IndexKey, ...]]:
        for order in self._access.orders:
            keys = tuple(
                IndexKey(
                    expression=_key_text(expression, column), column=column, order=_order(direction)
                )
                for expression, column, direction in order
                if expression not in without and self._is_ordered(column)
            )
            if keys and len(keys) <= MOST_KEYS:
                # Read backwards the mirror image gives the same order; one of them is enough.
                yield reversed_keys(keys) if keys[0].order.startswith("DESC") else keys

    def _predicates(self) -> list[tuple[str, frozenset[str]]]:
        """Predicates of partial indexes: each fixed condition alone, and all together."""
        fixed = [t for t in self._access.terms if t.predicate and self._is_fixed(t)]
        fixed = fixed[:3]
        single = [(t.predicate, frozenset({t.expression})) for t in fixed]
        if len(fixed) < 2:
            return single
        whole = " AND ".join(f"({t.predicate})" for t in fixed)
        return [*single, (whole, frozenset(t.expression for t in fixed))]

    def _without_nulls(self) -> Iterator[str]:
        """The predicate that leaves out the NULLs of the column that has most of them, if no row
        with one passes the conditions."""
        strict = {t.column for t in self._access.terms if t.column and t.strict and not t.group}
        columns = self._table.columns
        nulls = {c: columns[c].null_fraction or 0.0 for c in sorted(strict & columns.keys())}
        most = max(nulls, key=nulls.__getitem__, default="")
        if most and nulls[most] >= _MANY_NULLS:
            yield f"{quote_ident(most)} IS NOT NULL"

    def _below(
        self, where: tuple[str, frozenset[str]]
    ) -> Iterator[tuple[tuple[IndexKey, ...], str, frozenset[str]]]:
        predicate, settled = where
        keys = list(dict.fromkeys(self._keys(settled)))
        for one in keys:
            yield one, predicate, settled
        if not keys:
            key = next((c for c in self._table.columns if c in self._access.needed), "")
            if key:
                yield (IndexKey.of(key),), predicate, settled

    def _is_fixed(self, term: Term) -> bool:
        """Whether a condition is likely to be a part of the statement and not an example."""
        if term.group or term.joins:
            return False
        if term.use in ("null", "flag") or term.operator == "is not null":
            return True
        if term.use != "equal" or not term.column:
            return False
        values = self._table.distinct(term.column)
        return values <= FEW_VALUES or (
            values <= MORE_VALUES
            and self._share(self._index((self._key(term),), term.predicate)) * values >= OUTSTANDING
        )

    def _with_include(
        self, index: IndexDef, settled: frozenset[str] = frozenset()
    ) -> Iterator[IndexDef]:
        """The index, and where it is narrow enough the one that spares the look into the table.

        What the predicate has settled, and nothing else reads, need not be carried along.
        """
        keys = {key.column for key in index.keys}
        terms = self._access.terms
        asked = {term.column for term in terms if term.expression not in settled}
        over = {term.column for term in terms} - asked - self._access.shown
        rest = sorted(self._access.needed - keys - over)
        width = sum(self._table.width(column) for column in rest)
        unfit = [c for c in rest if self._type(c) in _WIDE or c not in self._table.columns]
        # Of an expression nobody knows how many rows it finds before it is built and analysed.
        unfit += [] if all(keys) else ["an expression"]
        if rest and not unfit and len(rest) <= MOST_INCLUDED and width <= WIDEST_INCLUDE:
            yield replace(index, include=tuple(rest))
        yield index

    def _index(self, keys: tuple[IndexKey, ...], predicate: str = "") -> IndexDef:
        schema, table = self._access.place
        return IndexDef(schema=schema, table=table, keys=keys, predicate=predicate)

    def _key(self, term: Term) -> IndexKey:
        opclass = ""
        if term.use == "prefix":
            kind = self._type(term.column)
            opclass = {"varchar": "varchar_pattern_ops", "bpchar": "bpchar_pattern_ops"}.get(
                kind, "text_pattern_ops"
            )
        text = _key_text(term.expression, term.column)
        return IndexKey(expression=text, column=term.column, opclass=opclass)

    def _type(self, column: str) -> str:
        found = self._table.columns.get(column)
        return base_type(found.type) if found else ""

    def _is_ordered(self, column: str) -> bool:
        kind = self._type(column)
        return not column or (kind not in _NO_BTREE | _WIDE and not kind.endswith("[]"))

    def _is_usable(self, term: Term) -> bool:
        if term.column and term.column not in self._table.columns:
            return False
        if term.use in ("pattern", "contains", "search"):
            return False
        return self._is_ordered(term.column)


def _distinct(terms: list[Term]) -> list[Term]:
    """One term for each expression."""
    return list({term.expression: term for term in reversed(terms)}.values())[::-1]


def _cut(keys: tuple[IndexKey, ...]) -> tuple[IndexKey, ...]:
    return keys[: MOST_KEYS + 1]


def _key_text(expression: str, column: str) -> str:
    if column:
        return quote_ident(column)
    return expression if expression.startswith("(") else f"({expression})"


def _order(direction: str) -> str:
    """The direction as an index key has it; EXPLAIN leaves out what is the default, so do we."""
    return {"DESC NULLS FIRST": "DESC", "NULLS LAST": ""}.get(direction, direction)
