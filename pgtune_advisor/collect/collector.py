"""Reads one target into snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Literal

from pgtune_advisor.collect.activity import cleaned, name_relations
from pgtune_advisor.collect.contents import CUSTOM, read_contents, read_query
from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.collect.databases import main_database, other_databases
from pgtune_advisor.collect.host import read_host
from pgtune_advisor.collect.replicas import read_replicas
from pgtune_advisor.collect.statements import TABLES as STATEMENT_TABLES
from pgtune_advisor.collect.statements import TextMemory, note_missing, read_statements
from pgtune_advisor.collect.values import read_values
from pgtune_advisor.domain.custom import CustomFact
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.server import Host, Server
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.capabilities import Capabilities, read_access, read_database
from pgtune_advisor.pg.errors import CapabilityError, QueryError
from pgtune_advisor.pg.pools import Pools
from pgtune_advisor.pg.queries import Query, QueryBook, Scope
from pgtune_advisor.pg.rows import DatabaseAccess, SystemIdentifier
from pgtune_advisor.pg.session import Session
from pgtune_advisor.settings import TargetSection

Pace = Literal["fast", "full"]


class Collector:
    """Reads one target. One thread at a time; cancel() may be called from another."""

    def __init__(
        self, target: TargetSection, queries: QueryBook, *, keep_literals: bool = False
    ) -> None:
        self._target = target
        self._book = queries
        self._keep_literals = keep_literals
        self._where = f'target "{target.name}"'
        self._pools = Pools(target.name, target.dsn, max_connections=target.max_connections)
        self._main = main_database(target)
        self._memory = TextMemory(keep_literals=keep_literals)
        self._capabilities: Capabilities | None = None
        self._identifier: str | None = None
        self._host = Host()
        self._slow_facts: list[CustomFact] = []

    def __enter__(self) -> Collector:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection to the target."""
        self._pools.close()

    def cancel(self) -> None:
        """Make a running collection end with a TargetError; for another thread."""
        self._pools.cancel()

    @property
    def capabilities(self) -> Capabilities | None:
        """What the role may see, as the last full collection found it."""
        return self._capabilities

    def ping(self) -> None:
        """TargetError unless the target answers."""
        with self._pools.session(self._main) as session:
            self._server(session)

    def full(self, *, values: bool = False) -> Snapshot:
        """Everything; with `values` the values in statistics too, which are data of the target.

        TargetError where the target cannot be reached or the connection is lost.
        """
        return self._collect("full", values=values)

    def fast(self) -> Snapshot:
        """Only what changes fast; `collected` names it. TargetError as full()."""
        return self._collect("fast")

    def _collect(self, pace: Pace, *, values: bool = False) -> Snapshot:
        with self._pools.session(self._main) as session:
            cycle = self._begin(session, pace)
            server = self._server(session)
            for query in self._queries("cluster", pace):
                read_query(cycle, session, query, query.name)
            if "backends" in cycle.tables:
                seen = cycle.tables["backends"]
                cycle.tables["backends"] = cleaned(seen, keep_literals=self._keep_literals)
            if pace == "full":
                others = other_databases(self._target, session, cycle)
                self._read_database(cycle, session, values=values)
                self._host = read_host(cycle, session, self._target.host)
            here = session.database
        if pace == "full":
            self._read_others(cycle, others, values=values)
            read_replicas(cycle, self._target, cycle.capabilities.databases, self._identifier)
            self._slow_facts = self._slow(cycle)
        elif self._slow_facts:
            cycle.add(CUSTOM, list(self._slow_facts))
        self._capabilities = cycle.capabilities
        self._statements(cycle, server, pace)
        name_relations(cycle, self._pools, here, cycle.capabilities.databases)
        if pace == "full":
            # Whoever has looked at every table holds them all in the caches of its session: the
            # server gets that memory back.
            self._pools.close()
        return self._snapshot(cycle, server)

    def _begin(self, session: Session, pace: Pace) -> Cycle:
        """A cycle that knows what the role may do; looked at anew in each full one."""
        known = self._capabilities
        try:
            if known is None or pace == "full":
                known = Capabilities(access=read_access(session, self._book))
                here = read_database(session, self._book)
                known = replace(known, databases={here.database: here})
        except QueryError as error:
            raise self._unreadable(error) from None
        cycle = Cycle(self._book, known)
        if pace == "full":
            for table, ask in (
                ("server", known.has_known_version),
                ("settings", known.has_all_settings),
                ("backends", known.has_all_statistics),
            ):
                try:
                    ask(check=True)
                except CapabilityError as error:
                    cycle.gap_of(table, error)
            self._identify(cycle, session)
        return cycle

    def _identify(self, cycle: Cycle, session: Session) -> None:
        if self._identifier is None and cycle.capabilities.access.execute_control_system:
            rows: list[SystemIdentifier] | None
            rows = cycle.read(session, "system_identifier", "server")
            self._identifier = rows[0].system_identifier if rows else None

    def _unreadable(self, error: QueryError) -> TargetError:
        return TargetError(
            f"{self._where}: the server cannot be read", detail=error.primary, hint=error.hint
        )

    def _server(self, session: Session) -> Server:
        query = self._book.find("server", (session.server_version // 10000,))
        assert query is not None
        try:
            rows: list[Server] = session.rows(query)
        except QueryError as error:
            raise self._unreadable(error) from None
        return replace(rows[0], system_identifier=self._identifier)

    def _queries(self, scope: Scope, pace: Pace) -> Iterator[Query]:
        """The queries that fill the snapshot by themselves, of this scope and pace."""
        for name in (*self._book.tables(), *self._book.custom()):
            query = self._book.variants(name)[0]
            if query.scope != scope or name in STATEMENT_TABLES:
                continue
            if pace == "full" or query.cadence == "fast":
                yield query

    def _read_database(self, cycle: Cycle, session: Session, *, values: bool) -> None:
        read_contents(cycle, session, self._queries("database", "full"))
        if values:
            read_values(cycle, session)

    def _read_others(self, cycle: Cycle, names: list[str], *, values: bool) -> None:
        """Read the other databases; one that cannot be entered is a gap."""
        found: dict[str, DatabaseAccess] = dict(cycle.capabilities.databases)
        for name in names:
            with ExitStack() as stack:
                try:
                    session = stack.enter_context(self._pools.session(name))
                except TargetError as error:
                    cycle.gap_of(f"database:{name}", error)
                    continue
                try:
                    found[name] = read_database(session, self._book)
                except QueryError as error:
                    cycle.gap_of(f"database:{name}", error)
                    continue
                cycle.capabilities = replace(cycle.capabilities, databases=found)
                self._read_database(cycle, session, values=values)

    def _slow(self, cycle: Cycle) -> list[CustomFact]:
        """The facts that a fast cycle will not read again."""
        slow = {
            query.custom.name
            for query in self._book
            if query.custom and (query.cadence == "slow" or query.scope == "database")
        }
        return [fact for fact in cycle.tables.get(CUSTOM, ()) if fact.table in slow]

    def _statements(self, cycle: Cycle, server: Server, pace: Pace) -> None:
        place = cycle.capabilities.statements
        if place is None:
            note_missing(cycle)
            return
        with ExitStack() as stack:
            try:
                session = stack.enter_context(self._pools.session(place.database))
            except TargetError as error:
                for table in STATEMENT_TABLES:
                    cycle.gap_of(table, error)
                return
            read_statements(cycle, session, self._memory, server.clock, full=pace == "full")

    def _snapshot(self, cycle: Cycle, server: Server) -> Snapshot:
        return Snapshot(
            target=self._target.name,
            taken_at=server.clock,
            server=server,
            collected=frozenset(cycle.tables),
            host=self._host,
            gaps=cycle.gaps,
            **{table: tuple(rows) for table, rows in cycle.tables.items()},
        )
