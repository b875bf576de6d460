"""The tables of the store, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

POSTGRES_SCHEMA: Final = "pgtune_advisor"
METADATA: Final = MetaData()


class Moment(TypeDecorator[datetime]):
    """An aware time: timestamptz on PostgreSQL, sortable text in UTC on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _target() -> Column[int]:
    return Column("target_id", ForeignKey("targets.id", ondelete="CASCADE"), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _moment("applied_at"),
)

targets = Table(
    "targets",
    METADATA,
    _id(),
    Column("name", String(63), nullable=False, unique=True),
    _text("system_identifier", nullable=True),
    _text("server_version", nullable=True),
    _moment("first_seen"),
    _moment("last_seen"),
    sqlite_autoincrement=True,
)

cycles = Table(
    "cycles",
    METADATA,
    _id(),
    _target(),
    _moment("started_at"),
    Column("duration_ms", Float, nullable=False),
    _text("cadence"),
    _text("outcome"),
    Column("gap_sources", JSON, nullable=False),
    _text("error"),
    Index("cycles_target_started", "target_id", "started_at"),
    Index("cycles_started", "started_at"),
    sqlite_autoincrement=True,
)

# `body` is a snapshot of domain.codec without its statement texts; those are in text_runs.
snapshots = Table(
    "snapshots",
    METADATA,
    _id(),
    _target(),
    _moment("taken_at"),
    Column("is_full", Boolean, nullable=False),
    Column("format", Integer, nullable=False),
    _moment("server_started_at"),
    Column("size_bytes", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("snapshots_target_taken", "target_id", "is_full", "taken_at"),
    Index("snapshots_target_id", "target_id", "is_full", "id"),
    Index("snapshots_taken", "taken_at"),
    sqlite_autoincrement=True,
)

texts = Table(
    "texts",
    METADATA,
    _id(),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    _text("text"),
    sqlite_autoincrement=True,
)

# The snapshots from since_id to before until_id (None: to the newest) of one target and cadence
# have this text for this query id.
text_runs = Table(
    "text_runs",
    METADATA,
    _id(),
    _target(),
    Column("is_full", Boolean, nullable=False),
    Column("query_id", BigInteger, nullable=False),
    Column("text_id", ForeignKey("texts.id"), nullable=False, index=True),
    Column("since_id", BigInteger, nullable=False),
    Column("until_id", BigInteger),
    Index("text_runs_target", "target_id", "is_full", "until_id"),
    sqlite_autoincrement=True,
)

findings = Table(
    "findings",
    METADATA,
    _id(),
    _target(),
    _text("key"),
    _text("rule"),
    _text("severity"),
    _text("category"),
    Column("subject", JSON, nullable=False),
    Column("message", JSON, nullable=False),
    _moment("first_seen"),
    _moment("last_seen"),
    Column("last_cycle_id", BigInteger, nullable=False),
    _moment("resolved_at", nullable=True),
    Index("findings_target_resolved", "target_id", "resolved_at"),
    UniqueConstraint("target_id", "key", "first_seen", name="findings_life"),
    sqlite_autoincrement=True,
)

recommendations = Table(
    "recommendations",
    METADATA,
    _id(),
    _target(),
    _text("recommendation"),
    _text("title"),
    _text("phase"),
    _text("sql"),
    Column("finding_keys", JSON, nullable=False),
    _moment("first_seen"),
    _moment("last_seen"),
    _moment("withdrawn_at", nullable=True),
    Index("recommendations_target_withdrawn", "target_id", "withdrawn_at"),
    UniqueConstraint("target_id", "recommendation", "first_seen", name="recommendations_life"),
    sqlite_autoincrement=True,
)
