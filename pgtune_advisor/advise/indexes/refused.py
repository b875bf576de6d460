"""What the advisor does not propose, and why: candidates, and statements that nothing helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pgtune_advisor.advise.indexes.costs import Cost, IndexSet
from pgtune_advisor.advise.indexes.selection import Refusals
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.state import State
from pgtune_advisor.advise.indexes.variants import extends
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.units import format_bytes, format_count, format_percent

# The serious ones; hundreds of forms of the same index tell nobody anything.
_MOST: Final = 40
_LEAST_SHARE: Final = 0.0001


def refused_candidates(site: Site, state: State, refusals: Refusals) -> Iterator[Rejected]:
    """The candidates that came closest, each with what kept it out."""
    ranked = sorted(refusals.reasons.items(), key=lambda item: (-item[1][1].gain, item[0]))
    named = 0
    for index, (reason, judged, harmed) in ranked:
        if named == _MOST or index in state.chosen:
            continue
        better = next((c for c in sorted(state.chosen) if _stands_for(c, index)), None)
        if better is not None:
            continue
        named += 1
        upkeep = site.prices.upkeep(index)
        saved = judged.gain + upkeep
        match reason:
            case "over-budget":
                detail = (
                    f"saves {_share(state, saved)} and takes {format_bytes(judged.grows)};"
                    f" {format_bytes(state.bytes(state.chosen))} of"
                    f" {format_bytes(state.budget)} are taken by what saves more for its size"
                )
                yield site.rejected(index, "over-budget", detail)
            case "regression":
                detail = f"would make dearer: {', '.join(harmed[:5])}"
                yield site.rejected(index, "regression", detail)
            case "below-bar" if upkeep > max(saved, 0.0) and saved > 0:
                detail = (
                    f"saves a cost of {format_count(saved)} and takes"
                    f" {format_count(upkeep)} for writes: {site.prices.upkeep_note(index)}"
                )
                yield site.rejected(index, "writes-cost-more", detail)
            case "below-bar":
                detail = f"beside the others it saves {_share(state, max(saved, 0.0))}"
                yield site.rejected(index, "below-bar", detail)


def _stands_for(chosen: IndexDef, index: IndexDef) -> bool:
    """Whether the refused one is only another form of a chosen one."""
    same_keys = chosen.relation == index.relation and chosen.keys == index.keys
    return extends(chosen, index) or extends(index, chosen) or same_keys


def _share(state: State, cost: float) -> str:
    part = cost / state.base_total if state.base_total else 0.0
    amount = format_percent(part) if part >= _LEAST_SHARE else "less than 0.01 %"
    return f"{amount} of the workload's cost"


def unhelped(
    site: Site, state: State, wanted: Mapping[str, IndexSet], final: Mapping[str, Cost]
) -> Iterator[Rejected]:
    """Statements for which no index is proposed, and why."""
    for name, cost in sorted(final.items()):
        job = state.jobs[name]
        if cost.used or not job.relations:
            continue
        subject = Subject(
            kind="statement",
            label=f"{site.database}.{name}",
            database=site.database,
            name=name,
        )
        present = sorted(job.plan.indexes)
        if not wanted.get(name):
            served = f"its plan uses {', '.join(present)}, and no other" if present else "no"
            detail = f"{served} index that can be tried could serve its conditions"
            yield Rejected(
                subject=subject, reason="exists" if present else "no-candidate", detail=detail
            )
        else:
            detail = f"of {len(wanted[name])} candidates the planner uses none that pays"
            if present:
                detail += f"; its plan uses {', '.join(present)}"
            yield Rejected(subject=subject, reason="no-help", detail=detail)
