"""Facts of checkpoints, connections and storage costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.server import Checkpointer
from pgtune_advisor.domain.units import MB
from pgtune_advisor.rules.facts.base import Context, add, derived, fact, per_second, ratio, total
from pgtune_advisor.rules.facts.load import (
    active_sessions,
    busy_sessions,
    pool_size,
    sessions_hidden,
    usable_connections,
)
from pgtune_advisor.rules.facts.replication import wal_rate
from pgtune_advisor.rules.facts.server import server_subject
from pgtune_advisor.rules.facts.sessions import clients

_SETTINGS = "pg_settings"
_LARGE_PAGES = 10_000
_WAL_STEP = 256 * MB


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFacts:
    """Checkpoints of the window."""

    KIND: ClassVar[str] = "checkpoint"
    NEEDS: ClassVar[tuple[str, ...]] = ("checkpointer", "settings")

    timed: int | None = fact("checkpoints by time", source="checkpoints_timed")
    requested: int | None = fact("checkpoints on request", source="checkpoints_req")
    requested_ratio: float | None = derived(
        "share on request", unit="ratio", source="checkpoints_req"
    )
    max_wal_size: float | None = fact("max_wal_size", unit="bytes", source=_SETTINGS)
    timeout_ms: float | None = fact("checkpoint_timeout", unit="ms", source=_SETTINGS)
    wal_bytes: int | None = fact("WAL written in the window", unit="bytes", source="pg_stat_wal")
    wal_bytes_per_second: float | None = derived("WAL rate", unit="bytes/s", source="pg_stat_wal")
    wal_per_requested: float | None = derived(
        "WAL for each requested checkpoint; near max_wal_size means that WAL forced it; unknown "
        "where the totals of the two were reset at different times",
        unit="bytes",
        source="pg_stat_wal, checkpoints_req",
    )
    max_wal_size_target: float | None = derived(
        "twice the WAL of one checkpoint_timeout, between two and eight times the present value",
        unit="bytes",
        source="pg_stat_wal, checkpoint_timeout",
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[CheckpointFacts]:
        rows = context.deltas("checkpointer")
        row = rows[0] if rows else None
        timed, requested = (row.timed, row.requested) if row else (None, None)
        wal = total(context.deltas("wal"), "bytes")
        rate, size = wal_rate(context), context.number("max_wal_size")
        timeout = context.number("checkpoint_timeout")
        yield cls(
            timed=timed,
            requested=requested,
            requested_ratio=ratio(requested, add(timed, requested)),
            max_wal_size=size,
            timeout_ms=timeout,
            wal_bytes=None if wal is None else int(wal),
            wal_bytes_per_second=rate,
            wal_per_requested=ratio(wal, requested) if _same_time(context, row) else None,
            max_wal_size_target=_wal_target(rate, size, timeout),
        )


def _same_time(context: Context, checkpointer: Checkpointer | None) -> bool:
    """Whether WAL and checkpoints were counted over the same time: totals have resets apart."""
    if not context.window.lifetime:
        return True
    wal = context.deltas("wal")
    moments = (wal[0].stats_reset if wal else None, getattr(checkpointer, "stats_reset", None))
    if moments[0] is None or moments[1] is None:
        return False
    return bool(abs((moments[0] - moments[1]).total_seconds()) <= 60)


def _wal_target(rate: float | None, size: float | None, timeout: float | None) -> float | None:
    if rate is None or size is None or timeout is None:
        return None
    wanted = min(max(rate * timeout / 1000 * 2, size * 2), size * 8)
    return -(-wanted // _WAL_STEP) * _WAL_STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """All client connections."""

    KIND: ClassVar[str] = "connections"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends",)

    used: int | None = derived(
        "client connections; unknown where this role may not see the others'",
        source="pg_stat_activity",
    )
    usable: int = derived("connections that ordinary roles may open", source="max_connections")
    used_ratio: float | None = derived("share in use", unit="ratio", source="pg_stat_activity")
    active: int | None = derived("connections that run a statement", source="pg_stat_activity")
    idle: int = derived("idle connections", source="pg_stat_activity.state")
    sessions_per_second: float | None = derived(
        "new sessions", unit="1/s", source="pg_stat_database.sessions"
    )
    new_sessions: int | None = fact(
        "sessions begun in the window", source="pg_stat_database.sessions"
    )
    session_life_ms: float | None = derived(
        "mean life of a session", unit="ms", source="pg_stat_database.session_time"
    )
    busy_sessions: float | None = derived(
        "sessions busy on average: busy time over elapsed time (Little's law)",
        source="pg_stat_database.active_time",
    )
    pool_size: int | None = derived(
        "connections that carry the load: twice those busy, one for each processor, at least 4",
        source="pg_stat_database.active_time, pg_stat_activity, host",
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[ConnectionFacts]:
        sessions = clients(context.snapshot.backends)
        usable = usable_connections(context)
        databases = context.deltas("databases")
        rates = [
            per_second(row.sessions, context.window.seconds("databases", row))
            for row in databases or ()
        ]
        known = [rate for rate in rates if rate is not None]
        begun = total(databases, "sessions")
        used = None if sessions_hidden(context) else len(sessions)
        yield cls(
            used=used,
            usable=usable,
            used_ratio=ratio(used, usable),
            active=active_sessions(context),
            idle=sum(b.state == "idle" for b in sessions),
            sessions_per_second=sum(known) if known else None,
            new_sessions=None if begun is None else int(begun),
            session_life_ms=ratio(total(databases, "session_time_ms"), begun),
            busy_sessions=busy_sessions(context),
            pool_size=pool_size(context),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """What reading a block costs, against what the planner believes."""

    KIND: ClassVar[str] = "storage"
    NEEDS: ClassVar[tuple[str, ...]] = ("settings", "relations")

    random_page_cost: float | None = fact("random_page_cost", source=_SETTINGS)
    seq_page_cost: float | None = fact("seq_page_cost", source=_SETTINGS)
    read_ms_per_block: float | None = derived(
        "time of one read", unit="ms", source="pg_stat_database.blk_read_time"
    )
    blocks_read: int | None = fact("blocks read in the window", source="pg_stat_database.blks_read")
    large_sequential_scans: int | None = derived(
        "sequential scans of tables over 80 MB that also have index scans",
        source="pg_stat_user_tables.seq_scan",
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[StorageFacts]:
        databases = context.deltas("databases")
        reads = total(databases, "blocks_read")
        timing = context.setting("track_io_timing")
        tables = context.deltas("relations")
        scans = None
        if tables is not None:
            scans = sum(
                t.seq_scans or 0 for t in tables if t.pages >= _LARGE_PAGES and t.index_scans
            )
        yield cls(
            random_page_cost=context.number("random_page_cost"),
            seq_page_cost=context.number("seq_page_cost"),
            read_ms_per_block=ratio(total(databases, "read_time_ms"), reads) if timing else None,
            blocks_read=None if reads is None else int(reads),
            large_sequential_scans=scans,
        )
