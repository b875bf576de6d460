"""The store: one object that many threads share, and several processes read at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final, Self

from sqlalchemy import Connection, Engine, insert, select, update

from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import StatementReading
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import engine as engines
from pgtune_advisor.store import history, migrations, queries, retention, snapshots
from pgtune_advisor.store.failures import translated
from pgtune_advisor.store.records import (
    Cycle,
    CycleRecord,
    Event,
    FindingRecord,
    RecommendationRecord,
    Recorded,
    TargetRecord,
)
from pgtune_advisor.store.schema import cycles, targets

# Shrinking stops at this share of max_size, so that it does not begin anew with each cycle.
_LOW_WATER: Final = 0.9


class Store:
    """History of all targets. Every method raises OutputError where the store fails.

    A write is one transaction, so that a kill at any moment loses the cycle in flight and no more.
    """

    def __init__(
        self, engine: Engine, section: StoreSection, place: str, path: Path | None
    ) -> None:
        self._engine = engine
        self._place = place
        self._path = path
        self._retention = section.retention
        self._max_size = section.max_size
        self._shrinking = Lock()

    @classmethod
    def open(cls, section: StoreSection, state_dir: Path, *, read_only: bool = False) -> Self:
        """Open the store, made or brought up to date first unless `read_only`.

        Raises UsageError where there is nothing to read, where it is damaged, or of a newer
        release; OutputError where it cannot be opened or made.
        """
        if section.url.startswith("postgresql://"):
            path, place = None, "on PostgreSQL"
            engine = engines.postgres_engine(section.url, read_only=read_only)
        else:
            path = engines.sqlite_path(section.url, state_dir)
            place = str(path)
            engine = engines.sqlite_engine(path, read_only=read_only)
        store = cls(engine, section, place, path)
        try:
            store._prepare(read_only=read_only)
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self, *, read_only: bool) -> None:
        if read_only:
            with self._read() as connection:
                migrations.require_current(connection, self._place)
            return
        with self._write() as connection:
            migrations.migrate(connection, datetime.now(UTC), self._place)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(self._place), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        writing = self._engine.execution_options(**engines.WRITING)
        with translated(self._place), writing.begin() as connection:
            yield connection

    def keep(self, retention: timedelta, max_size: int) -> None:
        """From now on, keep history for `retention`, and at most `max_size` bytes of it."""
        self._retention, self._max_size = retention, max_size

    def record_cycle(
        self, cycle: Cycle, snapshot: Snapshot | None = None, report: Report | None = None
    ) -> Recorded:
        """Keep a cycle with what it read and found, all in one transaction.

        The history of findings goes by the report; without one it stays as it is.
        """
        with self._write() as connection:
            migrations.lock(connection, shared=True)
            target_id = _target(connection, cycle, snapshot)
            gaps = sorted({gap.source for gap in snapshot.gaps}) if snapshot else []
            cycle_id = _cycle(connection, target_id, cycle, gaps)
            full = cycle.cadence == "full"
            if snapshot is not None:
                snapshots.save(connection, target_id, snapshot, full=full)
            appeared: list[str] = []
            resolved: list[str] = []
            if report is not None:
                now = history.Now(
                    target_id=target_id,
                    cycle_id=cycle_id,
                    at=cycle.started_at,
                    full=full,
                    gaps=frozenset(gaps),
                )
                appeared, resolved = history.save(connection, report, now)
            recorded = history.open_counts(connection, target_id, appeared, resolved)
        if self.size_bytes() > self._max_size:
            self._shrink()
        return recorded

    def latest_snapshot(self, target: str, *, full: bool | None = None) -> Snapshot | None:
        """The newest snapshot of the target: of any cadence, or of the full (fast) cycles."""
        with self._read() as connection:
            return snapshots.latest(connection, target, full=full)

    def snapshot_before(
        self, target: str, moment: datetime, *, full: bool | None = None
    ) -> Snapshot | None:
        """The snapshot that was taken nearest at or before `moment`."""
        with self._read() as connection:
            return snapshots.before(connection, target, moment, full=full)

    def window_base(self, snapshot: Snapshot, span: timedelta, *, full: bool) -> Snapshot | None:
        """The older snapshot for a window of about `span` that ends with `snapshot`.

        The nearest at or before the span since the server started, else the oldest since then,
        else the last before it; None where there is no older one. Without statement texts.
        """
        with self._read() as connection:
            return snapshots.window_base(connection, snapshot, span, full=full)

    def statement_readings(
        self, target: str, until: datetime, limit: int
    ) -> list[StatementReading]:
        """The counters of statements in the last `limit` snapshots before `until`, oldest first."""
        with self._read() as connection:
            return snapshots.readings(connection, target, until, limit)

    def targets(self) -> tuple[TargetRecord, ...]:
        """Every target that was ever seen, by name."""
        with self._read() as connection:
            return queries.all_targets(connection)

    def cycles(self, target: str, limit: int = 100) -> tuple[CycleRecord, ...]:
        """The target's cycles, the newest first."""
        with self._read() as connection:
            return queries.last_cycles(connection, target, limit)

    def findings(
        self, target: str, *, open_only: bool = False, limit: int = 1000
    ) -> tuple[FindingRecord, ...]:
        """The target's findings, those that appeared last first."""
        with self._read() as connection:
            return queries.last_findings(connection, target, limit, open_only=open_only)

    def recommendations(
        self, target: str, *, open_only: bool = False, limit: int = 1000
    ) -> tuple[RecommendationRecord, ...]:
        """The target's recommendations, those that were made last first."""
        with self._read() as connection:
            return queries.last_recommendations(connection, target, limit, open_only=open_only)

    def history(self, target: str, limit: int = 100) -> tuple[Event, ...]:
        """What came and what went on the target, the newest first."""
        with self._read() as connection:
            return queries.events(connection, target, limit)

    def size_bytes(self) -> int:
        """Bytes on disk with SQLite (its log included); on PostgreSQL about the data's own."""
        if self._path is None:
            with self._read() as connection:
                return queries.data_bytes(connection)
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def prune(self, now: datetime) -> int:
        """Forget what is older than the retention; returns the number of snapshots that went."""
        cutoff = now - self._retention
        with self._write() as connection:
            migrations.lock(connection, shared=False)
            fast_cutoff = max(cutoff, now - retention.FAST_KEPT)
            removed = retention.forget_before(connection, cutoff, fast_cutoff)
        self._reclaim()
        if self.size_bytes() > self._max_size:
            self._shrink()
        return removed

    def _shrink(self) -> None:
        """Forget the oldest until the store fits; the newest snapshots stay whatever they take."""
        if not self._shrinking.acquire(blocking=False):
            return
        try:
            self._reclaim()
            while self._forget_oldest(int(self._max_size * _LOW_WATER)):
                self._reclaim()
        finally:
            self._shrinking.release()

    def _forget_oldest(self, goal: int) -> int:
        """Forget about what is beyond `goal` bytes; returns the number of rows that went.

        It goes by the pages in use, not by the files: a reader can keep those from shrinking.
        """
        with self._write() as connection:
            migrations.lock(connection, shared=False)
            excess = queries.data_bytes(connection) - goal
            return retention.forget_oldest(connection, excess) if excess > 0 else 0

    def _reclaim(self) -> None:
        """Give free pages back to the file system (PostgreSQL's autovacuum reuses its own)."""
        if self._path is None:
            return
        with translated(self._place), contextlib.closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            # Each step of this pragma frees one page: all of its rows must be fetched.
            cursor.execute("PRAGMA incremental_vacuum")
            cursor.fetchall()
            # A reader may hold on to the log, and no writer comes in meanwhile: so not for long.
            cursor.execute("PRAGMA busy_timeout = 50")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout = {int(engines.BUSY_SECONDS * 1000)}")


def _target(connection: Connection, cycle: Cycle, snapshot: Snapshot | None) -> int:
    """The id of the cycle's target, which is brought up to date."""
    known = connection.execute(select(targets.c.id).where(targets.c.name == cycle.target)).scalar()
    server = snapshot.server if snapshot else None
    facts: dict[str, object] = {"last_seen": cycle.started_at}
    if server is not None:
        facts |= {
            "system_identifier": server.system_identifier,
            "server_version": server.version,
        }
    if known is not None:
        connection.execute(update(targets).where(targets.c.id == known).values(**facts))
        return int(known)
    facts |= {"name": cycle.target, "first_seen": cycle.started_at}
    return int(connection.execute(insert(targets).returning(targets.c.id), facts).scalar_one())


def _cycle(connection: Connection, target_id: int, cycle: Cycle, gaps: list[str]) -> int:
    row = {
        "target_id": target_id,
        "started_at": cycle.started_at,
        "duration_ms": cycle.duration_ms,
        "cadence": cycle.cadence,
        "outcome": cycle.outcome,
        "gap_sources": gaps,
        "error": cycle.error,
    }
    return int(connection.execute(insert(cycles).returning(cycles.c.id), row).scalar_one())
