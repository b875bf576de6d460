"""Facts of checkpoints, connections, storage costs and what can be observed at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context, add, derived, fact, per_second, ratio, total
from pgtune_advisor.rules.facts.memory import active_sessions, usable_connections
from pgtune_advisor.rules.facts.replication import wal_rate
from pgtune_advisor.rules.facts.server import server_subject
from pgtune_advisor.rules.facts.sessions import clients

_SETTINGS = "pg_settings"
_LARGE_PAGES = 10_000


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
        "WAL for each requested checkpoint; near max_wal_size means that WAL forced it",
        unit="bytes",
        source="pg_stat_wal, checkpoints_req",
    )
    max_wal_size_target: float | None = derived(
        "twice the WAL of one checkpoint_timeout, at least twice the present value",
        unit="bytes",
        source="pg_stat_wal",
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
        target = None
        if rate is not None and size is not None and timeout is not None:
            target = max(rate * timeout / 1000 * 2, size * 2)
        yield cls(
            timed=timed,
            requested=requested,
            requested_ratio=ratio(requested, add(timed, requested)),
            max_wal_size=size,
            timeout_ms=timeout,
            wal_bytes=None if wal is None else int(wal),
            wal_bytes_per_second=rate,
            wal_per_requested=ratio(wal, requested),
            max_wal_size_target=target,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """All client connections."""

    KIND: ClassVar[str] = "connections"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends",)

    used: int = derived("client connections", source="pg_stat_activity")
    usable: int = derived("connections that ordinary roles may open", source="max_connections")
    used_ratio: float | None = derived("share in use", unit="ratio", source="pg_stat_activity")
    active: int | None = derived("connections that run a statement", source="pg_stat_activity")
    idle: int = derived("idle connections", source="pg_stat_activity.state")
    sessions_per_second: float | None = derived(
        "new sessions", unit="1/s", source="pg_stat_database.sessions"
    )
    session_life_ms: float | None = derived(
        "mean life of a session", unit="ms", source="pg_stat_database.session_time"
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
        yield cls(
            used=len(sessions),
            usable=usable,
            used_ratio=ratio(len(sessions), usable),
            active=active_sessions(context),
            idle=sum(b.state == "idle" for b in sessions),
            sessions_per_second=sum(known) if known else None,
            session_life_ms=ratio(
                total(databases, "session_time_ms"), total(databases, "sessions")
            ),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringFacts:
    """What the server keeps for those who want to know."""

    KIND: ClassVar[str] = "monitoring"
    NEEDS: ClassVar[tuple[str, ...]] = ("settings",)

    io_timing: bool = fact("track_io_timing = on", source=_SETTINGS)
    clock_cost_ns: float | None = fact(
        "one reading of the clock, at most", unit="ns", source="clock_timestamp()"
    )
    preload_libraries: str | None = fact("shared_preload_libraries", source=_SETTINGS)
    statements_preloaded: bool | None = derived(
        "pg_stat_statements is preloaded", source="shared_preload_libraries"
    )
    statements_installed: bool | None = derived(
        "pg_stat_statements is created in a database that was read", source="pg_extension"
    )
    statements_max: int | None = fact("pg_stat_statements.max", source=_SETTINGS)
    evictions: int | None = fact(
        "statements evicted in the window", source="pg_stat_statements_info.dealloc"
    )
    evictions_per_hour: float | None = derived(
        "statements evicted an hour", source="pg_stat_statements_info.dealloc"
    )
    slow_log_ms: float | None = fact(
        "log_min_duration_statement; -1 is off", unit="ms", source=_SETTINGS
    )
    slow_sample_ms: float | None = fact(
        "log_min_duration_sample; -1 is off", unit="ms", source=_SETTINGS
    )
    auto_explain_ms: float | None = derived(
        "auto_explain.log_min_duration; -1 where it is not loaded", unit="ms", source=_SETTINGS
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[MonitoringFacts]:
        libraries = context.settings.get("shared_preload_libraries")
        loaded = None
        if libraries is not None:
            loaded = "pg_stat_statements" in [part.strip(' "') for part in libraries.split(",")]
        infos = context.deltas("statements_info")
        info = infos[0] if infos else None
        clock = context.snapshot.clock_cost
        limit = context.number("pg_stat_statements.max")
        plan = context.number("auto_explain.log_min_duration")
        yield cls(
            io_timing=bool(context.setting("track_io_timing")),
            clock_cost_ns=clock[0].nanoseconds if clock else None,
            preload_libraries=libraries,
            statements_preloaded=loaded,
            statements_installed=_installed(context),
            statements_max=None if limit is None else int(limit),
            evictions=info.evictions if info else None,
            evictions_per_hour=_hourly(context, info) if info else None,
            slow_log_ms=context.number("log_min_duration_statement"),
            slow_sample_ms=context.number("log_min_duration_sample"),
            auto_explain_ms=-1.0 if plan is None else plan,
        )


def _installed(context: Context) -> bool | None:
    if not context.has("extensions"):
        return None
    return any(
        e.name == "pg_stat_statements" and e.installed_version for e in context.snapshot.extensions
    )


def _hourly(context: Context, info: object) -> float | None:
    rate = per_second(
        getattr(info, "evictions", None), context.window.seconds("statements_info", info)
    )
    return None if rate is None else rate * 3600
