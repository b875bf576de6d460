"""The least of a collector on a real server: who answers, and its databases' commits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import psycopg

from daemon_lab import facts
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.settings import TargetSection

QUERY = """
SELECT pg_catalog.pg_postmaster_start_time(), sum(xact_commit)::bigint, count(pg_sleep(0.01))
  FROM pg_catalog.pg_stat_database
"""


class ServerCollector:
    """One connection, opened with the first query; it waits for the lock on table `gate`."""

    def __init__(self, target: TargetSection) -> None:
        self._target = target
        self._connection: psycopg.Connection[tuple[datetime, int, int]] | None = None

    def full(self, *, values: bool = False) -> Snapshot:
        del values
        return self._collect()

    def fast(self) -> Snapshot:
        return self._collect()

    def ping(self) -> None:
        with self._translated():
            psycopg.connect(self._target.dsn, connect_timeout=5).close()

    def cancel(self) -> None:
        if self._connection is not None:
            self._connection.cancel_safe(timeout=2)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _collect(self) -> Snapshot:
        with self._translated():
            if self._connection is None:
                self._connection = psycopg.connect(self._target.dsn, autocommit=True)
            cursor = self._connection.execute(QUERY)
            row = cursor.fetchone()
            gate = self._connection.execute("SELECT to_regclass('gate') IS NOT NULL AS found")
            if gate.fetchall()[0][0]:
                self._connection.execute("SELECT * FROM gate")
        assert row is not None
        taken = facts.snapshot(target=self._target.name, started=row[0], commits=row[1])
        return replace(taken, taken_at=datetime.now(UTC))

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise TargetError(f"{self._target.name} failed", detail=str(error)) from None
