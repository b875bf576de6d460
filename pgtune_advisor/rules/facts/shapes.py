"""Statements' shapes, parsed once an evaluation and only as many as are worth it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from pgtune_advisor.domain.objects import Column, Relation
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext import (
    Catalog,
    Reason,
    Shape,
    TableCatalog,
    TableRef,
    Unparsed,
    is_own,
    shape_of,
)

# Parsing costs half a millisecond to ten a statement, so the statements with the most time come
# first and the rest is counted.
MOST_PARSED: Final = 500
MOST_NAMED: Final = 10
_SHARED: Final = "shapes"


class Shapes:
    """The shape of each statement by its query id."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._texts = {t.query_id: t.text for t in context.snapshot.statement_texts}
        self._shapes: dict[tuple[int, str | None], Shape | Unparsed] = {}
        self._unparsed: dict[int, Reason] = {}

    def omissions(self) -> list[str]:
        """In words: how many statements' texts were not understood, or not looked at, and why."""
        said = []
        if self._unparsed:
            reasons = Counter(self._unparsed.values()).most_common()
            listed = "; ".join(
                f"{reason} {count}: {self._named(reason)}" for reason, count in reasons
            )
            said.append(f"the text of {len(self._unparsed)} statements has no shape ({listed})")
        beyond = self._ranked[MOST_PARSED:]
        if beyond:
            said.append(
                f"the texts of the {len(beyond)} statements with the least time were not parsed"
            )
        return said

    @property
    def unparsed(self) -> Mapping[int, Reason]:
        """Why a text has no shape, by query id, of those that were looked at."""
        return self._unparsed

    def _named(self, reason: Reason) -> str:
        """The statements with this reason by their ids, those with the most time first."""
        ids = [q for q in self._ranked if self._unparsed.get(q) == reason]
        more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
        return "query id " + ", ".join(map(str, ids[:MOST_NAMED])) + more

    def text(self, statement: Statement) -> str | None:
        """The statement's text, if this role may see it."""
        return None if statement.query_id is None else self._texts.get(statement.query_id)

    def is_own(self, statement: Statement) -> bool | None:
        """Whether this program sent the statement."""
        text = self.text(statement)
        return None if text is None else is_own(text)

    def of(self, statement: Statement) -> Shape | None:
        """The shape; None where the text is hidden, cannot be parsed, or costs too little time."""
        text = self.text(statement)
        if text is None or statement.query_id is None or statement.query_id not in self._worthy:
            return None
        key = (statement.query_id, statement.database)
        if key not in self._shapes:
            found = shape_of(text, self._catalogs.get(statement.database or ""))
            self._shapes[key] = found
            if isinstance(found, Unparsed):
                self._unparsed[statement.query_id] = found.reason
        shape = self._shapes[key]
        return None if isinstance(shape, Unparsed) else shape

    def of_text(self, database: str, text: str) -> Shape | None:
        """The shape of a text from elsewhere than pg_stat_statements."""
        shape = shape_of(text, self._catalogs.get(database))
        return None if isinstance(shape, Unparsed) else shape

    @cached_property
    def _worthy(self) -> set[int]:
        return set(self._ranked[:MOST_PARSED])

    @cached_property
    def _ranked(self) -> list[int]:
        """The ids of the statements that ran, the one with the most time first."""
        times: dict[int, float] = defaultdict(float)
        for row in self._context.deltas("statements") or self._context.snapshot.statements:
            if row.query_id is not None:
                times[row.query_id] += row.exec_time_ms or 0.0
        return sorted(times, key=lambda query_id: (-times[query_id], query_id))

    @cached_property
    def _catalogs(self) -> Mapping[str, Catalog]:
        columns: dict[str, list[Column]] = defaultdict(list)
        for column in self._context.snapshot.columns:
            columns[column.database].append(column)
        views: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        for view in self._context.snapshot.views:
            if view.definition is not None:
                views[view.database][view.schema, view.name] = view.definition
        return {
            database: TableCatalog.of(found, views=views[database])
            for database, found in columns.items()
        }

    @cached_property
    def _relations(self) -> Mapping[tuple[str, str], list[Relation]]:
        found: dict[tuple[str, str], list[Relation]] = defaultdict(list)
        for relation in self._context.snapshot.relations:
            found[relation.database, relation.name].append(relation)
        return found

    def relation(self, statement: Statement, table: TableRef | None) -> Relation | None:
        """The table that a reference means: by its schema, else public's, else the only one."""
        return None if table is None else self.relation_in(statement.database or "", table)

    def relation_in(self, database: str, table: TableRef) -> Relation | None:
        """The table of a database that a reference means, by the same order."""
        named = self._relations.get((database, table.name), [])
        for schema in (table.schema, "public") if table.schema is None else (table.schema,):
            found = next((r for r in named if r.schema == schema), None)
            if found is not None:
                return found
        return named[0] if len(named) == 1 and table.schema is None else None


def shapes_of(context: Context) -> Shapes:
    """The shapes of this evaluation, shared by the fact tables."""
    if _SHARED not in context.shared:
        context.shared[_SHARED] = Shapes(context)
    shapes: Shapes = context.shared[_SHARED]
    return shapes


def omissions(context: Context) -> list[str]:
    """What this evaluation did not understand of the statements; nothing if no rule asked."""
    return shapes_of(context).omissions() if _SHARED in context.shared else []
