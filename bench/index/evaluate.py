"""Judge sets of indexes on a workload: build each for real, measure it, and take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Final, Literal

from bench.index import costs, objects
from bench.index.timing import Stopwatch, Timing, connect, middle
from bench.index.workload import IndexSet, Statement
from pgtune_advisor.plans import Plan

SLOWER_RATIO: Final = 1.1
SLOWER_SECONDS: Final = 0.002
# Below this the clock says more about the machine than about the statement.
SHORTEST: Final = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One statement before and after: planner's costs and processor seconds."""

    cost_before: float
    cost_after: float
    before: Timing
    after: Timing
    replanned: bool

    @property
    def ratio(self) -> float:
        return max(self.after.cpu, SHORTEST) / max(self.before.cpu, SHORTEST)

    @property
    def slower(self) -> bool:
        """More than 10 % and more than 2 ms."""
        return (
            self.after.cpu > SLOWER_RATIO * self.before.cpu
            and self.after.cpu - self.before.cpu > SLOWER_SECONDS
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a set does. Ratios are after over before; sums are weighted with the calls.

    `estimated` is the planner's cost with the indexes pretended by HypoPG where it can pretend
    all of them, else with the real ones, which is `planned`. `cpu` and `geo` are None where only
    plans were compared.
    """

    name: str
    seconds: float | None
    indexes: int
    size: int
    build_seconds: float
    estimated: float
    estimated_by: Literal["hypopg", "real"]
    planned: float
    cpu: float | None
    geo: float | None
    effects: Mapping[str, Effect]
    slower: tuple[str, ...]
    unused: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


class Evaluator:
    """Measures the workload once as it is, then one set after the other."""

    def __init__(
        self, dsn: str, statements: Sequence[Statement], *, runs: int = 3, timeout: float = 120
    ) -> None:
        self.dsn = dsn
        self.statements = tuple(statements)
        self.connection = connect(dsn)
        self.watch = Stopwatch(self.connection, runs=runs, timeout=timeout)
        self.hypopg = costs.has_hypopg(self.connection)
        self.plans = costs.plans(self.connection, self.statements)
        self.before: dict[str, Timing] = {}

    def close(self) -> None:
        self.connection.close()

    def measure_before(self) -> Mapping[str, Timing]:
        """The workload as it is; measured once."""
        if not self.before:
            self.before = {one.name: self.watch.measure(one) for one in self.statements}
        return self.before

    def evaluate(self, one: IndexSet, *, timed: bool = True) -> Evaluation:
        """Build, measure (unless only plans are wanted) and take back."""
        before = self.measure_before() if timed else {}
        estimated = self._pretended(one)
        standing = objects.existing(self.connection)
        try:
            building = objects.build(self.connection, one.ddl)
            planned = costs.plans(self.connection, self.statements)
            after = self._measure_after(building) if timed else {}
            effects = self._effects(planned, before, after) if timed else {}
            slower = tuple(name for name in effects if self._confirmed(name, effects, building))
        finally:
            objects.take_back(self.connection, standing)
        base = costs.total(self.plans, self.statements)
        ratio = costs.total(planned, self.statements) / base
        return Evaluation(
            name=one.name,
            seconds=one.seconds,
            indexes=building.indexes,
            size=building.size,
            build_seconds=building.seconds,
            estimated=ratio if estimated is None else estimated / base,
            estimated_by="real" if estimated is None else "hypopg",
            planned=ratio,
            cpu=self._cpu(after) / self._cpu(before) if timed else None,
            geo=geometric_mean(e.ratio for e in effects.values()) if timed else None,
            effects=effects,
            slower=slower,
            unused=_unused(building, planned),
            failed=building.failed,
        )

    def _pretended(self, one: IndexSet) -> float | None:
        if not self.hypopg:
            return None
        pretended = costs.pretend(self.dsn, self.statements, one.ddl)
        return None if pretended.refused else costs.total(pretended.plans, self.statements)

    def _measure_after(self, building: objects.Building) -> dict[str, Timing]:
        if not building.built:
            return dict(self.before)
        return {one.name: self.watch.measure(one) for one in self.statements}

    def _effects(
        self,
        planned: Mapping[str, Plan],
        before: Mapping[str, Timing],
        after: Mapping[str, Timing],
    ) -> dict[str, Effect]:
        return {
            one.name: Effect(
                cost_before=self.plans[one.name].cost,
                cost_after=planned[one.name].cost,
                before=before[one.name],
                after=after[one.name],
                replanned=costs.outline(planned[one.name]) != costs.outline(self.plans[one.name]),
            )
            for one in self.statements
        }

    def _cpu(self, timings: Mapping[str, Timing]) -> float:
        return sum(timings[one.name].cpu * one.calls for one in self.statements)

    def _confirmed(
        self, name: str, effects: Mapping[str, Effect], building: objects.Building
    ) -> bool:
        """Whether it is slower also when measured in turns, with and without what was built.

        A statement that only reads and whose plan is the same is not slower, whatever the clock
        said: the machine was busy.
        """
        effect = effects[name]
        statement = next(one for one in self.statements if one.name == name)
        if not effect.slower or not (effect.replanned or statement.writes):
            return False
        if effect.after.stopped:
            return True
        pairs = [
            (self._without(statement, building), self.watch.measure(statement))
            for _ in range(self.watch.runs)
        ]
        again = Effect(
            cost_before=effect.cost_before,
            cost_after=effect.cost_after,
            before=middle([one for one, _ in pairs]),
            after=middle([two for _, two in pairs]),
            replanned=effect.replanned,
        )
        return again.slower

    def _without(self, statement: Statement, building: objects.Building) -> Timing:
        """Measured inside a transaction that has dropped the set and is rolled back."""
        self.connection.execute("BEGIN")
        try:
            for one in building.built:
                self.connection.execute(one.drop.encode())
            return self.watch.measure(statement)
        finally:
            self.connection.execute("ROLLBACK")


def _unused(building: objects.Building, planned: Mapping[str, Plan]) -> tuple[str, ...]:
    used = frozenset[str]().union(*(plan.indexes for plan in planned.values()))
    return tuple(
        one.sql
        for one in building.built
        if one.kind == "INDEX" and one.name not in used and one.size and not one.part
    )
