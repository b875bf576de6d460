"""A choice of indexes in the making: what is chosen, what each statement costs under it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.indexes.costs import Cost, CostBook, IndexSet
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.prices import Prices
from pgtune_advisor.advise.indexes.variants import extends
from pgtune_advisor.domain.index_def import IndexDef

# An index of one page is not infinitely better than one of two.
LEAST_BYTES: Final = 256 * 1024
# The sum of costs is its largest terms', but who waits for a call waits for that one: all calls
# e times faster are worth this part of the workload's cost.
EASE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a move must bring: a share of what the statements that indexes help cost by then, and of
    some statement's cost; and how much worse than without new indexes a statement may become.

    Less than `workload`, but no less than `least`, will do where it is at least `density` times
    the share of the tables' bytes that the index takes.
    """

    workload: float = 0.003
    least: float = 0.0005
    density: float = 0.1
    statement: float = 0.15
    regression: float = 1.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Indexes that come, and those that they replace."""

    add: IndexSet
    remove: IndexSet = frozenset()

    def applied(self, chosen: IndexSet) -> IndexSet:
        """The choice after the move; what an added index extends goes without being named."""
        gone = {old for old in chosen for new in self.add if extends(new, old)}
        return (chosen - self.remove - gone) | self.add


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A move with its effect: new costs by job, the net gain, and the bytes it takes.

    `eased` is what calls become faster by, in the currency of the gain: it ranks moves that compete
    for the budget, and does not make one worthwhile.
    """

    move: Move
    costs: Mapping[str, float]
    gain: float
    grows: int
    eased: float = 0.0

    @property
    def worth(self) -> float:
        """What it ranks by."""
        return self.gain + self.eased

    @property
    def score(self) -> float:
        """Worth per byte."""
        return self.worth / max(self.grows, LEAST_BYTES)


class State:
    """The choice so far. `interest` says for which jobs an index was found; of the others no index
    changes the cost."""

    def __init__(
        self,
        book: CostBook,
        jobs: Sequence[Job],
        prices: Prices,
        budget: int,
        interest: Mapping[IndexDef, frozenset[str]],
        table_bytes: int,
    ) -> None:
        self.book = book
        self.prices = prices
        self.budget = budget
        self.interest = dict(interest)
        self.table_bytes = table_bytes
        self.bars = Bars()
        self.chosen: IndexSet = frozenset()
        self._usable: dict[str, IndexSet] = {}
        self.jobs: dict[str, Job] = {}
        self.base: dict[str, float] = {}
        self._readers: dict[tuple[str, str], list[str]] = defaultdict(list)
        book.ask((job, frozenset()) for job in jobs)
        for job in jobs:
            cost = book.cost(job, frozenset())
            if cost is not None:
                self.jobs[job.name] = job
                self.base[job.name] = cost.planner
                for relation in job.relations:
                    self._readers[relation].append(job.name)
        self.costs = dict(self.base)
        self.versions: dict[str, int] = dict.fromkeys(self.jobs, 0)
        self.base_total = sum(self.jobs[name].weight * cost for name, cost in self.base.items())
        self._calls = sum(job.calls for job in self.jobs.values())
        self._helped = sorted(frozenset().union(*interest.values()).intersection(self.jobs))
        self._movable = self._cost_of(self._helped)

    def counted(self, name: str, cost: Cost) -> float:
        """What a cost counts: a gain only as far as it is sure, harm as soon as it is likely.

        A plan that may be better or worse counts as no change.
        """
        base = self.base[name]
        if cost.likely > base * self.bars.regression:
            return cost.likely
        return min(cost.sure, max(base, cost.planner))

    def risky(self, name: str, cost: Cost) -> bool:
        """Whether only a measurement can tell what the statement's new plan costs."""
        return cost.sure > max(self.base[name], cost.planner)

    @property
    def left(self) -> float:
        """The workload's cost with what is chosen."""
        return self._cost_of(self.costs)

    def _cost_of(self, names: Iterable[str]) -> float:
        return sum(self.jobs[name].weight * self.costs[name] for name in names)

    def bytes(self, indexes: Iterable[IndexDef]) -> int:
        """What the indexes take on disk."""
        return sum(self.prices.size(index) for index in indexes)

    def interested(self, move: Move) -> list[str]:
        """The jobs that the indexes of a move were found for, and those that use what goes."""
        names = {n for index in move.add | move.remove for n in self.interest.get(index, ())}
        return sorted(names.intersection(self.jobs))

    def version(self, move: Move) -> int:
        """Grows whenever a job that a move was found for changes its cost."""
        return sum(self.versions[name] for name in self.interested(move))

    def touched(self, move: Move) -> list[str]:
        """All jobs whose cost a move may change."""
        changed = move.applied(self.chosen) ^ self.chosen
        return sorted(
            {
                name
                for index in changed
                for name in self._readers[index.relation]
                if self.book.relevant(self.jobs[name], (index,))
            }
        )

    def judge(
        self, moves: Sequence[Move], jobs_of: Callable[[Move], list[str]] | None = None
    ) -> list[Judged]:
        """The effect of each move on all jobs that it touches, or on those of `jobs_of`."""
        jobs_of = jobs_of or self.touched
        after = [(move, move.applied(self.chosen)) for move in moves]
        wanted = [(move, then, self._sets(then, jobs_of(move))) for move, then in after]
        self.book.ask(
            (self.jobs[name], indexes) for *_, sets in wanted for name, indexes in sets.items()
        )
        return [self._judged(*one) for one in wanted]

    def _sets(self, after: IndexSet, names: Iterable[str]) -> dict[str, IndexSet]:
        """What each of the jobs may use when that is the choice."""
        come, gone = after - self.chosen, self.chosen - after
        return {
            name: (self._standing(name) - gone) | self.book.relevant(self.jobs[name], come)
            for name in names
        }

    def _standing(self, name: str) -> IndexSet:
        """What the job may use by now."""
        found = self._usable.get(name)
        if found is None:
            found = self._usable[name] = self.book.relevant(self.jobs[name], self.chosen)
        return found

    def _judged(self, move: Move, after: IndexSet, sets: Mapping[str, IndexSet]) -> Judged:
        costs: dict[str, float] = {}
        saved = 0.0
        for name, indexes in sets.items():
            job = self.jobs[name]
            cost = self.book.cost(job, indexes)
            counted = self.costs[name] if cost is None else self.counted(name, cost)
            if counted != self.costs[name]:
                costs[name] = counted
                if not self._is_noise(name, counted):
                    saved += job.weight * (self.costs[name] - counted)
        come, gone = after - self.chosen, self.chosen - after
        upkeep = sum(map(self.prices.upkeep, come)) - sum(map(self.prices.upkeep, gone))
        grows = self.bytes(come) - self.bytes(gone)
        return Judged(
            move=move, costs=costs, gain=saved - upkeep, grows=grows, eased=self._eased(costs)
        )

    def _eased(self, costs: Mapping[str, float]) -> float:
        """The logarithms of the calls' speed-ups, averaged over all calls."""
        faster = sum(
            self.jobs[name].calls * math.log(max(self.costs[name], 1.0) / max(cost, 1.0))
            for name, cost in costs.items()
        )
        return EASE * self.base_total * faster / self._calls if self._calls else 0.0

    def _is_noise(self, name: str, cost: float) -> bool:
        """Whether a gain is so small that another plan may as well be slower."""
        return self.costs[name] * (1 - self.bars.statement) < cost < self.costs[name]

    def harmed(self, judged: Judged) -> list[str]:
        """The jobs that would become worse than they were without any new index, by too much."""
        return sorted(
            name
            for name, cost in judged.costs.items()
            if cost > self.costs[name] and cost > self.base[name] * self.bars.regression
        )

    def worthwhile(self, judged: Judged) -> bool:
        """Whether the gain passes the bars."""
        if not self.matters(judged.gain, judged.grows):
            return False
        share = 1 - self.bars.statement
        return judged.gain >= 0.01 * self.left or any(
            cost <= self.costs[name] * share for name, cost in judged.costs.items()
        )

    def matters(self, gain: float, grows: int) -> bool:
        """Whether a gain is a part worth speaking of, of what indexes can change by now.

        Statements that no candidate helps do not raise the bar for the others. Of a small index
        less is asked, in proportion to the room that it takes.
        """
        share = gain / self._movable if self._movable else 0.0
        if share <= self.bars.least:
            return False
        room = max(grows, 0) / max(self.table_bytes, 1)
        return share > self.bars.workload or share > self.bars.density * room

    def fits(self, judged: Judged) -> bool:
        """Whether the choice keeps the budget."""
        return judged.grows <= 0 or self.bytes(self.chosen) + judged.grows <= self.budget

    def accept(self, judged: Judged) -> None:
        """Make the move."""
        self.chosen = judged.move.applied(self.chosen)
        self._usable.clear()
        self.costs.update(judged.costs)
        for name in judged.costs:
            self.versions[name] += 1
        self._movable = self._cost_of(self._helped)
