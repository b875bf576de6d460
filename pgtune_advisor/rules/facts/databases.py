"""Facts of databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.rules.facts.base import Context, add, derived, fact, ratio

# The server stops assigning ids about 3 million before the 2^31 that wrap around.
XID_LIMIT: Final = 2**31 - 3_000_000
# What age() and mxid_age() say of an id that is none: frozen for good, or never set.
_NO_AGE: Final = 2**31 - 1
_STAT: Final = "pg_stat_database"
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """One database that can be connected to or that ages."""

    KIND: ClassVar[str] = "database"
    NEEDS: ClassVar[tuple[str, ...]] = ("databases",)

    oldest_tables: tuple[tuple[str, str], ...]
    name: str = fact("name", source="pg_database.datname")
    xid_age: int = fact(
        "age of the oldest transaction id", unit="transactions", source="age(datfrozenxid)"
    )
    mxid_age: int = fact(
        "age of the oldest multixact id", unit="multixacts", source="mxid_age(datminmxid)"
    )
    wraparound_used: float = derived(
        "share of the transaction or multixact ids that are used up, whichever is more",
        unit="ratio",
        source="age(datfrozenxid) / 2^31, mxid_age(datminmxid) / 2^31",
    )
    oldest_table_name: str = derived(
        "table with the oldest ids, or nothing where the database was not read",
        source="pg_class.relfrozenxid",
    )
    hit_ratio: float | None = derived(
        "share of block requests found in shared buffers, in the window",
        unit="ratio",
        source=f"{_STAT}.blks_hit",
    )
    hit_ratio_before: float | None = derived(
        "the same from the last reset to the window's begin",
        unit="ratio",
        source=f"{_STAT}.blks_hit",
    )
    blocks_read_per_second: float | None = derived(
        "blocks read in the window", unit="blocks/s", source=f"{_STAT}.blks_read"
    )
    read_ms_per_block: float | None = derived(
        "time of one read in the window", unit="ms", source=f"{_STAT}.blk_read_time"
    )
    read_ms_per_block_before: float | None = derived(
        "the same before the window", unit="ms", source=f"{_STAT}.blk_read_time"
    )

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=self.name, database=self.name, name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[DatabaseFacts]:
        oldest = _oldest_tables(context)
        timing = context.setting("track_io_timing")
        for row in context.snapshot.databases:
            now = context.delta("databases", row)
            before = _before(context, row, now)
            tables = oldest.get(row.name, ())
            ages = (_age(row.xid_age) or 0, _age(row.mxid_age) or 0)
            yield cls(
                oldest_tables=tables,
                name=row.name,
                xid_age=ages[0],
                mxid_age=ages[1],
                wraparound_used=max(ages) / XID_LIMIT,
                oldest_table_name=qualified(*tables[0]) if tables else "",
                hit_ratio=_hits(now),
                hit_ratio_before=_hits(before),
                blocks_read_per_second=ratio(
                    now.blocks_read if now else None, context.window.seconds("databases", row)
                ),
                read_ms_per_block=_read_ms(now) if timing else None,
                read_ms_per_block_before=_read_ms(before) if timing else None,
            )


class _Before:
    """A database's totals without the window's share."""

    def __init__(self, row: Any, delta: Any) -> None:
        self.blocks_hit = row.blocks_hit - delta.blocks_hit
        self.blocks_read = row.blocks_read - delta.blocks_read
        self.read_time_ms = row.read_time_ms - delta.read_time_ms


def _before(context: Context, row: Any, delta: Any) -> _Before | None:
    parts = (row, delta)
    if context.window.lifetime or delta is None:
        return None
    if any(part.blocks_hit is None or part.read_time_ms is None for part in parts):
        return None
    return _Before(row, delta)


def _hits(row: Any) -> float | None:
    return None if row is None else ratio(row.blocks_hit, add(row.blocks_hit, row.blocks_read))


def _read_ms(row: Any) -> float | None:
    # No time at all means that nobody measured it.
    return None if row is None else ratio(row.read_time_ms or None, row.blocks_read)


def _age(value: int | None) -> int | None:
    return None if value is None or value >= _NO_AGE else value


def _oldest_tables(context: Context) -> dict[str, tuple[tuple[str, str], ...]]:
    """By database, the (schema, name) of the tables with the oldest ids, TOAST included."""
    ages: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for r in context.snapshot.relations:
        own = (r.xid_age, r.mxid_age, r.toast_xid_age, r.toast_mxid_age)
        known = [age for value in own if (age := _age(value)) is not None]
        if known:
            ages[r.database].append((-max(known), r.schema, r.name))
    return {
        database: tuple((schema, name) for _, schema, name in sorted(found)[:_SHOWN])
        for database, found in ages.items()
    }
