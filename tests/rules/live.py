"""A live case: a smell is made on a real server, found, mended as advised, and found gone."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg

from pgtune_advisor.advise.evaluate import ADVISED, evaluate
from pgtune_advisor.advise.indexes.advisor import WhatIf
from pgtune_advisor.cli.statement_plans import statement_plans
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.changes import Advice, Change, SetParameter
from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import StatementReading, windows_of
from pgtune_advisor.domain.window import between, lifetime
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.planner.open import Planners
from pgtune_advisor.rules.loader import Loaded, RuleBook, check_rule
from pgtune_advisor.settings import HostSection, TargetSection
from rules.casefile import Live, Repeated, Session
from rules.runner import book
from rules.world import UNPLANNED

PATIENCE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_OWN: Final = "rule_case"

_OTHERS_ARE_GONE: Final = """\
SELECT count(*) = 0 FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database() AND application_name = '%s' AND pid <> pg_backend_pid()
"""


@dataclass(kw_only=True)
class Place:
    """A database on a server, and what may be done to that server."""

    database: str
    dsn: Callable[[str], str]
    cluster: PrivateCluster | None
    is_own: bool
    standby: PrivateCluster | None = None

    @contextmanager
    def connect(self, database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        with _connection(self.dsn(database or self.database)) as connection:
            yield connection

    def execute(self, statements: Sequence[str | Repeated], number: int = 1) -> None:
        """One by one on one connection; a reconnecting one each time on its own."""
        with self.connect() as connection:
            for statement in statements:
                step = statement if isinstance(statement, Repeated) else Repeated(sql=statement)
                for run in range(1, step.times + step.grows * number + 1):
                    sql = step.sql.replace("{round}", str(number)).replace("{n}", str(run))
                    if step.reconnect:
                        with self.connect() as another:
                            another.execute(sql.encode())
                    else:
                        connection.execute(sql.encode())

    def settle(self) -> None:
        """Wait until our own connections have ended, which flushes their counters."""
        self.wait_for(_OTHERS_ARE_GONE % _OWN)
        if self.standby is not None:
            _wait_for(self._standby_dsn(), _OTHERS_ARE_GONE % _OWN)

    def wait_for(self, condition: str) -> None:
        """Ask until the condition holds, on a fresh connection each time."""
        _wait_for(self.dsn(self.database), condition)

    def _standby_dsn(self) -> str:
        assert self.standby is not None, "the case has no standby"
        return self.standby.dsn(self.database)

    def replicas(self) -> dict[str, str]:
        """The standby as the configuration would list it."""
        return {} if self.standby is None else {"standby": self._standby_dsn()}

    def catch_up(self) -> None:
        """Wait until the standby has replayed all that was written so far."""
        with self.connect() as connection:
            row = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        assert row is not None
        self.wait_for(f"SELECT bool_and(replay_lsn >= '{row[0]}') FROM pg_stat_replication")

    def run_on_standby(self, statements: Sequence[str]) -> None:
        if statements:
            with _connection(self._standby_dsn()) as connection:
                for statement in statements:
                    connection.execute(statement.encode())

    def restart(self) -> None:
        assert self.cluster is not None
        assert self.is_own, "others use this server: write own = true"
        self.cluster.restart()


@contextmanager
def _connection(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(dsn, autocommit=True, application_name=_OWN) as connection:
        yield connection


def _wait_for(dsn: str, condition: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with _connection(dsn) as connection:
            row = connection.execute(condition.encode()).fetchone()
        if row is not None and row[0] is True:
            return
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"it never came true: {condition}")


@contextmanager
def held(place: Place, sessions: Sequence[Session]) -> Iterator[None]:
    """Sessions in the state in which their statements leave them; rolled back at the end."""
    with ExitStack() as stack:
        for session in sessions:
            stack.enter_context(_session(place, session))
        yield


@contextmanager
def _session(place: Place, session: Session) -> Iterator[None]:
    dsn = place.dsn(place.database)
    connection = psycopg.connect(dsn, autocommit=True, application_name=session.application)
    last = len(session.sql) - 1 if session.blocked else len(session.sql)
    for statement in session.sql[:last]:
        connection.execute(statement.encode())
    waiter = threading.Thread(target=_ignore_end, args=(connection, session.sql[-1]))
    try:
        if session.blocked:
            waiter.start()
            pid = connection.info.backend_pid
            place.wait_for(
                "SELECT wait_event_type = 'Lock' FROM pg_catalog.pg_stat_activity "
                f"WHERE pid = {pid}"
            )
        yield
    finally:
        if session.blocked:
            connection.cancel_safe()
            waiter.join()
        connection.close()


def _ignore_end(connection: psycopg.Connection[Any], statement: str) -> None:
    """The statement waits until it is cancelled or its blocker goes: both are well."""
    with suppress(psycopg.errors.QueryCanceled):
        connection.execute(statement.encode())


@dataclass(frozen=True, kw_only=True)
class LiveCase:
    """One live case of one rule at one place."""

    rule: str
    live: Live
    place: Place

    def run(self) -> None:
        """Find what is expected, mend it, and find it gone."""
        try:
            self._run()
        finally:
            self._end_prepared()

    def _end_prepared(self) -> None:
        """A prepared transaction outlives its session, and its database could not be dropped."""
        with self.place.connect() as connection:
            left = connection.execute(
                "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()"
            ).fetchall()
            for (gid,) in left:
                connection.execute(f"ROLLBACK PREPARED {quote_literal(gid)}".encode())

    def _run(self) -> None:
        live, place = self.live, self.place
        self._prepare()
        if live.standby_sql:
            place.catch_up()
        place.run_on_standby(live.standby_sql)
        gone = [session for session in live.sessions if not session.keep]
        kept = [session for session in live.sessions if session.keep]
        with held(place, kept):
            with held(place, gone):
                report = self._observe(live.workload, live.awaiting)
            keys = self._expected(report)
            changes = self._mend(report, keys)
            after = live.workload if live.workload_after is None else live.workload_after
            self._is_gone(self._observe(after, live.await_after), keys)
        self._undo(changes)

    def _prepare(self) -> None:
        self.place.execute(self.live.setup)
        for arguments in self.live.pgbench:
            assert self.place.cluster is not None, "pgbench needs a server of this machine"
            self.place.cluster.run("pgbench", *arguments, self.place.database)

    def _observe(self, workload: Sequence[str | Repeated], awaiting: Sequence[str]) -> Report:
        target = TargetSection(
            name="live",
            dsn=self.place.dsn(self.place.database),
            host=HostSection(**self.live.host),
            replicas=self.place.replicas(),
        )
        self.place.settle()
        with Collector(target, QueryBook.load([])) as collector:
            first = collector.full() if self.live.has_window else None
            readings = [StatementReading.of(first)] if first is not None else []
            for number in range(1, self.live.rounds + 1):
                self.place.execute(workload, number)
                self.place.settle()
                if number < self.live.rounds:
                    readings.append(StatementReading.of(collector.fast()))
            for condition in awaiting:
                self.place.wait_for(condition)
            now = collector.full(values=self.live.planner is not None)
        window = between(first, now) if first is not None else lifetime(now)
        short = windows_of([*readings, StatementReading.of(now)])
        window = replace(window, statement_windows=short)
        plans = None
        if book().get(self.rule).rule.spec.subject in ("statement", "predicate"):
            plans = statement_plans(now, window, self.place.dsn(self.place.database))
        with self._what_if(now) as what_if:
            return evaluate(
                now,
                window,
                self._book(),
                now=now.taken_at,
                advisor_version="0",
                what_if=what_if,
                plans=plans,
            )

    @contextmanager
    def _what_if(self, snapshot: Snapshot) -> Iterator[WhatIf | None]:
        """The planner that the case asks for; without one indexes are advised on by structure."""
        if book().get(self.rule).rule.spec.subject not in ADVISED:
            yield None
        elif self.live.planner is None:
            yield UNPLANNED
        else:
            dsn = self.place.dsn(self.place.database)
            with Planners(snapshot, dsn, 1, self.live.planner) as planners:
                yield replace(UNPLANNED, planner=planners.of)

    def _book(self) -> RuleBook:
        loaded: Loaded = book().get(self.rule)
        chosen = check_rule(loaded.rule, book().catalogue, self.live.params)
        return replace(book(), rules=(chosen,))

    def _expected(self, report: Report) -> list[str]:
        """The keys that were expected and found; nothing that must be absent is there."""
        found = {finding.key: finding for finding in report.findings}
        told = "\n".join(
            [*found, *(f"unknown: {u}" for u in report.unknown), *map(str, report.gaps)]
        )
        keys: list[str] = []
        for pattern in self.live.expect:
            matching = [key for key in found if self._matches(key, pattern)]
            assert matching, f"{pattern} is not among\n{told}"
            keys += matching
        for pattern in self.live.absent:
            assert not [key for key in found if self._matches(key, pattern)], pattern
        if self.live.severity is not None:
            assert {found[key].severity for key in keys} == {self.live.severity}
        for key in keys:
            message = found[key].message
            assert message.primary
            assert "unknown" not in message.primary
        return keys

    def _matches(self, key: str, pattern: str) -> bool:
        text = re.escape(pattern.replace("{db}", self.place.database)).replace(r"\*", ".*")
        return re.fullmatch(text, key) is not None

    def _mend(self, report: Report, keys: Sequence[str]) -> list[Change]:
        """Apply what was advised, or what the case says instead. The changes that have SQL."""
        mine = [r for r in report.recommendations if set(r.finding_keys) & set(keys)]
        changes: list[Change] = [
            change for r in mine for change in r.changes if not isinstance(change, Advice)
        ]
        self._check_sql(mine, keys)
        self.place.run_on_standby(self.live.fix_standby)
        if self.live.fix is not None:
            for statement in self.live.fix:
                self._restart() if statement == "restart" else self.place.execute([statement])
            self.place.execute(["SELECT pg_catalog.pg_reload_conf()"])
            return []
        assert changes, "nothing to apply: the case needs a fix"
        for change in changes:
            self._apply(change, change.sql or "")
        self._make_effective(changes)
        return changes

    def _check_sql(self, mine: Sequence[Recommendation], keys: Sequence[str]) -> None:
        if self.live.sql is not None:
            first = next(r for r in mine if keys[0] in r.finding_keys)
            said = [change.sql for change in first.changes if change.sql is not None]
            assert said == [sql.replace("{db}", self.place.database) for sql in self.live.sql]

    def _apply(self, change: Change, sql: str) -> None:
        shared = isinstance(change, SetParameter) and not self.place.is_own
        assert not shared, "others use this server: write own = true"
        with self.place.connect(change.database) as connection:
            connection.execute(sql.encode())

    def _make_effective(self, changes: Sequence[Change]) -> None:
        needs = {change.needs for change in changes}
        if "restart" in needs:
            self._restart()
        elif "reload" in needs:
            with self.place.connect() as connection:
                row = connection.execute("SELECT clock_timestamp()::text").fetchone()
                connection.execute("SELECT pg_reload_conf()")
            assert row is not None
            self.place.wait_for(f"SELECT pg_conf_load_time() > '{row[0]}'::timestamptz")

    def _restart(self) -> None:
        self.place.restart()

    def _is_gone(self, report: Report, keys: Sequence[str]) -> None:
        left = [f"{f.key}: {f.message.primary}" for f in report.findings if f.key in keys]
        assert not left, "still there after the change"
        undecided = [u for u in report.unknown if f"{u.rule}:{u.subject.label}" in keys]
        assert not undecided, "undecided after the change"

    def _undo(self, changes: Sequence[Change]) -> None:
        """Every inverse that a change promises runs, in reverse order."""
        for change in reversed(changes):
            if change.inverse is not None:
                self._apply(change, change.inverse)
