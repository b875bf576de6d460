"""From the choice to proposals: what each index does to which statement, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.indexes.costs import Cost, IndexSet
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.refused import refused_candidates, unhelped
from pgtune_advisor.advise.indexes.selection import Refusals
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.state import State
from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.advise.indexes.variants import extends
from pgtune_advisor.domain.findings import Rejected
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.objects import Constraint, Index
from pgtune_advisor.domain.proposals import Effect, Proposal
from pgtune_advisor.domain.recommendations import StatementImpact
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.rules.facts.base import BLOCK

_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one database's candidates."""

    proposals: tuple[Proposal, ...]
    rejected: tuple[Rejected, ...]
    gaps: tuple[Gap, ...]


def outcome(
    site: Site,
    state: State,
    wanted: Mapping[str, IndexSet],
    refusals: Refusals,
    fidelity: float | None,
) -> Outcome:
    """The proposals, the most useful first, and what was turned down with its reason."""
    final = {
        name: cost
        for name, job in state.jobs.items()
        if (cost := state.book.cost(job, state.book.relevant(job, state.chosen)))
    }
    made = [_proposal(site, state, index, final, fidelity) for index in sorted(state.chosen)]
    made.sort(key=lambda p: ((p.cost_after or 0.0) - (p.cost_before or 0.0), p.index))
    gaps = []
    if site.expired():
        gaps.append(
            Gap(
                source=f"index_advice:{site.database}",
                reason="time was up before every candidate was weighed; this is the best so far",
                hint="Give it more with --deadline.",
            )
        )
    return Outcome(
        proposals=tuple(made),
        rejected=(
            *refused_candidates(site, state, refusals),
            *unhelped(site, state, wanted, final),
        ),
        gaps=tuple(gaps),
    )


def _proposal(
    site: Site, state: State, index: IndexDef, final: Mapping[str, Cost], fidelity: float | None
) -> Proposal:
    table = site.tables.find(index.relation)
    assert table is not None  # Candidates are made for tables that were found.
    users = [state.jobs[name] for name, cost in sorted(final.items()) if index in cost.used]
    effects = [_effect(state, job, final[job.name]) for job in users]
    effects.sort(key=lambda e: ((e.ratio - 1) * e.share, e.statement.text or ""))
    return Proposal(
        database=site.database,
        index=index,
        replaces=tuple(_replaced(index, table)),
        size_bytes=site.prices.size(index),
        build_ms=site.prices.build_ms(index),
        upkeep=site.prices.upkeep(index),
        upkeep_note=site.prices.upkeep_note(index),
        table_rows=table.rows,
        table_bytes=table.pages * BLOCK,
        cost_before=sum(job.weight * state.base[job.name] for job in users),
        cost_after=sum(job.weight * final[job.name].planner for job in users),
        effects=tuple(effects),
        confidence="estimated",
        planner=site.planner.kind,
        fidelity=fidelity,
        time_saved_ms_per_hour=_saved(site, state, users, final),
        serves_keys=tuple(
            key.name
            for key in table.foreign_keys
            if _finds_every_key(index, key)
            and {k.column for k in index.keys[: len(key.columns)]} == set(key.columns)
        ),
    )


def _finds_every_key(index: IndexDef, key: Constraint) -> bool:
    """Whether no row that refers to another is left out: NULLs refer to none."""
    return not index.predicate or index.predicate in {
        f"{quote_ident(name)} IS NOT NULL" for name in key.columns
    }


def _effect(state: State, job: Job, cost: Cost) -> Effect:
    before = state.base[job.name]
    return Effect(
        name=job.name,
        statement=StatementImpact(
            query_id=job.query_id,
            text=job.text,
            calls=job.calls,
            cost_before=before,
            cost_after=cost.planner,
        ),
        share=job.weight * before / state.base_total if state.base_total else 0.0,
        risky=state.risky(job.name, cost),
    )


def _saved(site: Site, state: State, users: list[Job], final: Mapping[str, Cost]) -> float | None:
    """Measured time times the share of cost that goes, scaled to an hour of the window."""
    seconds = site.context.window.seconds("statements")
    times = [job.time_ms for job in users]
    if not seconds or not users or None in times:
        return None
    saved = sum(
        (job.time_ms or 0.0) * (1 - final[job.name].planner / state.base[job.name])
        for job in users
        if state.base[job.name]
    )
    return saved / seconds * _HOUR


def _replaced(index: IndexDef, table: Table) -> Iterator[Index]:
    """Indexes whose whole service the new one does, and that nothing else needs."""
    for definition, present in table.definitions.items():
        bound = (
            present.is_unique
            or present.constraint_name
            or present.is_replica_identity
            or present.is_clustered
            or present.extension
            or present.parent_name
        )
        if not bound and extends(index, definition):
            yield present
