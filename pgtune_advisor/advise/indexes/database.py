"""Index advice for one database, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pgtune_advisor.advise.indexes.access import Access, accesses
from pgtune_advisor.advise.indexes.candidates import candidates
from pgtune_advisor.advise.indexes.census import not_planned
from pgtune_advisor.advise.indexes.correlated import correlated
from pgtune_advisor.advise.indexes.costs import CostBook, IndexSet
from pgtune_advisor.advise.indexes.guards import unfit
from pgtune_advisor.advise.indexes.habits import Habits
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.outcome import outcome
from pgtune_advisor.advise.indexes.peel import Layer, kept, peel
from pgtune_advisor.advise.indexes.planning import Planned, plan_entries
from pgtune_advisor.advise.indexes.relevance import Relevance
from pgtune_advisor.advise.indexes.room import make_room
from pgtune_advisor.advise.indexes.selection import Refusals, finish, grow
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.state import Move, State
from pgtune_advisor.advise.indexes.workload import Entry, QueryFile, Workload, weighed, workload
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.measurement import Probe
from pgtune_advisor.domain.proposals import Proposal, StatisticsProposal
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.domain.units import MB
from pgtune_advisor.plans import PlanError
from pgtune_advisor.rules.facts.base import BLOCK

# Without a budget of the user's, indexes may take this share of the tables that are read.
_SHARE: Final = 0.5
# Sizes are estimates, most within a tenth; of many together the errors cancel each other out.
_SPENT: Final = 0.96
_LEAST_BUDGET: Final = 64 * MB
# A planner that is off by more than this, either way, is not believed for a statement.
_FAITHFUL: Final = 2.0
_BELIEVED: Final = 0.5
# Characters of a statement's text beside the reason why it gets no index.
_SHOWN: Final = 90
_PLAIN: Final = frozenset({"btree", "hash", "brin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAdvice:
    """The outcome for one database; `lost`: its planner went away before there was one."""

    proposals: tuple[Proposal, ...] = ()
    statistics: tuple[StatisticsProposal, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    gaps: tuple[Gap, ...] = ()
    planner: str = "none"
    fidelity: float | None = None
    calls: int = 0
    lost: bool = False
    probes: tuple[Probe, ...] = ()


def advise_database(site: Site, queries: Sequence[QueryFile] | None) -> DatabaseAdvice:
    """Advice by what the planner says; a planner that is lost in between is a gap."""
    gaps: list[Gap] = []
    found = workload(site.context, site.database, queries)
    try:
        return _with_texts(_advise(site, found, gaps), found.entries)
    except PlanError as error:
        gaps.append(
            Gap(
                source=f"planner:{site.database}",
                reason=f"{error.primary}: {error.detail}" if error.detail else error.primary,
                hint="The next run begins anew; nothing is proposed on half a picture.",
            )
        )
        return DatabaseAdvice(gaps=tuple(gaps), planner=site.planner.kind, lost=True)


def _with_texts(advice: DatabaseAdvice, found: Sequence[Entry]) -> DatabaseAdvice:
    """A statement that is known by a number alone tells nobody anything: its text goes along."""
    texts = {entry.name: entry.text for entry in found if entry.query_id is not None}

    def told(one: Rejected) -> Rejected:
        text = texts.get(one.subject.name or "") if one.subject.kind == "statement" else None
        return replace(one, detail=f"{one.detail}: {_short(text)}") if text else one

    return replace(advice, rejected=tuple(told(one) for one in advice.rejected))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _advise(site: Site, found: Workload, gaps: list[Gap]) -> DatabaseAdvice:
    site.progress("describing statements", 0.05)
    planned = plan_entries(site, found.entries)
    gaps += not_planned(site.database, found, planned)
    if planned.generic:
        reason = f"{planned.generic} statements were planned without values of their parameters"
        hint = "GRANT SELECT (or pg_read_all_data) lets values be sampled from pg_stats."
        gaps.append(Gap(source=f"parameters:{site.database}", reason=reason, hint=hint))
    fidelity = _verify(site, planned, gaps)
    accessed = {job.name: accesses(job.plan, site.tables) for job in planned.jobs}
    book = CostBook(site.planner, Relevance(accessed))
    book.ask((job, frozenset()) for job in planned.jobs)
    base = {job.name: cost.planner for job in planned.jobs if (cost := book.cost(job, frozenset()))}
    jobs = weighed(planned.jobs, base)
    wanted, refused = _candidates(site, jobs, base, accessed)
    jobs = _diverted(site, book, jobs, wanted, gaps)
    wanted = _possible(site, wanted, refused)
    site.progress("asking the planner", 0.3)
    layers = peel(book, jobs, wanted)
    refusals = Refusals()
    state = _select(site, book, jobs, layers, refusals)
    made = outcome(site, state, wanted, refusals, fidelity)
    return DatabaseAdvice(
        proposals=made.proposals,
        statistics=correlated(site, jobs, accessed),
        rejected=(
            *planned.rejected,
            *_failures(site, book, planned.jobs),
            *refused,
            *made.rejected,
        ),
        gaps=(*gaps, *made.gaps, *site.planner.gaps),
        planner=site.planner.kind,
        fidelity=fidelity,
        calls=site.planner.calls,
        probes=tuple(_probes(jobs)),
    )


def _probes(jobs: Sequence[Job]) -> Iterator[Probe]:
    """The statements with values, as they were planned; those without values cannot be run."""
    for job in jobs:
        for number, variant in enumerate(job.variants if not job.generic else ()):
            yield Probe(
                id=f"{job.name}/{number}",
                query_id=job.query_id,
                text=variant.text,
                weight=job.weight * variant.weight,
            )


def _verify(site: Site, planned: Planned, gaps: list[Gap]) -> float | None:
    """Leave out statements whose cost the planner gets wrong as things are now."""
    jobs = [job for job in planned.jobs if not job.generic]
    texts = [job.variants[0].text for job in jobs]
    fidelity = site.planner.verify(texts)
    poor: dict[str, float] = {}
    for job, ratio in zip(jobs, fidelity.ratios, strict=True):
        if ratio is not None and not 1 / _FAITHFUL <= ratio <= _FAITHFUL:
            poor[job.name] = ratio
    if fidelity.overall is not None and fidelity.overall < _BELIEVED:
        poor = {job.name: poor.get(job.name, 1.0) for job in planned.jobs}
        gaps.append(
            Gap(
                source=f"planner:{site.database}",
                reason=f"the {site.planner.kind} planner agrees with the server's own plans for"
                f" only {fidelity.overall:.0%} of the workload, so no index is proposed",
                hint="Install HypoPG on the target, or the server's major version beside the"
                " advisor, and see that column statistics may be read.",
            )
        )
    planned.drop(site, poor)
    return fidelity.overall


def _candidates(
    site: Site,
    jobs: Sequence[Job],
    base: Mapping[str, float],
    accessed: Mapping[str, tuple[Access, ...]],
) -> tuple[dict[str, IndexSet], list[Rejected]]:
    """The candidates of each job that the planner can pretend, and the tables that get none."""
    refused: dict[object, Rejected] = {}
    total = sum(job.weight * base.get(job.name, 0.0) for job in jobs) or 1.0
    share = {job.name: job.weight * base.get(job.name, 0.0) / total for job in jobs}
    habits = Habits.of((access, share[job.name]) for job in jobs for access in accessed[job.name])
    wanted: dict[str, IndexSet] = {}
    for job in jobs:
        found: dict[IndexDef, None] = {}
        for access in accessed[job.name]:
            table = site.tables.find(access.place)
            reason = unfit(site, access, table)
            if reason is not None:
                refused.setdefault((access.place, reason.reason), reason)
            elif table is not None:
                found |= dict.fromkeys(candidates(access, table, habits, site.prices.share))
        wanted[job.name] = frozenset(found)
    return wanted, list(refused.values())


def _diverted(
    site: Site,
    book: CostBook,
    jobs: Sequence[Job],
    wanted: Mapping[str, IndexSet],
    gaps: list[Gap],
) -> list[Job]:
    """Have statements that other access methods may serve planned where these can be pretended.

    Where that planner does not agree with the server, they stay with the first.
    """
    others = {index for found in wanted.values() for index in found if index.method not in _PLAIN}
    special = [job for job in jobs if not job.generic and book.relevant(job, others)]
    texts = [variant.text for job in special for variant in job.variants]
    if not texts or not site.planner.divert(texts):
        return list(jobs)
    fidelity = site.planner.verify(texts)
    ratios = dict(zip(texts, fidelity.ratios, strict=True))
    left: list[Job] = []
    for job in jobs:
        if job not in special:
            left.append(job)
            continue
        book.forget(job)
        found = [ratio for v in job.variants if (ratio := ratios.get(v.text)) is not None]
        if all(1 / _FAITHFUL <= ratio <= _FAITHFUL for ratio in found):
            left.append(job)
        else:
            reason = f"statement {job.name}: the shadow's cost is {found[0]:.3g} times the server's"
            gaps.append(Gap(source=f"planner:{site.database}", reason=reason))
    return left


def _possible(
    site: Site, wanted: Mapping[str, IndexSet], refused: list[Rejected]
) -> dict[str, IndexSet]:
    """The candidates that the planner can pretend."""
    impossible = site.planner.prepare(sorted(frozenset().union(*wanted.values())))
    for index, error in impossible.items():
        refused.append(site.rejected(index, error.reason, error.detail or error.primary))
    gone = frozenset(impossible)
    return {name: found - gone for name, found in wanted.items()}


def _select(
    site: Site,
    book: CostBook,
    jobs: Sequence[Job],
    layers: Mapping[str, tuple[Layer, ...]],
    refusals: Refusals,
) -> State:
    """Choose among what the peeling kept; again and again, since each step may make room."""
    interest: dict[IndexDef, set[str]] = defaultdict(set)
    hopes: dict[Move, float] = defaultdict(float)
    for name, found in sorted(layers.items()):
        for index, saved in sorted(kept(found).items()):
            interest[index].add(name)
            hopes[Move(add=frozenset({index}))] += saved
        for layer in found:
            if len(layer.used) > 1:
                hopes[Move(add=layer.used)] += layer.saved
    site.planner.prepare(sorted(interest))
    found_for = {index: frozenset(names) for index, names in interest.items()}
    state = State(book, jobs, site.prices, _budget(site), found_for, _table_bytes(site))

    def fill(share: float) -> None:
        site.progress("choosing indexes", share)
        grow(state, hopes, refusals, site.expired)
        make_room(state, refusals.over_budget, list(state.interest), site.expired)

    fill(0.5)
    fill(0.7)
    # Exchanges one by one take longest and gain least: they come when the rest is done.
    finish(state, list(state.interest), refusals, site.expired)
    fill(0.9)
    return state


def _budget(site: Site) -> int:
    if site.budget is not None:
        return int(site.budget * _SPENT)
    return max(int(_table_bytes(site) * _SHARE), _LEAST_BUDGET)


def _table_bytes(site: Site) -> int:
    tables = (site.tables.find(place) for place in site.tables.places())
    return sum(table.pages * BLOCK for table in tables if table)


def _failures(site: Site, book: CostBook, jobs: Sequence[Job]) -> list[Rejected]:
    """Statements that could be described but not planned.

    The server's words may hold a value that stands in for a parameter: those are left out.
    """
    plain = {job.name for job in jobs if all(v.text == job.text for v in job.variants)}
    return [
        Rejected(
            subject=Subject(
                kind="statement",
                label=f"{site.database}.{name}",
                database=site.database,
                name=name,
            ),
            reason=error.reason,
            detail=f"{error.primary}: {error.detail}"
            if error.detail and name in plain
            else error.primary,
        )
        for name, error in sorted(book.failed.items())
    ]
