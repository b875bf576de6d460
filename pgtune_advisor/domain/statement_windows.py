"""Calls and rows of statements over many short windows: some facts lie in how they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from pgtune_advisor.domain.row import identity
from pgtune_advisor.domain.snapshot import Snapshot

# What a snapshot must hold to be a reading.
READING_TABLES: Final = frozenset({"statements", "statements_info"})
# An hour of a daemon that reads every minute.
MOST_WINDOWS: Final = 60

Identity = tuple[object, ...]


class Count(NamedTuple):
    """What a statement did in a window."""

    calls: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementWindow:
    """The statements that ran in [since, until], each with its calls and rows."""

    since: datetime
    until: datetime
    counts: Mapping[Identity, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReading:
    """The counters of pg_stat_statements at one moment, and what tells that they began anew."""

    taken_at: datetime
    life: tuple[object, ...]
    totals: Mapping[Identity, tuple[int, int, datetime | None]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> StatementReading | None:
        """The reading in a snapshot; None where its statements were not read."""
        if "statements" not in snapshot.collected:
            return None
        server = snapshot.server
        info = tuple((row.stats_reset, row.evictions) for row in snapshot.statements_info)
        return cls(
            taken_at=snapshot.taken_at,
            life=(server.system_identifier, server.started_at, *info),
            totals={
                identity(row): (row.calls, row.rows, row.since)
                for row in snapshot.statements
                if row.calls is not None and row.rows is not None
            },
        )


def window_between(old: StatementReading, new: StatementReading) -> StatementWindow | None:
    """The growth from one reading to a later one.

    None where a restart, a reset or an eviction lies between them: then no growth is sure. A
    statement that was reset alone is left out; one that is new counts from zero.
    """
    if old.taken_at >= new.taken_at or old.life != new.life:
        return None
    counts = {}
    for key, (calls, rows, since) in new.totals.items():
        before = old.totals.get(key, (0, 0, since))
        grown = Count(calls - before[0], rows - before[1])
        if grown.calls > 0 <= grown.rows and before[2] == since:
            counts[key] = grown
    return StatementWindow(since=old.taken_at, until=new.taken_at, counts=counts)


def windows_of(readings: Iterable[StatementReading | None]) -> tuple[StatementWindow, ...]:
    """The windows between consecutive readings, the oldest first, the broken ones left out."""
    ordered = sorted((r for r in readings if r is not None), key=lambda r: r.taken_at)
    pairs = pairwise(ordered)
    found = (window_between(old, new) for old, new in pairs)
    return tuple(window for window in found if window is not None)[-MOST_WINDOWS:]
