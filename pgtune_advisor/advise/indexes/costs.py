"""What statements cost under sets of indexes: asked once, derived where that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pgtune_advisor.advise.indexes.jobs import Job, Variant
from pgtune_advisor.advise.indexes.risk import LIKELY, SURE, Caution, prudent_cost
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


@dataclass(slots=True)
class _Known:
    """The answers for one variant."""

    exact: dict[IndexSet, Pretended] = field(default_factory=dict)

    def find(self, indexes: IndexSet) -> Pretended | None:
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

    `relevant` limits what is pretended for a job to indexes on tables that it reads.
    """

    def __init__(self, planner: Planner, jobs: Iterable[Job]) -> None:
        self._planner = planner
        self._known: dict[tuple[str, int], _Known] = {}
        self._tables: Mapping[str, frozenset[tuple[str, str]]] = {
            job.name: job.relations for job in jobs
        }
        self.failed: dict[str, PlanError] = {}
        self.asked = 0
        self.derived = 0

    def relevant(self, job: Job, indexes: Iterable[IndexDef]) -> IndexSet:
        """Those of the indexes that lie on tables of the job."""
        tables = self._tables[job.name]
        return frozenset(index for index in indexes if index.relation in tables)

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
                request = Request(text=variant.text, indexes=indexes, generic=job.generic)
                wanted[job.name, number, indexes] = request
        keys = sorted(wanted, key=lambda key: (sorted(key[2]), key[0], key[1]))
        answers = self._planner.plan_all([wanted[key] for key in keys])
        self.asked += len(keys)
        for (name, number, indexes), answer in zip(keys, answers, strict=True):
            if isinstance(answer, PlanError):
                self.failed.setdefault(name, answer)
            else:
                self._known.setdefault((name, number), _Known()).exact[indexes] = answer

    def cost(self, job: Job, indexes: IndexSet) -> Cost | None:
        """The job's cost under exactly these pretended indexes; None where it cannot be planned."""
        self.ask([(job, indexes)])
        planner = likely = sure = 0.0
        used: IndexSet = _NONE
        for number, variant in enumerate(job.variants):
            answer = self._find(job, number, indexes)
            if answer is None:
                return None
            planner += variant.weight * answer.cost
            likely += variant.weight * _prudent(answer, LIKELY)
            sure += variant.weight * _prudent(answer, SURE)
            used |= answer.used
        return Cost(planner=planner, likely=likely, sure=sure, used=used)

    def plans(self, job: Job, indexes: IndexSet) -> list[tuple[Variant, Pretended]]:
        """The plans behind a cost that is known."""
        found = [(v, self._find(job, n, indexes)) for n, v in enumerate(job.variants)]
        return [(variant, answer) for variant, answer in found if answer is not None]

    def _find(self, job: Job, number: int, indexes: IndexSet) -> Pretended | None:
        known = self._known.get((job.name, number))
        return known.find(indexes) if known else None


def _prudent(answer: Pretended, caution: Caution) -> float:
    """A plan that needs none of the indexes is what runs today: experience bears it out."""
    return prudent_cost(answer.plan, caution) if answer.used else answer.cost
