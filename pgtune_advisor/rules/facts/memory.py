"""Facts of memory: what is set, what it could take, what the reads and spills say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.units import MB
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio, total
from pgtune_advisor.rules.facts.server import server_subject
from pgtune_advisor.rules.facts.sessions import clients

_DAY = 86_400
_SETTINGS = "pg_settings"
# A statement sorts or hashes in a few nodes at once; the source of this figure is the manual's
# remark on work_mem ("several operations may run concurrently").
_NODES_PER_STATEMENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFacts:
    """The memory settings together with the use that the counters show."""

    KIND: ClassVar[str] = "memory"
    NEEDS: ClassVar[tuple[str, ...]] = ("settings",)

    shared_buffers: float | None = fact("shared_buffers", unit="bytes", source=_SETTINGS)
    effective_cache_size: float | None = fact(
        "effective_cache_size", unit="bytes", source=_SETTINGS
    )
    work_mem: float | None = fact("work_mem", unit="bytes", source=_SETTINGS)
    maintenance_work_mem: float | None = fact(
        "maintenance_work_mem", unit="bytes", source=_SETTINGS
    )
    vacuum_work_mem: float | None = derived(
        "autovacuum_work_mem, or maintenance_work_mem where it is not set",
        unit="bytes",
        source=_SETTINGS,
    )
    shared_buffers_target: float | None = derived(
        "25 % of the memory, at most the size of all databases, at least 128 MB",
        unit="bytes",
        source="PostgreSQL manual, shared_buffers",
    )
    cache_target: float | None = derived(
        "75 % of the memory: shared buffers and page cache",
        unit="bytes",
        source="PostgreSQL manual, effective_cache_size",
    )
    hit_ratio: float | None = derived(
        "share of block requests found in shared buffers", unit="ratio", source="pg_stat_database"
    )
    read_bytes_per_second: float | None = derived(
        "bytes read into shared buffers", unit="bytes/s", source="pg_stat_database.blks_read"
    )
    evictions_per_second: float | None = derived(
        "buffers evicted to make room", unit="buffers/s", source="pg_stat_io.evictions"
    )
    temp_bytes_per_day: float | None = derived(
        "bytes written to temporary files a day", unit="bytes", source="pg_stat_database.temp_bytes"
    )
    temp_files_per_day: float | None = derived(
        "temporary files a day", source="pg_stat_database.temp_files"
    )
    active_sessions: int | None = derived(
        "client sessions that were active when looked at", source="pg_stat_activity.state"
    )
    usable_connections: int = derived(
        "connections that ordinary roles may open", source="max_connections"
    )
    work_mem_worst_case: float | None = derived(
        "shared_buffers and, for every connection, work_mem × hash_mem_multiplier",
        unit="bytes",
        source=_SETTINGS,
    )
    work_mem_safe: float | None = derived(
        "half of the memory beyond shared_buffers, over active sessions × 3 operations",
        unit="bytes",
        source="host, pg_stat_activity",
    )
    work_mem_bounded: float | None = derived(
        "the largest work_mem whose worst case fits in 90 % of the memory",
        unit="bytes",
        source="host, pg_settings",
    )
    vacuum_index_passes: int | None = derived(
        "most passes over the indexes of a vacuum that ran", source="pg_stat_progress_vacuum"
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[MemoryFacts]:
        memory = context.snapshot.host.memory_bytes
        buffers, work_mem = context.number("shared_buffers"), context.number("work_mem")
        maintenance = context.number("maintenance_work_mem")
        autovacuum = context.number("autovacuum_work_mem")
        usable = usable_connections(context)
        multiplier = context.number("hash_mem_multiplier")
        per_session = _product(work_mem, multiplier)
        active = active_sessions(context)
        databases = context.deltas("databases")
        yield cls(
            shared_buffers=buffers,
            effective_cache_size=context.number("effective_cache_size"),
            work_mem=work_mem,
            maintenance_work_mem=maintenance,
            vacuum_work_mem=maintenance if autovacuum is None or autovacuum < 0 else autovacuum,
            shared_buffers_target=_buffers_target(context),
            cache_target=None if memory is None else memory * 0.75,
            hit_ratio=ratio(
                total(databases, "blocks_hit"),
                add(total(databases, "blocks_hit"), total(databases, "blocks_read")),
            ),
            read_bytes_per_second=_product(_rate(context, "blocks_read"), BLOCK),
            evictions_per_second=_evictions(context),
            temp_bytes_per_day=_product(_rate(context, "temp_bytes"), _DAY),
            temp_files_per_day=_product(_rate(context, "temp_files"), _DAY),
            active_sessions=active,
            usable_connections=usable,
            work_mem_worst_case=add(buffers, _product(per_session, usable)),
            work_mem_safe=_safe(memory, buffers, max(active or 0, usable // 10, 4)),
            work_mem_bounded=_bounded(memory, buffers, usable * (multiplier or 2.0)),
            vacuum_index_passes=max(
                (v.index_passes or 0 for v in context.snapshot.vacuums), default=0
            )
            if context.has("vacuums")
            else None,
        )


def usable_connections(context: Context) -> int:
    """What max_connections leaves to ordinary roles."""
    server = context.snapshot.server
    return max(server.max_connections - server.reserved_connections, 0)


def active_sessions(context: Context) -> int | None:
    """Client sessions that run a statement, as sampled now and when the window began."""
    if not context.has("backends"):
        return None
    samples = [context.snapshot.backends, context.window.backends_before or ()]
    return max(sum(b.state == "active" for b in clients(sample)) for sample in samples)


def _product(*factors: float | None) -> float | None:
    result = 1.0
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result


def _buffers_target(context: Context) -> float | None:
    memory = context.snapshot.host.memory_bytes
    if memory is None:
        return None
    data = total(context.snapshot.database_sizes, "size_bytes")
    return max(min(memory * 0.25, data or memory), 128 * MB)


def _rate(context: Context, counter: str) -> float | None:
    """A counter of all databases per second; databases without a known window are left out."""
    rates = []
    for row in context.deltas("databases") or ():
        rate = ratio(getattr(row, counter), context.window.seconds("databases", row))
        if rate is not None:
            rates.append(rate)
    return sum(rates) if rates else None


def _evictions(context: Context) -> float | None:
    rows = context.deltas("io")
    seconds = context.window.seconds("io", rows[0]) if rows else None
    return ratio(total(rows, "evictions"), seconds)


def _safe(memory: int | None, buffers: float | None, sessions: int) -> float | None:
    if memory is None or buffers is None:
        return None
    return max((memory - buffers) * 0.5 / (sessions * _NODES_PER_STATEMENT), 0.0)


def _bounded(memory: int | None, buffers: float | None, claims: float) -> float | None:
    if memory is None or buffers is None or not claims:
        return None
    return max((memory * 0.9 - buffers) / claims, 1 * MB)
