"""Facts of what keeps old row versions from being removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context, derived, fact
from pgtune_advisor.rules.facts.replication import replica_names

_ACTIVITY = "pg_stat_activity"
# These hold no horizon of their own: a vacuum's snapshot is ignored by others, a parallel worker
# has its leader's, a walsender is a replica or a slot.
_IGNORED: Final = ("autovacuum worker", "parallel worker", "walsender")
_LONG_MS: Final = 600_000
_MANY_TRANSACTIONS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Something with a snapshot. `database` None: it holds for all of them. Ages in transactions.

    `data_age` counts for tables, `catalog_age` for catalogues alone; None holds none.
    """

    kind: str
    name: str
    database: str | None
    data_age: int | None
    catalog_age: int | None
    held_ms: float | None
    is_decoding: bool
    what: str

    @property
    def age(self) -> int:
        return max(self.data_age or 0, self.catalog_age or 0)

    @property
    def is_long(self) -> bool:
        """Whether it is there for so long that what died since matters."""
        if self.held_ms is None:
            return self.age >= _MANY_TRANSACTIONS
        return self.held_ms >= _LONG_MS

    @property
    def label(self) -> str:
        """`backend 4711 (app in shop, idle in transaction)`."""
        return f"{self.kind} {self.name} ({self.what})"


def holders(context: Context) -> Sequence[Holder]:
    """All that hold a horizon; empty where they were not read."""
    if "holders" not in context.shared:
        context.shared["holders"] = [
            *_backends(context),
            *_prepared(context),
            *_slots(context),
            *_standbys(context),
        ]
    found: Sequence[Holder] = context.shared["holders"]
    return found


def oldest_of(context: Context, database: str) -> Holder | None:
    """Who holds the rows of a database's tables for longest."""
    mine = [h for h in holders(context) if h.data_age and h.database in (database, None)]
    return max(mine, key=lambda h: h.data_age or 0, default=None)


def _backends(context: Context) -> Iterator[Holder]:
    vacuums = {vacuum.pid for vacuum in context.snapshot.vacuums}
    for b in context.snapshot.backends:
        ages = [age for age in (b.xmin_age, b.xid_age) if age is not None]
        if not ages or b.backend_type in _IGNORED or b.pid in vacuums:
            continue
        what = f"role {b.user}" if b.user else b.backend_type
        what += f", application {b.application}" if b.application else ""
        yield Holder(
            kind="backend",
            name=str(b.pid),
            database=b.database,
            data_age=max(ages),
            catalog_age=None,
            held_ms=context.age_ms(b.transaction_started_at),
            is_decoding=False,
            what=f"{what}, {b.state}" if b.state else what,
        )


def _prepared(context: Context) -> Iterator[Holder]:
    for p in context.snapshot.prepared_transactions:
        yield Holder(
            kind="prepared transaction",
            name=p.gid,
            database=p.database,
            data_age=p.xid_age,
            catalog_age=None,
            held_ms=context.age_ms(p.prepared_at),
            is_decoding=False,
            what=f"prepared by {p.owner}",
        )


def _slots(context: Context) -> Iterator[Holder]:
    for s in context.snapshot.slots:
        if s.xmin_age is None and s.catalog_xmin_age is None:
            continue
        yield Holder(
            kind="slot",
            name=s.name,
            database=None if s.xmin_age is not None else s.database,
            data_age=s.xmin_age,
            catalog_age=s.catalog_xmin_age,
            held_ms=None if s.active else context.age_ms(s.inactive_since),
            is_decoding=s.active and s.type == "logical",
            what=f"{s.type} slot, {'active' if s.active else 'inactive'}",
        )


def _standbys(context: Context) -> Iterator[Holder]:
    names = replica_names(context)
    for r in context.snapshot.replicas:
        if r.xmin_age is not None:
            yield Holder(
                kind="standby",
                name=names[r.pid],
                database=None,
                data_age=r.xmin_age,
                catalog_age=None,
                held_ms=None,
                is_decoding=False,
                what="hot_standby_feedback",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonFacts:
    """Something that keeps old row versions from being removed."""

    KIND: ClassVar[str] = "xmin_holder"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends", "slots", "prepared_transactions", "replicas")

    holder: str = derived("backend, prepared transaction, slot or standby", source=_ACTIVITY)
    name: str = fact("its name or process id", source=_ACTIVITY)
    database: str = fact("database, or nothing", source=_ACTIVITY)
    xmin_age: int = fact(
        "transactions since its snapshot", unit="transactions", source="age(backend_xmin)"
    )
    held_ms: float | None = derived(
        "time since it began; unknown for what is active by nature: standbys, slots in use, and "
        "any slot before 17",
        unit="ms",
        source=f"{_ACTIVITY}.xact_start",
    )
    is_oldest: bool = derived(
        "no other holder is older, active logical decoding aside", source="age(backend_xmin)"
    )
    is_active_decoding: bool = derived(
        "a logical slot that a consumer reads", source="pg_replication_slots.active"
    )
    what: str = fact("who or what it is", source=_ACTIVITY)

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=f"{self.holder}/{self.name}", name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[HorizonFacts]:
        found = holders(context)
        oldest = max((h.age for h in found if not h.is_decoding), default=0)
        for h in found:
            yield cls(
                holder=h.kind,
                name=h.name,
                database=h.database or "",
                xmin_age=h.age,
                held_ms=h.held_ms,
                is_oldest=h.age == oldest,
                is_active_decoding=h.is_decoding,
                what=h.what,
            )
