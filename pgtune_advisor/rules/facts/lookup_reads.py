"""The queries that look rows up by a key, and those that yield keys, from counters and the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pgtune_advisor.domain.log_bursts import LogBurst
from pgtune_advisor.domain.row import identity
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.lookup_keys import ColumnName, Keys
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of
from pgtune_advisor.sqltext import Predicate, Shape, fingerprint, is_own, locks_rows


@dataclass(kw_only=True)
class Read:
    """A query of one role in one database, by its fingerprint.

    Counters are None where only the log knows of it. `identities` are its entries of
    pg_stat_statements.
    """

    database: str
    user: str
    query_id: int | None
    text: str
    shape: Shape
    identities: list[tuple[object, ...]] = field(default_factory=list)
    calls: int | None = None
    rows: int | None = None
    ms: float | None = None
    sought: set[ColumnName] = field(default_factory=set)
    yielded: dict[ColumnName, ColumnName] = field(default_factory=dict)

    @cached_property
    def locks(self) -> bool:
        return locks_rows(self.text)

    @property
    def rows_per_call(self) -> float | None:
        return self.rows / self.calls if self.calls and self.rows is not None else None


class Reads:
    """All such queries of an evaluation."""

    def __init__(self, context: Context, keys: Keys) -> None:
        self._context = context
        self._keys = keys
        self._shapes: Shapes = shapes_of(context)
        self._found: dict[tuple[str, str, str], Read] = {}
        self._by_id: dict[tuple[str, str, int], Read] = {}
        for statement in context.snapshot.statements:
            self._add_statement(statement)
        for burst in context.snapshot.log_bursts:
            for text, query_id in (
                (burst.child_text, burst.child_query_id),
                (burst.parent_text, burst.parent_query_id),
            ):
                if text is not None and self.logged(burst, text, query_id) is None:
                    self._add_logged(burst, text, query_id)
        for read in self._found.values():
            read.sought = set(self._sought(read))
            read.yielded = dict(self._yielded(read))

    def __iter__(self) -> Iterator[Read]:
        return iter(self._found.values())

    def logged(self, burst: LogBurst, text: str | None, query_id: int | None) -> Read | None:
        """The query that a burst speaks of: by its id, else by its text."""
        place = (burst.database or "", burst.user or "")
        if query_id is not None and (*place, query_id) in self._by_id:
            return self._by_id[*place, query_id]
        return self._found.get((*place, fingerprint(text) or text)) if text else None

    def _add_statement(self, statement: Statement) -> None:
        delta = self._context.delta("statements", statement)
        text, shape = self._shapes.text(statement), self._shapes.of(statement)
        if text is None or shape is None or shape.kind != "select" or not shape.tables:
            return
        if statement.query_id is None or not statement.toplevel or is_own(text):
            return
        key = (statement.database or "", statement.user or "", fingerprint(text) or text)
        read = self._found.get(key)
        if read is None:
            read = self._found[key] = Read(
                database=key[0], user=key[1], query_id=statement.query_id, text=text, shape=shape
            )
        read.identities.append(identity(statement))
        self._by_id[key[0], key[1], statement.query_id] = read
        if delta is not None:
            read.calls = (read.calls or 0) + (delta.calls or 0)
            read.rows = (read.rows or 0) + (delta.rows or 0)
            read.ms = (read.ms or 0.0) + (delta.exec_time_ms or 0.0)

    def _add_logged(self, burst: LogBurst, text: str, query_id: int | None) -> None:
        place = (burst.database or "", burst.user or "")
        shape = self._shapes.of_text(place[0], text)
        if shape is None or shape.kind != "select" or not shape.tables or is_own(text):
            return
        read = Read(database=place[0], user=place[1], query_id=query_id, text=text, shape=shape)
        self._found[*place, fingerprint(text) or text] = read
        if query_id is not None:
            self._by_id[*place, query_id] = read

    def _sought(self, read: Read) -> Iterator[ColumnName]:
        """The key columns that it compares with a parameter."""
        for predicate in read.shape.predicates:
            if _is_key(predicate):
                column = self._column(read, predicate)
                if column is not None and self._keys.root(column) is not None:
                    yield column

    def _column(self, read: Read, predicate: Predicate) -> ColumnName | None:
        if predicate.table is None or predicate.column is None:
            return None
        relation = self._shapes.relation_in(read.database, predicate.table)
        if relation is None:
            return None
        return (read.database, relation.schema, relation.name, predicate.column)

    def _yielded(self, read: Read) -> Iterator[tuple[ColumnName, ColumnName]]:
        """The keys that its rows tell, by the unique column they mean, with the column itself."""
        for one in read.shape.projected:
            relation = self._shapes.relation_in(read.database, one.table)
            if relation is None:
                continue
            table = (relation.database, relation.schema, relation.name)
            names: Sequence[str] = one.columns if one.columns is not None else ()
            for name in names or self._keys.columns.get(table, ()):
                column = (*table, name)
                root = self._keys.root(column)
                if root is not None and column not in read.sought:
                    yield root, column


def _is_key(predicate: Predicate) -> bool:
    return (
        predicate.kind == "equality"
        and predicate.other == "parameter"
        and predicate.clause == "where"
        and not predicate.negated
        and not predicate.alternative
    )


def bursts_by_child(context: Context, reads: Reads) -> dict[tuple[int, int], list[LogBurst]]:
    """The bursts of the log by (child, parent), as identities of their reads."""
    found: dict[tuple[int, int], list[LogBurst]] = defaultdict(list)
    for burst in context.snapshot.log_bursts:
        child = reads.logged(burst, burst.child_text, burst.child_query_id)
        parent = reads.logged(burst, burst.parent_text, burst.parent_query_id)
        if child is not None and parent is not None and child is not parent:
            found[id(child), id(parent)].append(burst)
    return found
