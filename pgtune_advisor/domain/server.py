"""The server as a whole: identity, host, settings, databases, extensions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pgtune_advisor.domain.row import Counter, FloatCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Who answers. `wal_position_bytes` is the distance of the current WAL position from 0/0."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("system_identifier",)

    version_num: int
    version: str
    system_identifier: str | None
    started_at: datetime
    clock: datetime
    in_recovery: bool
    role: str
    database: str
    wal_position_bytes: Counter
    replay_lag_ms: float | None
    max_connections: int
    reserved_connections: int

    @property
    def major(self) -> int:
        return self.version_num // 10000


Platform = Literal["none", "patroni", "cnpg", "zalando", "rds", "aurora", "cloudsql", "azure"]
Storage = Literal["ssd", "nvme", "hdd", "network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine below the server; None is unknown. `*_source` says where a value came from."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    memory_bytes: int | None = None
    memory_source: str | None = None
    cpus: int | None = None
    cpus_source: str | None = None
    storage: Storage | None = None
    storage_source: str | None = None
    platform: Platform = "none"
    platform_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A row of pg_settings. `value` is in `unit` as the server gives it (for example `8kB`).

    `in_auto_conf`: whether ALTER SYSTEM set it; None where this role may not see the file.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    value: str
    unit: str | None
    vartype: str
    context: str
    source: str
    min_value: str | None
    max_value: str | None
    enum_values: tuple[str, ...] | None
    boot_value: str | None
    reset_value: str | None
    in_auto_conf: bool | None
    pending_restart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An installed extension, or (installed_version None) one that could be created."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "name")

    database: str
    name: str
    installed_version: str | None
    default_version: str | None
    schema: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """pg_database with pg_stat_database. Ages in transactions, times in milliseconds."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    is_template: bool
    allows_connections: bool
    connection_limit: int
    xid_age: int
    mxid_age: int
    backends: int | None
    commits: Counter
    rollbacks: Counter
    blocks_read: Counter
    blocks_hit: Counter
    rows_returned: Counter
    rows_fetched: Counter
    rows_inserted: Counter
    rows_updated: Counter
    rows_deleted: Counter
    conflicts: Counter
    temp_files: Counter
    temp_bytes: Counter
    deadlocks: Counter
    read_time_ms: FloatCounter
    write_time_ms: FloatCounter
    session_time_ms: FloatCounter
    active_time_ms: FloatCounter
    idle_in_transaction_time_ms: FloatCounter
    sessions: Counter
    sessions_abandoned: Counter
    sessions_fatal: Counter
    sessions_killed: Counter
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSize:
    """Bytes on disk of one database."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointer:
    """Checkpoints and buffer writes since `stats_reset`; times in milliseconds."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    timed: Counter
    requested: Counter
    write_time_ms: FloatCounter
    sync_time_ms: FloatCounter
    buffers_written: Counter
    buffers_clean: Counter
    maxwritten_clean: Counter
    buffers_backend: Counter
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wal:
    """pg_stat_wal: WAL written since `stats_reset`."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    records: Counter
    full_page_images: Counter
    bytes: Counter
    buffers_full: Counter
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IoCounters:
    """A row of pg_stat_io (PostgreSQL 16 and up); times in milliseconds."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("backend_type", "object", "context")

    backend_type: str
    object: str
    context: str
    reads: Counter
    read_time_ms: FloatCounter
    writes: Counter
    write_time_ms: FloatCounter
    hits: Counter
    evictions: Counter
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCost:
    """What one reading of the server's clock costs at most: decides whether timing is cheap."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    nanoseconds: float
