"""The connections to one target: one a database, never more than the target's budget."""

from __future__ import annotations

import logging
import os
import select
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.pg.conninfo import connection_string
from pgtune_advisor.pg.errors import connect_error
from pgtune_advisor.pg.loaders import configure
from pgtune_advisor.pg.session import Session

OLDEST: Final = 140000
_SLICE_S: Final = 0.05
_LONGEST_S: Final = 120.0
_GOODBYE_S: Final = 1.0

# The pool warns of each attempt that fails; the lease raises the same, in three parts.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class _Gate:
    """Lets a lease learn why its pool could not connect; after a failure, no second attempt."""

    def __init__(self) -> None:
        self.failure: psycopg.Error | None = None

    def connect(self, make: Callable[[], _Connection]) -> _Connection:
        if self.failure is not None:
            raise self.failure
        try:
            return make()
        except psycopg.Error as error:
            self.failure = error
            raise


class _Connection(psycopg.Connection[Any]):
    """A connection that is gone from the server's count when close() returns."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> _Connection:
        gate: _Gate = kwargs.pop("gate")
        return gate.connect(lambda: super(_Connection, cls).connect(conninfo, **kwargs))

    def close(self) -> None:
        if self.closed:
            super().close()
            return
        spare = os.dup(self.fileno())
        try:
            super().close()
            _await_end(spare)
        finally:
            os.close(spare)


def _await_end(descriptor: int) -> None:
    """Wait until the server has closed its end: then its process has left the list of sessions."""
    deadline = monotonic() + _GOODBYE_S
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    with suppress(OSError):
        while (left := deadline - monotonic()) > 0 and poller.poll(left * 1000):
            if not os.read(descriptor, 4096):
                return


class Pools:
    """Leases sessions on the databases of one target, one at a time."""

    def __init__(self, name: str, dsn: str, *, max_connections: int) -> None:
        self._name = name
        self._dsn = dsn
        self._budget = max_connections
        self._pools: OrderedDict[str | None, tuple[ConnectionPool[_Connection], _Gate]]
        self._pools = OrderedDict()
        self._home: str | None = None
        self._lock = Lock()
        self._stopped = Event()
        self._active: _Connection | None = None

    @contextmanager
    def session(self, database: str | None = None) -> Iterator[Session]:
        """A session on `database` (None: the dsn's). TargetError where it cannot be had."""
        with self._lock:
            if self._stopped.is_set():
                raise TargetError(f'target "{self._name}": the collection was stopped')
            where = f'target "{self._name}"' + (f', database "{database}"' if database else "")
            if database == self._home:
                database = None
            pool, gate = self._pool(database)
            connection = self._lease(pool, gate, where)
            self._active = connection
            try:
                if database is None:
                    self._home = connection.info.dbname
                _check_version(connection, where)
                yield Session(connection, where, self._stopped.is_set)
            finally:
                self._active = None
                pool.putconn(connection)

    def cancel(self) -> None:
        """End the query that runs, from another thread; no session is lent afterwards."""
        self._stopped.set()
        active = self._active
        if active is not None and not active.closed:
            with suppress(psycopg.Error):
                active.cancel_safe(timeout=2.0)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            while self._pools:
                self._pools.popitem()[1][0].close()

    def _pool(self, database: str | None) -> tuple[ConnectionPool[_Connection], _Gate]:
        if database in self._pools:
            self._pools.move_to_end(database)
            return self._pools[database]
        while len(self._pools) >= self._budget:
            self._pools.popitem(last=False)[1][0].close()
        gate = _Gate()
        pool: ConnectionPool[_Connection] = ConnectionPool(
            connection_string(self._dsn, database),
            connection_class=_Connection,
            kwargs={"autocommit": True, "prepare_threshold": None, "gate": gate},
            min_size=0,
            max_size=1,
            open=True,
            configure=configure,
            check=ConnectionPool.check_connection,
            num_workers=1,
            reconnect_timeout=0,
        )
        self._pools[database] = (pool, gate)
        return pool, gate

    def _lease(self, pool: ConnectionPool[_Connection], gate: _Gate, where: str) -> _Connection:
        """A connection of the pool, or the reason why it could not make one."""
        gate.failure = None
        deadline = monotonic() + _LONGEST_S
        while True:
            try:
                return pool.getconn(timeout=_SLICE_S)
            except PoolTimeout:
                if gate.failure is not None:
                    raise connect_error(gate.failure, where) from None
                if self._stopped.is_set() or monotonic() > deadline:
                    raise TargetError(f"{where}: no connection was made in time") from None


def _check_version(connection: psycopg.Connection[Any], where: str) -> None:
    if connection.info.server_version < OLDEST:
        raise TargetError(
            f"{where}: PostgreSQL {connection.info.server_version // 10000} is too old",
            detail=f"The server is {connection.info.parameter_status('server_version')}.",
            hint="PostgreSQL 14 is the oldest that can be read.",
        )
