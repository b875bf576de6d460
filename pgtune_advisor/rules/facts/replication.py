"""Facts of standbys and replication slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.units import MB
from pgtune_advisor.rules.facts.base import Context, derived, fact, per_second, ratio

_SLOTS = "pg_replication_slots"
_STAT = "pg_stat_replication"


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
        for replica in context.snapshot.replicas:
            yield cls(
                name=replica.application or str(replica.pid),
                state=replica.state or "",
                sync_state=replica.sync_state or "",
                lag_bytes=replica.replay_lag_bytes,
                lag_ms=replica.replay_lag_ms,
                wal_bytes_per_second=rate,
            )


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
    max_wal_size: float | None = fact("max_wal_size", unit="bytes", source="pg_settings")

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=self.name, name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[SlotFacts]:
        raw = context.number("max_slot_wal_keep_size")
        limit = raw if raw is not None and raw >= 0 else None
        for slot in context.snapshot.slots:
            yield cls(
                name=slot.name,
                type=slot.type,
                active=slot.active,
                temporary=slot.temporary,
                wal_status=slot.wal_status or "",
                retained_bytes=slot.retained_bytes,
                limited=None if raw is None else limit is not None,
                limit_bytes=limit,
                limit_used=0.0 if limit is None else ratio(slot.retained_bytes, max(limit, MB)),
                max_wal_size=context.number("max_wal_size"),
            )
