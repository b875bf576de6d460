"""What happened between two snapshots, with resets seen and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pgtune_advisor.domain.activity import Backend
from pgtune_advisor.domain.recommendations import Reset
from pgtune_advisor.domain.row import counters, identity
from pgtune_advisor.domain.snapshot import Snapshot, row_tables
from pgtune_advisor.domain.statement_windows import StatementWindow

Identity = tuple[object, ...]

# Tables whose rows carry counters; the others are states and have no difference.
COUNTER_TABLES = tuple(name for name, row_type in row_tables().items() if counters(row_type))
# What the snapshot at a window's begin must have.
WINDOW_TABLES = frozenset({*COUNTER_TABLES, "backends"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Counters over [since, until]: for each table, rows whose counters are differences.

    A table that was not read at both ends, or restarted between them, is absent from `deltas`:
    unknown. A row whose counters restarted is absent from its table. In a `lifetime` window the
    rows are the totals, each since its own reset, and `table_since` holds the moments that are
    known. `backends_before` are the sessions at `since`, for rules about what only grows.
    `statement_windows` are the short windows of statements' counters up to `until`, as many as
    were read one after another.
    """

    until: datetime
    lifetime: bool
    since: datetime | None
    deltas: Mapping[str, Mapping[Identity, Any]]
    table_since: Mapping[str, datetime] = field(default_factory=dict)
    resets: tuple[Reset, ...] = ()
    backends_before: tuple[Backend, ...] | None = None
    statement_windows: tuple[StatementWindow, ...] = ()

    def delta(self, table: str, row: Any) -> Any | None:
        """The row of differences that belongs to `row`, or None where it is unknown."""
        return self.deltas.get(table, {}).get(identity(row))

    def seconds(self, table: str, row: Any = None) -> float | None:
        """The time that the counters of `table` (of `row`) cover; None where it is unknown."""
        began = self.table_since.get(table, None if self.lifetime else self.since)
        if self.lifetime and row is not None:
            own = getattr(row, "since", None) or getattr(row, "stats_reset", None)
            began = own or began
        if began is None:
            return None
        return max((self.until - began).total_seconds(), 0.0) or None


def lifetime(snapshot: Snapshot) -> Window:
    """The totals since each counter's own reset: for a single snapshot without history."""
    deltas = {
        name: {identity(row): row for row in getattr(snapshot, name)}
        for name in COUNTER_TABLES
        if name in snapshot.collected
    }
    since: dict[str, datetime] = {}
    for info in snapshot.statements_info:
        if info.stats_reset:
            since["statements"] = info.stats_reset
    return Window(
        until=snapshot.taken_at,
        lifetime=True,
        since=since.get("statements"),
        deltas=deltas,
        table_since=since,
    )


def between(old: Snapshot, new: Snapshot) -> Window:
    """The difference of two snapshots of one server, `old` before `new`.

    A restart breaks every counter: a crash discards them, and a total that grew past its old
    value would hide it. Raises ValueError for snapshots in the wrong order.
    """
    if old.taken_at >= new.taken_at:
        raise ValueError("the older snapshot of a window must come first")
    if old.server.started_at != new.server.started_at:
        at = new.server.started_at
        return _broken(old, new, Reset(source="server", reason="restart", at=at))
    if old.server.system_identifier != new.server.system_identifier:
        return _broken(old, new, Reset(source="server", reason="another system identifier"))
    deltas: dict[str, Mapping[Identity, Any]] = {}
    resets: list[Reset] = []
    for name in COUNTER_TABLES:
        if name in old.collected and name in new.collected:
            deltas[name], found = _difference(name, getattr(old, name), getattr(new, name))
            resets += found
    resets += _evictions(deltas)
    return Window(
        until=new.taken_at,
        lifetime=False,
        since=old.taken_at,
        deltas=deltas,
        resets=tuple(resets),
        backends_before=old.backends if "backends" in old.collected else None,
    )


def _broken(old: Snapshot, new: Snapshot, reset: Reset) -> Window:
    return Window(
        until=new.taken_at, lifetime=False, since=old.taken_at, deltas={}, resets=(reset,)
    )


def _difference(
    table: str, old_rows: tuple[Any, ...], new_rows: tuple[Any, ...]
) -> tuple[dict[Identity, Any], list[Reset]]:
    """Rows with their counters' growth; a row that is new counts from zero."""
    before = {identity(row): row for row in old_rows}
    rows: dict[Identity, Any] = {}
    restarted = 0
    at: datetime | None = None
    for row in new_rows:
        key = identity(row)
        old = before.get(key)
        grown = row if old is None else _growth(old, row)
        if grown is None:
            restarted += 1
            at = getattr(row, "stats_reset", None) or getattr(row, "since", None) or at
        else:
            rows[key] = grown
    if not restarted:
        return rows, []
    return rows, [Reset(source=table, reason=f"counters reset in {restarted} rows", at=at)]


def _growth(old: Any, new: Any) -> Any | None:
    """`new` with differences for counters; None where the counters began anew."""
    for stamp in ("stats_reset", "since"):
        if getattr(old, stamp, None) != getattr(new, stamp, None):
            return None
    changes: dict[str, Any] = {}
    row_type: Any = type(new)
    for name in counters(row_type):
        was, now = getattr(old, name), getattr(new, name)
        if was is None or now is None:
            changes[name] = None if now is None else now
            continue
        if now < was:
            return None
        changes[name] = now - was
    return replace(new, **changes)


def _evictions(deltas: Mapping[str, Mapping[Identity, Any]]) -> list[Reset]:
    """pg_stat_statements threw entries away: what is left are lower bounds."""
    for info in deltas.get("statements_info", {}).values():
        if info.evictions:
            reason = f"{info.evictions} evictions: statement figures are lower bounds"
            return [Reset(source="statements", reason=reason)]
    return []
