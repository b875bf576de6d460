"""What pg_stat_statements keeps: counters by key, texts by id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pgtune_advisor.domain.row import Counter, FloatCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One entry of pg_stat_statements; times in milliseconds, blocks of the server's block size.

    `query_id` is None where this role may not see it. `since` is known from PostgreSQL 17.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "user", "query_id", "toplevel")

    database: str | None
    user: str | None
    query_id: int | None
    toplevel: bool
    calls: Counter
    exec_time_ms: FloatCounter
    plans: Counter
    plan_time_ms: FloatCounter
    min_time_ms: float | None
    max_time_ms: float | None
    stddev_time_ms: float | None
    rows: Counter
    shared_blocks_hit: Counter
    shared_blocks_read: Counter
    shared_blocks_dirtied: Counter
    shared_blocks_written: Counter
    temp_blocks_read: Counter
    temp_blocks_written: Counter
    read_time_ms: FloatCounter
    write_time_ms: FloatCounter
    wal_bytes: Counter
    jit_time_ms: FloatCounter
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementText:
    """The normalised text of a query id, as the server keeps it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("query_id",)

    query_id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsInfo:
    """pg_stat_statements_info: how often entries were evicted, and since when it counts."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    evictions: Counter
    stats_reset: datetime | None
