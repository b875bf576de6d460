"""Index advice for every database of a snapshot: workload in, proposals and refusals out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgtune_advisor.advise.indexes.census import not_planned
from pgtune_advisor.advise.indexes.database import DatabaseAdvice, advise_database
from pgtune_advisor.advise.indexes.planning import Planned
from pgtune_advisor.advise.indexes.pricing import ModelPrices
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.structural import ANALYSED, structural
from pgtune_advisor.advise.indexes.tables import Tables
from pgtune_advisor.advise.indexes.values import values_of
from pgtune_advisor.advise.indexes.workload import QueryFile, queried_databases, workload
from pgtune_advisor.advise.whatif import Planner
from pgtune_advisor.domain.measurement import Probe
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import PlannerUse
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.rules.facts.base import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What index advice works with.

    `planner` gives the planner of a database, or the gap that explains why there is none: then
    advice is by structure alone. `budget` is in bytes a database, None for a share of its tables.
    `expired` tells when time is up, `elapsed_ms` how much was spent. `queries` stand in for
    pg_stat_statements. `progress` hears what is being done and how much of it, from 0 to 1.
    """

    planner: Callable[[str], Planner | Gap]
    expired: Callable[[], bool]
    elapsed_ms: Callable[[], float]
    budget: int | None = None
    queries: tuple[QueryFile, ...] | None = None
    progress: Callable[[str, float], None] = lambda _what, _share: None


def advise_indexes(context: Context, what_if: WhatIf) -> IndexAdvice:
    """What the advisor proposes for each database, turned down, and could not see."""
    found: list[DatabaseAdvice] = []
    undecided: list[str] = []
    probes: dict[str, tuple[Probe, ...]] = {}
    gaps: list[Gap] = list(_without_values(context.snapshot))
    for database in queried_databases(context, what_if.queries):
        planner = what_if.planner(database)
        tables = Tables(context.snapshot, database)
        values = values_of(context.snapshot, database)
        prices = ModelPrices(context, database, tables, what_if.queries)
        if isinstance(planner, Gap):
            gaps.append(planner)
            ran = workload(context, database, None, most=ANALYSED)
            gaps += not_planned(database, ran, Planned())
            guessed = structural(context, database, ran.entries, tables, prices)
            found.append(DatabaseAdvice(proposals=guessed))
            continue
        site = Site(
            context=context,
            database=database,
            planner=planner,
            tables=tables,
            values=values,
            prices=prices,
            budget=what_if.budget,
            expired=what_if.expired,
            progress=what_if.progress,
        )
        made = advise_database(site, what_if.queries)
        found.append(made)
        probes[database] = made.probes
        if made.lost:
            undecided.append(database)
    return IndexAdvice(
        proposals=tuple(p for one in found for p in one.proposals),
        statistics=tuple(s for one in found for s in one.statistics),
        rejected=tuple(r for one in found for r in one.rejected),
        gaps=(*gaps, *(g for one in found for g in one.gaps)),
        undecided=tuple(undecided),
        probes=probes,
        planner=_use(found, what_if.elapsed_ms()),
    )


def _without_values(snapshot: Snapshot) -> Iterator[Gap]:
    if "column_values" not in snapshot.collected:
        yield Gap(
            source="column_values",
            reason="there are no values of statistics: parameters cannot be sampled from them",
            hint="`pgtune-advisor snapshot --with-statistics` keeps them; they are data of the"
            " tables.",
        )


def _use(found: list[DatabaseAdvice], elapsed_ms: float) -> PlannerUse:
    kinds = sorted({one.planner for one in found if one.planner != "none"})
    known = [one.fidelity for one in found if one.fidelity is not None]
    return PlannerUse(
        kind="+".join(kinds) or "none",
        fidelity=min(known) if known else None,
        calls=sum(one.calls for one in found),
        elapsed_ms=elapsed_ms if kinds else 0.0,
    )
