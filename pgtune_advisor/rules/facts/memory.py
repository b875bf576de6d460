"""Facts of memory: what is set, what it could take, what the reads and spills say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.activity import VacuumProgress
from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.units import GB, MB
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio, total
from pgtune_advisor.rules.facts.load import active_sessions, usable_connections
from pgtune_advisor.rules.facts.server import server_subject
from pgtune_advisor.rules.facts.spills import Spills, work_mem_room

_DAY = 86_400
_SETTINGS = "pg_settings"
_GROWTH = 4
# Before 17 a vacuum uses no more than this, whatever is set.
_VACUUM_MOST = 1 * GB


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
        "25 % of the memory, at most the size of all databases or 128 MB, whichever is more",
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
    eviction_share: float | None = derived(
        "blocks read that pushed another out, bulk reads left out; known from 16",
        unit="ratio",
        source="pg_stat_io.evictions, pg_stat_database.blks_read",
    )
    temp_bytes_per_day: float | None = derived(
        "bytes written to temporary files a day, by index builds too",
        unit="bytes",
        source="pg_stat_database.temp_bytes",
    )
    spill_bytes: float | None = derived(
        "bytes that statements spilled in the window, without maintenance and without calls that "
        "no safe work_mem would hold",
        unit="bytes",
        source="pg_stat_statements.temp_blks_written",
    )
    spill_bytes_per_day: float | None = derived(
        "the same a day", unit="bytes", source="pg_stat_statements.temp_blks_written"
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
    work_mem_active_case: float | None = derived(
        "shared_buffers and, for every session that was active, work_mem × hash_mem_multiplier",
        unit="bytes",
        source="pg_settings, pg_stat_activity",
    )
    work_mem_safe: float | None = derived(
        "half of the memory beyond shared_buffers, over active sessions × 3 operations, and no "
        "more than what fits in 90 % of the memory on every connection",
        unit="bytes",
        source="host, pg_stat_activity",
    )
    work_mem_bounded: float | None = derived(
        "the largest work_mem whose worst case fits in 90 % of the memory",
        unit="bytes",
        source="host, pg_settings",
    )
    work_mem_target: float | None = derived(
        "four times work_mem, at most what is safe", unit="bytes", source="host, pg_settings"
    )
    vacuum_index_passes: int | None = derived(
        "most passes over the indexes that a running vacuum needs at least",
        source="pg_stat_progress_vacuum",
    )
    vacuum_table: str = fact("table of that vacuum, or nothing", source="pg_stat_progress_vacuum")
    vacuum_setting: str = derived("the setting that limits its memory", source=_SETTINGS)
    vacuum_target: float | None = derived(
        "four times that setting, at most 1 GB and an eighth of the memory over all workers",
        unit="bytes",
        source="host, pg_settings",
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[MemoryFacts]:
        memory = context.snapshot.host.memory_bytes
        buffers, work_mem = context.number("shared_buffers"), context.number("work_mem")
        per_session = _product(work_mem, context.number("hash_mem_multiplier"))
        usable, active = usable_connections(context), active_sessions(context)
        room = work_mem_room(context)
        databases, spills = context.deltas("databases"), Spills.of(context, room.safe)
        vacuum = _Vacuum.of(context)
        yield cls(
            shared_buffers=buffers,
            effective_cache_size=context.number("effective_cache_size"),
            work_mem=work_mem,
            maintenance_work_mem=context.number("maintenance_work_mem"),
            shared_buffers_target=_buffers_target(context),
            cache_target=None if memory is None else memory * 0.75,
            hit_ratio=ratio(
                total(databases, "blocks_hit"),
                add(total(databases, "blocks_hit"), total(databases, "blocks_read")),
            ),
            read_bytes_per_second=_product(_rate(context, "blocks_read"), BLOCK),
            eviction_share=ratio(_evictions(context), total(databases, "blocks_read")),
            temp_bytes_per_day=_product(_rate(context, "temp_bytes"), _DAY),
            spill_bytes=spills.total,
            spill_bytes_per_day=spills.per_day,
            active_sessions=active,
            usable_connections=usable,
            work_mem_worst_case=add(buffers, _product(per_session, usable)),
            work_mem_active_case=add(buffers, _product(per_session, active)),
            work_mem_safe=room.safe,
            work_mem_bounded=room.bounded,
            work_mem_target=room.target,
            vacuum_work_mem=vacuum.size,
            vacuum_index_passes=vacuum.passes,
            vacuum_table=vacuum.table,
            vacuum_setting=vacuum.setting,
            vacuum_target=vacuum.target(memory),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vacuum:
    """The running vacuum that goes over the indexes most often, and what limits its memory."""

    passes: int | None
    table: str
    setting: str
    size: float | None
    workers: float

    @classmethod
    def of(cls, context: Context) -> _Vacuum:
        vacuums = context.snapshot.vacuums
        worst = max(vacuums, key=_passes, default=None)
        own = context.number("autovacuum_work_mem")
        automatic = worst is None or worst.is_autovacuum
        setting = "maintenance_work_mem"
        if automatic and own is not None and own >= 0:
            setting = "autovacuum_work_mem"
        return cls(
            passes=(_passes(worst) if worst else 0) if context.has("vacuums") else None,
            table=(worst.table if worst else None) or "",
            setting=setting,
            size=context.number(setting),
            workers=context.number("autovacuum_max_workers") or 3,
        )

    def target(self, memory: int | None) -> float | None:
        """What to set, in bytes; None where the memory is unknown."""
        if memory is None or self.size is None:
            return None
        return min(self.size * _GROWTH, memory / 8 / self.workers, _VACUUM_MOST)


def _passes(vacuum: VacuumProgress) -> int:
    """The passes so far, and the one that must follow while it still finds dead rows."""
    done = vacuum.index_passes or 0
    more = vacuum.phase in ("scanning heap", "vacuuming indexes")
    return done + 1 if done and more else done


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
    return min(memory * 0.25, max(data or memory, 128 * MB))


def _rate(context: Context, counter: str) -> float | None:
    """A counter of all databases per second; databases without a known window are left out."""
    rates = []
    for row in context.deltas("databases") or ():
        rate = ratio(getattr(row, counter), context.window.seconds("databases", row))
        if rate is not None:
            rates.append(rate)
    return sum(rates) if rates else None


def _evictions(context: Context) -> float | None:
    """A bulk read recycles its own ring of buffers: what it evicts says nothing of the cache."""
    rows = [
        row
        for row in context.deltas("io") or ()
        if row.object == "relation" and row.context == "normal"
    ]
    return total(rows, "evictions")
