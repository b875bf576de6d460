"""A small snapshot of nothing in particular, for tests that need one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pgtune_advisor.domain.server import Server
from pgtune_advisor.domain.snapshot import Snapshot, row_tables

TAKEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


def make_server(**changes: Any) -> Server:
    """A PostgreSQL 18 primary that started a while ago."""
    values: dict[str, Any] = {
        "version_num": 180006,
        "version": "18.6",
        "system_identifier": "7300000000000000001",
        "started_at": datetime(2026, 1, 1, tzinfo=UTC),
        "clock": TAKEN,
        "in_recovery": False,
        "role": "advisor",
        "database": "shop",
        "wal_position_bytes": 10**9,
        "replay_lag_ms": None,
        "max_connections": 100,
        "reserved_connections": 3,
    }
    return Server(**(values | changes))


def make_snapshot(**changes: Any) -> Snapshot:
    """A snapshot that read every table and found nothing in most."""
    values: dict[str, Any] = {
        "target": "shop",
        "taken_at": TAKEN,
        "server": make_server(),
        "collected": frozenset(row_tables()),
    }
    return Snapshot(**(values | changes))
