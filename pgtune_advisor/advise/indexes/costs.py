"""What statements cost under sets of indexes: asked once, derived where that is certain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.relevance import Relevance
from pgtune_advisor.advise.indexes.risk import LIKELY, SURE, prudent_cost
from pgtune_advisor.advise.whatif import Planner, Pretended, Request
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.plans import PlanError

IndexSet = frozenset[IndexDef]
_NONE: IndexSet = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A statement's cost over its variants: as the planner says, with errors of its estimates that
    are common (`likely`), and with rare ones (`sure`).

    `used` are the pretended indexes that some variant's plan reads.
    """

    planner: float
    likely: float
    sure: float
    used: IndexSet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a plan comes to: its tree is not kept."""

    planner: float
    likely: float
    sure: float
    used: IndexSet

    @classmethod
    def of(cls, pretended: Pretended) -> _Answer:
        """A plan that needs none of the indexes is what runs today: experience bears it out."""
        cost, plan = pretended.cost, pretended.plan
        used = pretended.used
        return cls(
            planner=cost,
            likely=prudent_cost(plan, LIKELY) if used else cost,
            sure=prudent_cost(plan, SURE) if used else cost,
            used=used,
        )


@dataclass(slots=True)
class _Known:
    """The answers for one variant."""

    exact: dict[IndexSet, _Answer] = field(default_factory=dict)

    def find(self, indexes: IndexSet) -> _Answer | None:
        """The answer for this set: asked for, or certain since a larger set used no more.

        A plan that is the cheapest among more is the cheapest among less, if it is still there.
        """
        found = self.exact.get(indexes)
        if found is None:
            for larger, answer in self.exact.items():
                if answer.used <= indexes <= larger:
                    self.exact[indexes] = answer
                    return answer
        return found


class CostBook:
    """Costs of jobs under pretended indexes; a job that cannot be planned is in `failed`.

    `relevance` limits what is pretended for a job to what it may use.
    """

    def __init__(self, planner: Planner, relevance: Relevance) -> None:
        self._planner = planner
        self._relevance = relevance
        self._known: dict[tuple[str, int], _Known] = {}
        self.failed: dict[str, PlanError] = {}
        self.asked = 0
        self.derived = 0

    def relevant(self, job: Job, indexes: Iterable[IndexDef]) -> IndexSet:
        """Those of the indexes that the job may use."""
        matters = self._relevance.matters
        return frozenset(index for index in indexes if matters(job.name, index))

    def forget(self, job: Job) -> None:
        """What was answered for a job holds no longer."""
        for number in range(len(job.variants)):
            self._known.pop((job.name, number), None)

    def ask(self, pairs: Iterable[tuple[Job, IndexSet]]) -> None:
        """Plan what is not known yet, in one go."""
        wanted: dict[tuple[str, int, IndexSet], Request] = {}
        for job, indexes in pairs:
            for number, variant in enumerate(job.variants):
                if job.name in self.failed or self._find(job, number, indexes):
                    continue
                request = Request(
                    text=variant.text,
                    indexes=indexes,
                    generic=job.generic,
                    relations=job.relations,
                )
                wanted[job.name, number, indexes] = request
        # As they came: neighbours mostly want the same indexes.
        keys = list(wanted)
        answers = self._planner.plan_all([wanted[key] for key in keys])
        self.asked += len(keys)
        for (name, number, indexes), answer in zip(keys, answers, strict=True):
            if isinstance(answer, PlanError):
                self.failed.setdefault(name, answer)
            else:
                self._known.setdefault((name, number), _Known()).exact[indexes] = _Answer.of(answer)

    def cost(self, job: Job, indexes: IndexSet) -> Cost | None:
        """The job's cost under exactly these pretended indexes; None where it cannot be planned."""
        self.ask([(job, indexes)])
        planner = likely = sure = 0.0
        used: IndexSet = _NONE
        for number, variant in enumerate(job.variants):
            answer = self._find(job, number, indexes)
            if answer is None:
                return None
            planner += variant.weight * answer.planner
            likely += variant.weight * answer.likely
            sure += variant.weight * answer.sure
            used |= answer.used
        return Cost(planner=planner, likely=likely, sure=sure, used=used)

    def _find(self, job: Job, number: int, indexes: IndexSet) -> _Answer | None:
        known = self._known.get((job.name, number))
        return known.find(indexes) if known else None
