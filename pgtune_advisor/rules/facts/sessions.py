"""Facts of sessions: backends, applications and lock waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.activity import Backend
from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context, derived, fact

_ACTIVITY = "pg_stat_activity"
_MINUTE: Final = 60_000
# In steps, since advice that grows by the minute would be new advice in every cycle.
_TIMEOUTS: Final = (5, 10, 15, 30, 60)


def clients(backends: tuple[Backend, ...]) -> list[Backend]:
    """The sessions of clients, without the server's own processes."""
    return [b for b in backends if b.backend_type == "client backend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFacts:
    """One client session."""

    KIND: ClassVar[str] = "backend"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends",)

    pid: int = fact("process id", unit="id", source=f"{_ACTIVITY}.pid")
    database: str = fact("database", source=f"{_ACTIVITY}.datname")
    user: str = fact("role", source=f"{_ACTIVITY}.usename")
    application: str = fact("application name", source=f"{_ACTIVITY}.application_name")
    state: str | None = fact("state", source=f"{_ACTIVITY}.state")
    state_ms: float | None = derived(
        "time in this state", unit="ms", source=f"{_ACTIVITY}.state_change"
    )
    transaction_ms: float | None = derived(
        "time since the transaction began", unit="ms", source=f"{_ACTIVITY}.xact_start"
    )
    xmin_age: int | None = fact(
        "transactions that its snapshot keeps visible", source=f"{_ACTIVITY}.backend_xmin"
    )
    has_xid: bool = fact("has written", source=f"{_ACTIVITY}.backend_xid")
    blocks_others: int = derived("sessions that wait for it", source="pg_blocking_pids()")
    query: str = fact("last statement, without constants", source=f"{_ACTIVITY}.query")
    idle_timeout_ms: float | None = fact(
        "idle_in_transaction_session_timeout; 0 is off", unit="ms", source="pg_settings"
    )
    idle_timeout_target_ms: float | None = derived(
        "half of the longest time that a session of this role idles in its transaction, in steps "
        "between 5 min and 1 h, and no more than what is set",
        unit="ms",
        source=f"{_ACTIVITY}.state_change, pg_settings",
    )

    def subject(self) -> Subject:
        who = "/".join(part or "-" for part in (self.database, self.user, self.application))
        return Subject(
            kind=self.KIND, label=f"{who}/{self.pid}", database=self.database, name=self.user
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[BackendFacts]:
        waiting: dict[int, int] = defaultdict(int)
        for backend in context.snapshot.backends:
            for pid in set(backend.blocked_by):
                waiting[pid] += 1
        timeout = context.number("idle_in_transaction_session_timeout")
        longest = _longest_idle(context)
        for backend in clients(context.snapshot.backends):
            yield cls(
                pid=backend.pid,
                database=backend.database or "",
                user=backend.user or "",
                application=backend.application,
                state=backend.state,
                state_ms=context.age_ms(backend.state_changed_at),
                transaction_ms=context.age_ms(backend.transaction_started_at),
                xmin_age=backend.xmin_age,
                has_xid=backend.xid_age is not None,
                blocks_others=waiting[backend.pid],
                query=backend.query or "",
                idle_timeout_ms=timeout,
                idle_timeout_target_ms=_timeout_target(longest.get(backend.user), timeout),
            )


def _longest_idle(context: Context) -> dict[str | None, float]:
    """By role, how long a session of it has been idle in its transaction, in milliseconds."""
    longest: dict[str | None, float] = {}
    for backend in clients(context.snapshot.backends):
        if (backend.state or "").startswith("idle in transaction"):
            age = context.age_ms(backend.state_changed_at) or 0.0
            longest[backend.user] = max(longest.get(backend.user, 0.0), age)
    return longest


def _timeout_target(longest: float | None, present: float | None) -> float | None:
    if longest is None:
        return None
    half = longest / 2 / _MINUTE
    target = max((step for step in _TIMEOUTS if step <= half), default=_TIMEOUTS[0]) * _MINUTE
    return min(target, present) if present else target


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """All client sessions of one application and role."""

    KIND: ClassVar[str] = "application"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends",)

    application: str = fact("application name", source=f"{_ACTIVITY}.application_name")
    user: str = fact("role", source=f"{_ACTIVITY}.usename")
    sessions: int = derived("sessions", source=_ACTIVITY)
    idle: int = derived("idle sessions", source=f"{_ACTIVITY}.state")
    idle_before: int | None = derived(
        "idle sessions when the window began", source=f"{_ACTIVITY}.state"
    )
    idle_reused: int | None = derived(
        "sessions idle at both ends that worked in between", source=f"{_ACTIVITY}.state_change"
    )
    oldest_idle_ms: float | None = derived(
        "longest time that one has been idle", unit="ms", source=f"{_ACTIVITY}.state_change"
    )

    def subject(self) -> Subject:
        label = f"{self.application or '-'}/{self.user or '-'}"
        return Subject(kind=self.KIND, label=label, name=self.application)

    @classmethod
    def build(cls, context: Context) -> Iterator[ApplicationFacts]:
        before = context.window.backends_before
        groups: dict[tuple[str, str], list[Backend]] = defaultdict(list)
        for backend in clients(context.snapshot.backends):
            groups[backend.application, backend.user or ""].append(backend)
        for (application, user), backends in sorted(groups.items()):
            idle = [b for b in backends if b.state == "idle"]
            ages = [a for b in idle if (a := context.age_ms(b.state_changed_at)) is not None]
            earlier = {
                (b.pid, b.started_at): b.state_changed_at
                for b in before or ()
                if (b.application, b.user or "") == (application, user) and b.state == "idle"
            }
            kept = [b for b in idle if (b.pid, b.started_at) in earlier]
            reused = [b for b in kept if earlier[b.pid, b.started_at] != b.state_changed_at]
            yield cls(
                application=application,
                user=user,
                sessions=len(backends),
                idle=len(idle),
                idle_before=None if before is None else len(earlier),
                idle_reused=None if before is None else len(reused),
                oldest_idle_ms=max(ages, default=0.0),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWaitFacts:
    """A session that waits for a lock."""

    KIND: ClassVar[str] = "lock_wait"
    NEEDS: ClassVar[tuple[str, ...]] = ("lock_waits", "backends")

    pid: int = fact("process id that waits", unit="id", source="pg_locks.pid")
    database: str = fact("database", source="pg_locks.database")
    mode: str = fact("lock that is waited for", source="pg_locks.mode")
    lock_type: str = fact("what kind of thing is locked", source="pg_locks.locktype")
    relation: str = fact("table or index, or nothing", source="pg_locks.relation")
    wait_ms: float | None = derived("time waited", unit="ms", source="pg_locks.waitstart")
    query: str = fact("statement that waits, without constants", source=f"{_ACTIVITY}.query")
    blocker_pid: int | None = fact(
        "first process in the way", unit="id", source="pg_blocking_pids()"
    )
    blocker_state: str = fact("what the blocker does", source=f"{_ACTIVITY}.state")
    blocker_user: str = fact(
        "role of the blocker, or what kind of process it is", source=f"{_ACTIVITY}.usename"
    )
    blocker_query: str = fact("statement of the blocker", source=f"{_ACTIVITY}.query")
    blockers: int = derived("processes in the way", source="pg_blocking_pids()")

    def subject(self) -> Subject:
        target = self.relation or self.lock_type
        return Subject(
            kind=self.KIND, label=f"{self.database}/{target}/{self.pid}", database=self.database
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[LockWaitFacts]:
        backends = {backend.pid: backend for backend in context.snapshot.backends}
        for wait in context.snapshot.lock_waits:
            waiter = backends.get(wait.pid)
            pids = waiter.blocked_by if waiter else ()
            first = backends.get(pids[0]) if pids else None
            yield cls(
                pid=wait.pid,
                database=wait.database or "",
                mode=wait.mode,
                lock_type=wait.lock_type,
                relation=wait.relation or "",
                wait_ms=context.age_ms(wait.waiting_since),
                query=(waiter.query if waiter else None) or "",
                blocker_pid=pids[0] if pids else None,
                blocker_state=(first.state if first else None) or "",
                blocker_user=_who(first),
                blocker_query=(first.query if first else None) or "",
                blockers=len(set(pids)),
            )


def _who(backend: Backend | None) -> str:
    if backend is None:
        return ""
    is_client = backend.backend_type == "client backend"
    return backend.user or ("" if is_client else backend.backend_type)
