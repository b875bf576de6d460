"""Counters of pg_stat_statements each cycle, texts only for ids that were never seen."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.domain.redaction import redact_sql
from pgtune_advisor.domain.statements import Statement, StatementText
from pgtune_advisor.pg.errors import CapabilityError
from pgtune_advisor.pg.session import Session
from pgtune_advisor.sqltext import is_own, normalise

TABLES: Final = ("statements", "statements_info", "statement_texts")
MAX_TEXT: Final = 20_000
# A quote of any kind, a comment, or a number that is no parameter's and no name's.
_MAY_HOLD_LITERALS: Final = re.compile(r"""['"]|--|/\*|\$\w*\$|(?<![\w$])\.?\d""")
_MAX_CHARACTERS: Final = 64_000_000
_BETWEEN_TEXTS: Final = timedelta(minutes=5)


class TextMemory:
    """Texts by query id, the least recently met forgotten first; None marks our own statements."""

    def __init__(self, *, keep_literals: bool, limit: int = _MAX_CHARACTERS) -> None:
        self._keep_literals = keep_literals
        self._limit = limit
        self._texts: OrderedDict[int, str | None] = OrderedDict()
        self._size = 0
        self.read_at: datetime | None = None

    def unknown(self, ids: Iterable[int]) -> set[int]:
        return {one for one in ids if one not in self._texts}

    def learn(self, rows: Iterable[StatementText]) -> None:
        for row in rows:
            text = None if is_own(row.text) else self._cleaned(row.text)
            self._size += len(text or "") - len(self._texts.get(row.query_id) or "")
            self._texts[row.query_id] = text
        while self._size > self._limit and self._texts:
            self._size -= len(self._texts.popitem(last=False)[1] or "")

    def is_ours(self, query_id: int | None) -> bool:
        return query_id is not None and self._texts.get(query_id, "") is None

    def texts(self, ids: Iterable[int]) -> list[StatementText]:
        found = []
        for one in sorted(ids):
            text = self._texts.get(one)
            if text is not None:
                self._texts.move_to_end(one)
                found.append(StatementText(query_id=one, text=text))
        return found

    def _cleaned(self, text: str) -> str:
        if self._keep_literals:
            return redact_sql(text)
        # The server has replaced constants in all but utility commands and entries that came back
        # after an eviction: parsing every text again would take as long as all else together.
        return normalise(text) if _MAY_HOLD_LITERALS.search(text) else " ".join(text.split())


def read_statements(
    cycle: Cycle, session: Session, memory: TextMemory, now: datetime, *, full: bool
) -> None:
    """Read counters, and texts where there are new ids and enough time has passed."""
    info = cycle.read(session, "statements_info", "statements_info")
    if info is not None:
        cycle.add("statements_info", info)
    rows: list[Any] | None = cycle.read(session, "statements", "statements")
    if rows is None:
        return
    try:
        cycle.capabilities.has_all_statistics(check=True)
    except CapabilityError as error:
        cycle.gap_of("statements", error)
    ids = {row.query_id for row in rows}
    new = memory.unknown(ids)
    due = memory.read_at is None or now - memory.read_at >= _BETWEEN_TEXTS
    if new and (full or due):
        memory.read_at = now
        params = {"ids": sorted(new), "length": MAX_TEXT}
        texts = cycle.read(session, "statement_texts", "statement_texts", params)
        memory.learn(texts or ())
    others: list[Statement] = [row for row in rows if not memory.is_ours(row.query_id)]
    cycle.add("statements", others)
    cycle.add("statement_texts", memory.texts({s.query_id for s in others if s.query_id}))


def note_missing(cycle: Cycle) -> None:
    """The gap for a server without a pg_stat_statements that can be read."""
    try:
        cycle.capabilities.has_statements(check=True)
    except CapabilityError as error:
        for table in TABLES:
            cycle.gap_of(table, error)
