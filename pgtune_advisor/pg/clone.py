"""A connection to a clone: indexes are built there, and statements run, each within its bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

import psycopg
from psycopg import errors, pq

from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.measurement import Identity
from pgtune_advisor.pg import clone_sql
from pgtune_advisor.pg.conninfo import connection_string
from pgtune_advisor.pg.errors import connect_error, connection_lost, query_error
from pgtune_advisor.pg.loaders import be_lenient, configure
from pgtune_advisor.pg.queries import MARK
from pgtune_advisor.plans import Plan

LOCK_TIMEOUT_MS: Final = 5_000
_QUICK_MS: Final = 10_000


class BuildError(AdvisorError):
    """The server refuses the index for what it is, or for the rows that it would hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution: milliseconds, CPU of the server process (None: not to be had), blocks."""

    plan: Plan
    execution_ms: float
    cpu_ms: float | None
    blocks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table or index, or a part of a partitioned one, as pg_class has it."""

    name: str
    rows: float
    size_bytes: int
    kind: str


class Clone:
    """A connection to the clone; after TargetError it is gone."""

    def __init__(self, dsn: str) -> None:
        self._where = "the clone"
        try:
            self._connection: psycopg.Connection[Any] = psycopg.connect(
                connection_string(dsn), autocommit=True, prepare_threshold=None
            )
        except psycopg.Error as error:
            raise connect_error(error, self._where) from None
        configure(self._connection)
        be_lenient(self._connection)
        self._schedule = _schedule_of(self._connection)
        # Kept, since a connection that is lost does not tell it any more.
        self.session = self._connection.info.backend_pid
        self._do(f"SET lock_timeout = {LOCK_TIMEOUT_MS}", _QUICK_MS)
        self._began = self._rows(
            "SELECT backend_start FROM pg_catalog.pg_stat_activity"
            " WHERE pid = pg_catalog.pg_backend_pid()"
        )[0][0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def busy(self) -> bool:
        """Whether it cannot be used any more: lost, or left in the middle of a statement."""
        if self._connection.closed:
            return True
        return self._connection.info.transaction_status != pq.TransactionStatus.IDLE

    def close(self) -> None:
        self._connection.close()

    def end(self, other: Clone) -> None:
        """End the session that `other` had, and wait until its process is gone."""
        query = """SELECT pg_catalog.pg_terminate_backend(a.pid, 10000)
            FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = %s AND a.backend_start = %s"""
        self._rows(query, [other.session, other._began])

    def identity(self) -> tuple[Identity, bool]:
        """Who it is, and whether it is in recovery."""
        identifier, started, database, recovering = self._rows(clone_sql.IDENTITY)[0]
        known = Identity(system_identifier=identifier, started_at=started, database=database)
        return known, recovering

    def parts(self, schema: str, name: str) -> list[Part]:
        """The table or index and all of its partitions; empty where it is not there."""
        rows = self._rows(clone_sql.TREE, [qualified(schema, name)])
        return [Part(name=r[0], rows=r[1], size_bytes=r[2], kind=r[3]) for r in rows]

    def build(self, statement: str, timeout_ms: int) -> float:
        """Run CREATE INDEX; the milliseconds that it took. BuildError, QueryError."""
        began = monotonic()
        self._do(statement, timeout_ms)
        return (monotonic() - began) * 1000

    def on_expressions(self, schema: str, name: str) -> bool:
        """Whether an index has keys that are expressions, of which ANALYZE makes statistics."""
        query = """SELECT i.indexprs IS NOT NULL FROM pg_catalog.pg_index AS i
            WHERE i.indexrelid = pg_catalog.to_regclass(%s)"""
        return bool(self._rows(query, [qualified(schema, name)])[0][0])

    def analyze(self, schema: str, table: str, timeout_ms: int) -> None:
        self._do(f"ANALYZE {qualified(schema, table)}", timeout_ms)

    def drop(self, schema: str, name: str, timeout_ms: int = 60_000) -> None:
        """Drop an index that may not be there."""
        self._do(f"DROP INDEX IF EXISTS {qualified(schema, name)}", timeout_ms)

    def create_extension(self, name: str) -> bool:
        """Make an extension; False where the database has it."""
        query = "SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = %s"
        if self._rows(query, [name]):
            return False
        self._do(f"CREATE EXTENSION {quote_ident(name)}", _QUICK_MS)
        return True

    def drop_extension(self, name: str) -> None:
        """Take it away again, if it is there."""
        self._do(f"DROP EXTENSION IF EXISTS {quote_ident(name)}", _QUICK_MS)

    def calls(self, text: str) -> list[tuple[str, str]]:
        """What a query must not do here: ('volatile', function) and ('foreign', table)."""
        with self._transaction("BEGIN", _QUICK_MS):
            self._send(f"{clone_sql.VIEW} (\n{text}\n) AS q")
            return [(row[0], row[1]) for row in self._fetch(clone_sql.CALLS)]

    def plan(self, text: str, timeout_ms: int) -> Plan:
        """The plan, without running the query."""
        with self._transaction("BEGIN READ ONLY", timeout_ms):
            return Plan.of(self._explained("EXPLAIN (VERBOSE, FORMAT JSON)", text))

    def run(self, text: str, timeout_ms: int, without: Sequence[tuple[str, str]] = ()) -> Run:
        """Execute a query, reading only; `without` are indexes that are not there meanwhile.

        They are dropped in the transaction that is rolled back afterwards.
        """
        with self._transaction("BEGIN", timeout_ms):
            for schema, name in without:
                self._send(f"DROP INDEX IF EXISTS {qualified(schema, name)}")
            self._send("SET TRANSACTION READ ONLY")
            cpu = self._schedule()
            explained = self._explained(
                "EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, VERBOSE, FORMAT JSON)", text
            )
            cpu_ms = None if cpu is None else (self._schedule() or cpu) - cpu
        plan = Plan.of(explained)
        parallel = any(node.extra.get("Workers Launched") for node in plan.root.walk())
        return Run(
            plan=plan,
            execution_ms=float(explained[0]["Execution Time"]),
            cpu_ms=None if parallel else cpu_ms,
            blocks=_blocks(plan.root.extra),
        )

    def _explained(self, options: str, text: str) -> Any:
        rows = self._fetch(f"{options} /* {MARK} clone */ {text}")
        return rows[0][0]

    @contextmanager
    def _transaction(self, begin: str, timeout_ms: int) -> Iterator[None]:
        """A transaction that is always rolled back."""
        began = monotonic()
        try:
            self._send(begin)
            self._send(f"SET LOCAL statement_timeout = {max(timeout_ms, 1)}")
            yield
        except psycopg.Error as error:
            raise self._failure(error, timeout_ms, began) from None
        finally:
            if not self._connection.closed:
                with suppress(psycopg.Error):
                    self._send("ROLLBACK")

    def _do(self, statement: str, timeout_ms: int) -> None:
        began = monotonic()
        try:
            self._send(f"SET statement_timeout = {max(timeout_ms, 1)}")
            self._send(statement)
        except psycopg.Error as error:
            raise self._failure(error, timeout_ms, began) from None

    def _rows(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        began = monotonic()
        try:
            self._send(f"SET statement_timeout = {_QUICK_MS}")
            with self._connection.cursor() as cursor:
                return cursor.execute(query.encode(), params).fetchall()
        except psycopg.Error as error:
            raise self._failure(error, _QUICK_MS, began) from None

    def _send(self, statement: str) -> None:
        # Binary results need the extended protocol, which takes one statement and no more.
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(statement.encode())

    def _fetch(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(query.encode()).fetchall()

    def _failure(self, error: psycopg.Error, timeout_ms: int, began: float) -> AdvisorError:
        if self._connection.closed:
            return connection_lost(error, self._where)
        if isinstance(error, _REFUSED):
            text = (error.diag.message_primary or str(error)).splitlines()[0]
            return BuildError(text, detail=error.diag.message_detail or "")
        return query_error(error, timeout_ms=timeout_ms, elapsed_ms=(monotonic() - began) * 1000)


_REFUSED: Final = (
    errors.DataError,
    errors.IntegrityError,
    errors.ProgramLimitExceeded,
    errors.FeatureNotSupported,
    errors.InvalidObjectDefinition,
    errors.WrongObjectType,
)


def _blocks(extra: Any) -> float:
    names = [f"{kind} {how} Blocks" for kind in ("Shared", "Local") for how in ("Hit", "Read")]
    names += ["Temp Read Blocks", "Temp Written Blocks"]
    return float(sum(extra.get(name, 0) for name in names))


def _schedule_of(connection: psycopg.Connection[Any]) -> Callable[[], float | None]:
    """Reads the CPU milliseconds of the server process, where it runs on this machine."""
    process = Path("/proc", str(connection.info.backend_pid))
    local = connection.info.host.startswith("/") or connection.info.hostaddr in ("127.0.0.1", "::1")

    def read() -> float | None:
        try:
            return int((process / "schedstat").read_text().split()[0]) / 1e6
        except (OSError, ValueError, IndexError):
            return None

    def nothing() -> None:
        return None

    try:
        ours = local and b"postgres" in (process / "cmdline").read_bytes()
    except OSError:
        ours = False
    return read if ours and read() is not None else nothing
