"""What runs now: sessions, lock waits, prepared transactions, replication, vacuums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pgtune_advisor.domain.row import Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A row of pg_stat_activity; `query` is normalised, its literals gone. Ages in transactions."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid", "started_at")

    pid: int
    database: str | None
    user: str | None
    application: str
    backend_type: str
    state: str | None
    wait_event_type: str | None
    wait_event: str | None
    started_at: datetime | None
    transaction_started_at: datetime | None
    query_started_at: datetime | None
    state_changed_at: datetime | None
    xid_age: int | None
    xmin_age: int | None
    query_id: int | None
    blocked_by: tuple[int, ...]
    query: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWait:
    """A lock that is waited for. `relation` is quoted and qualified where it can be named."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid", "lock_type", "mode")

    pid: int
    database: str | None
    lock_type: str
    mode: str
    relation: str | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTransaction:
    """A row of pg_prepared_xacts."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("gid",)

    gid: str
    owner: str
    database: str
    prepared_at: datetime
    xid_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A standby that is connected. Lags in bytes of WAL and milliseconds."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid",)

    pid: int
    application: str
    state: str | None
    sync_state: str | None
    replay_lag_bytes: int | None
    replay_lag_ms: float | None
    xmin_age: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A replication slot. `retained_bytes` is the WAL that it holds back."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    type: str
    plugin: str | None
    database: str | None
    active: bool
    temporary: bool
    xmin_age: int | None
    catalog_xmin_age: int | None
    retained_bytes: int | None
    wal_status: str | None
    safe_wal_bytes: int | None
    inactive_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumProgress:
    """A vacuum that runs now; `index_passes` above one means that its memory was too small."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid",)

    pid: int
    database: str
    table: str | None
    is_autovacuum: bool
    phase: str
    heap_blocks: int
    heap_blocks_scanned: int
    index_passes: Counter
