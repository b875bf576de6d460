"""What a statement costs the server: processor time of the session that serves it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, LiteralString

import psycopg
from psycopg.pq import TransactionStatus

from bench.index.workload import Statement

# A statement that takes longer than this is run once; one that takes less is run more often.
LONG: Final = 10.0
SHORT: Final = 0.010
MORE_OFTEN: Final = 5

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of an execution, planning included. One that is stopped counts with the timeout."""

    cpu: float
    wall: float
    stopped: bool = False


def connect(dsn: str) -> Connection:
    """A session that neither prepares nor shares transactions behind our back."""
    return psycopg.connect(
        dsn, autocommit=True, prepare_threshold=None, application_name="bench.index"
    )


class Stopwatch:
    """Runs statements on one session. `timeout` is seconds.

    The processor time is the kernel's count for the server process (Linux, server on this
    machine); where it cannot be read, wall time stands in, and `clock` says so. Parallel workers
    are not counted: measure with max_parallel_workers_per_gather = 0.
    """

    def __init__(self, connection: Connection, *, runs: int, timeout: float) -> None:
        self.connection = connection
        self.runs = runs
        self.timeout = timeout
        self._schedule = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        self.clock = "wall" if self._cpu() is None else "cpu"
        connection.execute(f"SET statement_timeout = {int(timeout * 1000)}")

    def measure(self, statement: Statement) -> Timing:
        """The median of `runs` after one that does not count."""
        first = self.once(statement)
        if first.stopped or first.wall > LONG:
            return first
        number = self.runs * (MORE_OFTEN if first.cpu < SHORT else 1)
        return middle([self.once(statement) for _ in range(number)])

    def once(self, statement: Statement) -> Timing:
        """Run it; what writes is rolled back. An open transaction stays open and as it was."""
        if self.connection.info.transaction_status == TransactionStatus.INTRANS:
            return self._bracketed(statement, "SAVEPOINT start", "ROLLBACK TO start")
        if statement.writes:
            return self._bracketed(statement, "BEGIN", "ROLLBACK")
        return self._timed(statement.sql)

    def _bracketed(self, statement: Statement, begin: LiteralString, end: LiteralString) -> Timing:
        self.connection.execute(begin)
        try:
            return self._timed(statement.sql)
        finally:
            self.connection.execute(end)

    def _timed(self, sql: str) -> Timing:
        spent, began = self._cpu(), time.perf_counter()
        try:
            cursor = self.connection.execute(sql.encode())
            if cursor.description is not None:
                cursor.fetchall()
        except psycopg.errors.QueryCanceled:
            return Timing(cpu=self.timeout, wall=self.timeout, stopped=True)
        wall = time.perf_counter() - began
        after = self._cpu()
        cpu = wall if spent is None or after is None else after - spent
        return Timing(cpu=cpu, wall=wall)

    def _cpu(self) -> float | None:
        try:
            return int(self._schedule.read_text().split()[0]) / 1e9
        except (OSError, IndexError, ValueError):
            return None


def middle(timings: list[Timing]) -> Timing:
    """The medians of several executions."""
    return Timing(
        cpu=median(one.cpu for one in timings),
        wall=median(one.wall for one in timings),
        stopped=any(one.stopped for one in timings),
    )
