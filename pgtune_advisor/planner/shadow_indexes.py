"""Indexes that a shadow pretends: made once, empty, of any size, and switched on and off.

An index is built while its table stands on an empty file, so that building takes no time; its own
file is then replaced by one that looks as a full one would. Switched off, it is an invalid index,
which planning passes over. All of it is safe only where no statement is ever executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pgtune_advisor.domain.errors import ClusterError
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner import shadow_files as files
from pgtune_advisor.plans import PlanError

Size = Callable[[IndexDef], int]
Rows = Callable[[str], float]
Name = tuple[str, str]

EMPTY_TABLE: Final = "pgtune_advisor_empty"
_PREFIX: Final = "pretended_"
# Above what a server gives out in the life of a shadow.
_FIRST_FILE: Final = 3_000_000_000
_DEFAULT_WIDTH: Final = 8
# What changes no value but its form: the statistics of the column tell of it too.
_OF_COLUMN: Final = re.compile(
    r"\(*(?:(?:pg_catalog\.)?(?:lower|upper)\()?\(*"
    r'(?P<column>[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")\)*(?:::[a-z_ ".]+(?:\(\d+\))?)?\)*'
)

_TABLE: Final = """
SELECT c.oid::int8, c.relkind::text, pg_catalog.pg_relation_filenode(c.oid)::int8,
    pg_catalog.pg_relation_filepath(c.oid), c.relpages, c.reltuples::float8, c.relallvisible
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""
_LEAVES: Final = """
WITH RECURSIVE below AS (
    SELECT h.inhrelid FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = %s::oid
    UNION ALL
    SELECT h.inhrelid FROM pg_catalog.pg_inherits AS h JOIN below AS b ON b.inhrelid = h.inhparent
)
SELECT n.nspname::text, c.relname::text
FROM below AS b
JOIN pg_catalog.pg_class AS c ON c.oid = b.inhrelid AND c.relkind = 'r'
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY n.nspname, c.relname
"""
_MADE: Final = """
SELECT c.relname::text, c.oid::int8, pg_catalog.pg_relation_filepath(c.oid)
FROM pg_catalog.pg_class AS c WHERE c.relname = ANY (%s::name[]) AND c.relkind = 'i'
"""
_STAND_ON: Final = "UPDATE pg_catalog.pg_class SET relfilenode = %s WHERE oid = %s"
_STAND_AGAIN: Final = """
UPDATE pg_catalog.pg_class
SET relfilenode = %s, relpages = %s, reltuples = %s, relallvisible = %s WHERE oid = %s
"""
_SWITCH_OFF: Final = """
UPDATE pg_catalog.pg_index AS i SET indisvalid = false
FROM pg_catalog.pg_class AS c
WHERE c.oid = i.indexrelid AND c.relname = ANY (%s::name[]) AND c.relkind = 'i'
"""
_PLACE: Final = """
UPDATE pg_catalog.pg_class AS c SET relfilenode = r.file, relpages = r.pages, reltuples = r.rows
FROM pg_catalog.json_to_recordset(%s::json) AS r (oid oid, file oid, pages int4, rows float4)
WHERE c.oid = r.oid
"""
_BORROW: Final = """
INSERT INTO pg_catalog.pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth,
    stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5, staop1, staop2, staop3, staop4,
    staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5)
SELECT i.indexrelid, %s, false, s.stanullfrac, s.stawidth, s.stadistinct,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = %s
JOIN pg_catalog.pg_statistic AS s ON s.starelid = a.attrelid AND s.staattnum = a.attnum
    AND NOT s.stainherit
WHERE i.indexrelid = %s
"""
_EXISTING: Final = """
WITH RECURSIVE below AS (
    SELECT c.oid, n.nspname, c.relname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('i', 'I') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT h.inhrelid, b.nspname, b.relname
    FROM pg_catalog.pg_inherits AS h JOIN below AS b ON b.oid = h.inhparent
)
SELECT b.nspname::text, b.relname::text, b.oid::int8 FROM below AS b
"""
_WIDTHS: Final = """
SELECT n.nspname::text, c.relname::text, a.attname::text, s.stawidth
FROM pg_catalog.pg_statistic AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.starelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
WHERE n.nspname !~ '^pg_'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table of the shadow: its OID and file, and what building an index would overwrite."""

    oid: int
    file: int
    path: str
    pages: int
    rows: float
    visible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """One real index behind a pretended one (several, where the table is partitioned)."""

    name: str
    index: IndexDef


class ShadowIndexes:
    """The pretended indexes of one database of a shadow."""

    def __init__(self, session: ScratchSession, *, data_dir: Path, size: Size, rows: Rows) -> None:
        """`size` says how many bytes an index would have, `rows` how many a query returns."""
        self._session = session
        self._data_dir = data_dir
        self._size = size
        self._rows = rows
        self._oids: dict[IndexDef, tuple[int, ...]] = {}
        self._failures: dict[IndexDef, PlanError] = {}
        self._owners: dict[str, IndexDef] = {}
        self._count = 0
        self._empty = int(
            session.rows(
                "SELECT pg_catalog.pg_relation_filenode(%s::regclass)::int8",
                [f"public.{EMPTY_TABLE}"],
            )[0][0]
        )
        self._widths: dict[tuple[str, str, str], int] = {
            (schema, table, name): width for schema, table, name, width in session.rows(_WIDTHS)
        }
        existing: dict[Name, list[int]] = {}
        for schema, name, oid in session.rows(_EXISTING):
            existing.setdefault((schema, name), []).append(oid)
        self._existing = {name: tuple(oids) for name, oids in existing.items()}

    def oids(self, index: IndexDef) -> tuple[int, ...]:
        """The indexes behind a pretended one; PlanError where it could not be made."""
        if index not in self._oids:
            if index not in self._failures:
                self.make([index])
            if index in self._failures:
                raise self._failures[index]
        return self._oids[index]

    def existing(self, name: Name) -> tuple[int, ...]:
        """An existing index and those below it; none where the shadow lacks it."""
        return self._existing.get(name, ())

    def owner(self, name: str) -> IndexDef | None:
        """The pretended index behind an index of this name."""
        return self._owners.get(name)

    def make(self, indexes: Iterable[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """Make these, switched off; those that cannot be made, with the reason."""
        wanted = [i for i in dict.fromkeys(indexes) if i not in self._oids]
        by_table: dict[Name, list[IndexDef]] = {}
        for index in wanted:
            by_table.setdefault(index.relation, []).append(index)
        for name, mine in by_table.items():
            self._make_on(name, mine)
        return {i: self._failures[i] for i in wanted if i in self._failures}

    def _make_on(self, name: Name, indexes: Sequence[IndexDef]) -> None:
        found = self._session.rows(_TABLE, name)
        if not found:
            error = PlanError(
                "object-missing", f"the shadow has no table {qualified(*name)} to index"
            )
            self._failures |= dict.fromkeys(indexes, error)
            return
        leaves: list[Name] = [name]
        if found[0][1] == "p":
            leaves = [(s, t) for s, t in self._session.rows(_LEAVES, [found[0][0]])]
        oids: dict[IndexDef, list[int]] = {index: [] for index in indexes}
        for leaf in leaves:
            table = self._table(leaf)
            mine = [i for i in indexes if i not in self._failures]
            for index, oid in self._build(leaf, table, mine):
                oids[index].append(oid)
        self._oids |= {i: tuple(oids[i]) for i in indexes if i not in self._failures}

    def _table(self, name: Name) -> _Table:
        oid, _, file, path, pages, rows, visible = self._session.rows(_TABLE, name)[0]
        return _Table(oid=oid, file=file, path=path, pages=pages, rows=rows, visible=visible)

    def _build(
        self, leaf: Name, table: _Table, indexes: Sequence[IndexDef]
    ) -> list[tuple[IndexDef, int]]:
        made: list[_Made] = []
        session = self._session
        session.execute("BEGIN")
        try:
            session.must(_STAND_ON, [self._empty, table.oid])
            for index in indexes:
                self._count += 1
                name = f"{_PREFIX}{self._count}"
                here = replace(index, schema=leaf[0], table=leaf[1])
                session.execute("SAVEPOINT one")
                reason = session.single(here.statement(name))
                if reason is None:
                    made.append(_Made(name=name, index=index))
                else:
                    session.execute("ROLLBACK TO one")
                    self._failures[index] = _refused(index, reason)
            session.must(
                _STAND_AGAIN, [table.file, table.pages, table.rows, table.visible, table.oid]
            )
            session.must(_SWITCH_OFF, [[one.name for one in made]])
            session.execute("COMMIT")
        except ClusterError:
            session.change("ROLLBACK")
            raise
        return self._place(leaf, table, made)

    def _place(
        self, leaf: Name, table: _Table, made: Sequence[_Made]
    ) -> list[tuple[IndexDef, int]]:
        """Give these indexes files that look full."""
        known = {
            name: (oid, path)
            for name, oid, path in self._session.rows(_MADE, [[one.name for one in made]])
        }
        rows: list[dict[str, Any]] = []
        placed = []
        for one in made:
            oid, path = known[one.name]
            here = replace(one.index, schema=leaf[0], table=leaf[1])
            blocks = max(-(-self._size(here) // files.BLOCK), 1)
            file = _FIRST_FILE + oid
            old = self._data_dir / path
            head = files.read_first_page(old)
            if head:
                width = sum(self._width(leaf, key.column) for key in here.keys)
                head = files.dressed(
                    here.method, head, blocks=blocks, key_width=width, heap_blocks=table.pages
                )
            files.create(old.with_name(str(file)), head, blocks, old)
            share = self._matching(here, table)
            rows.append({"oid": oid, "file": file, "pages": blocks, "rows": share})
            self._owners[one.name] = one.index
            self._borrow(here, oid)
            placed.append((one.index, oid))
        if rows:
            self._session.must(_PLACE, [json.dumps(rows)])
        return placed

    def _matching(self, index: IndexDef, table: _Table) -> float:
        """The rows that the index would hold."""
        if not index.predicate or table.rows <= 0:
            return table.rows
        query = f"SELECT 1 FROM {qualified(*index.relation)} WHERE {index.predicate}"  # noqa: S608 - is explained only
        try:
            return min(self._rows(query), table.rows)
        except PlanError:
            return table.rows

    def _width(self, leaf: Name, column: str) -> int:
        return self._widths.get((*leaf, column), _DEFAULT_WIDTH)

    def _borrow(self, index: IndexDef, oid: int) -> None:
        """Statistics for expressions that keep a column's distribution, as ANALYZE would find."""
        for number, key in enumerate(index.keys, 1):
            if key.column:
                continue
            match = _OF_COLUMN.fullmatch(key.expression)
            if match:
                column = match["column"]
                if column.startswith('"'):
                    column = column[1:-1].replace('""', '"')
                self._session.change(_BORROW, [number, column, oid])


def _refused(index: IndexDef, reason: str) -> PlanError:
    return PlanError("plan-failed", f"the shadow cannot pretend {index.label()}", detail=reason)
