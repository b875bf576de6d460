"""Facts of standbys and replication slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.activity import Replica, Slot
from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.units import MB
from pgtune_advisor.rules.facts.base import Context, derived, fact, per_second, ratio

_SLOTS = "pg_replication_slots"
_STAT = "pg_stat_replication"
_NO_STANDBY: Final = ("pg_basebackup", "pg_receivewal")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaFacts:
    """A standby that is connected."""

    KIND: ClassVar[str] = "replica"
    NEEDS: ClassVar[tuple[str, ...]] = ("replicas",)

    name: str = fact("application name of the standby", source=f"{_STAT}.application_name")
    state: str = fact("streaming, catchup, backup, …", source=f"{_STAT}.state")
    sync_state: str = fact("sync, async, quorum, potential", source=f"{_STAT}.sync_state")
    lag_bytes: int | None = fact("WAL not replayed yet", unit="bytes", source=f"{_STAT}.replay_lsn")
    lag_ms: float | None = fact("replay lag", unit="ms", source=f"{_STAT}.replay_lag")
    wal_bytes_per_second: float | None = derived(
        "WAL that the primary writes", unit="bytes/s", source="pg_current_wal_lsn()"
    )

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=self.name, name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[ReplicaFacts]:
        rate = wal_rate(context)
        names = replica_names(context)
        for replica in context.snapshot.replicas:
            yield cls(
                name=names[replica.pid],
                state=replica.state or "",
                sync_state=replica.sync_state or "",
                lag_bytes=replica.replay_lag_bytes,
                lag_ms=replica.replay_lag_ms,
                wal_bytes_per_second=rate,
            )


def replica_names(context: Context) -> dict[int, str]:
    """A name for each standby by its process id: its application name where that is its alone."""
    replicas = context.snapshot.replicas
    shared = Counter(replica.application for replica in replicas)
    return {
        r.pid: r.application if shared[r.application] == 1 else f"{r.application}/{r.pid}"
        for r in replicas
    }


def standbys(context: Context) -> list[Replica]:
    """Those that replay all WAL and answer queries: no subscribers, no backups, no archivers."""
    logical = {b.pid for b in context.snapshot.backends if b.database is not None}
    return [
        r
        for r in context.snapshot.replicas
        if r.pid not in logical and r.state != "backup" and r.application not in _NO_STANDBY
    ]


def wal_rate(context: Context) -> float | None:
    """Bytes of WAL a second in the window; None unknown."""
    for row in context.deltas("wal") or ():
        return per_second(row.bytes, context.window.seconds("wal", row))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """A replication slot and the WAL that it holds back."""

    KIND: ClassVar[str] = "slot"
    NEEDS: ClassVar[tuple[str, ...]] = ("slots", "settings")

    name: str = fact("name of the slot", source=f"{_SLOTS}.slot_name")
    type: str = fact("physical or logical", source=f"{_SLOTS}.slot_type")
    active: bool = fact("a consumer is connected", source=f"{_SLOTS}.active")
    temporary: bool = fact("goes with its session", source=f"{_SLOTS}.temporary")
    wal_status: str = fact("reserved, extended, unreserved, lost", source=f"{_SLOTS}.wal_status")
    retained_bytes: int | None = fact("WAL held back", unit="bytes", source=f"{_SLOTS}.restart_lsn")
    limited: bool | None = derived(
        "max_slot_wal_keep_size is set", source="pg_settings.max_slot_wal_keep_size"
    )
    limit_bytes: float | None = fact(
        "the most WAL that a slot may hold back", unit="bytes", source="max_slot_wal_keep_size"
    )
    limit_used: float | None = derived(
        "share of that limit", unit="ratio", source=f"{_SLOTS}.restart_lsn"
    )
    limit_target: float | None = derived(
        "a limit that leaves room: twice the present one, or four times max_wal_size, and four "
        "times what is held back now",
        unit="bytes",
        source="pg_settings, pg_replication_slots",
    )

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=self.name, name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[SlotFacts]:
        raw = context.number("max_slot_wal_keep_size")
        limit = raw if raw is not None and raw >= 0 else None
        size = context.number("max_wal_size")
        for slot in context.snapshot.slots:
            retained = _retained(slot)
            yield cls(
                name=slot.name,
                type=slot.type,
                active=slot.active,
                temporary=slot.temporary,
                wal_status=slot.wal_status or "",
                retained_bytes=retained,
                limited=None if raw is None else limit is not None,
                limit_bytes=limit,
                limit_used=0.0 if limit is None else ratio(retained, max(limit, MB)),
                limit_target=_target(limit, size, retained),
            )


def _retained(slot: Slot) -> int | None:
    """A slot that reserved nothing yet, or lost what it had, holds nothing back."""
    if slot.retained_bytes is None and slot.wal_status in (None, "lost"):
        return 0
    return slot.retained_bytes


def _target(limit: float | None, size: float | None, retained: int | None) -> float | None:
    if retained is None or (limit is None and size is None):
        return None
    return max(limit * 2 if limit is not None else (size or 0.0) * 4, retained * 4.0)
