"""What the index advisor proposes and turns down, before rules judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgtune_advisor.domain.findings import Confidence, Rejected
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.measurement import Probe
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.domain.recommendations import PlannerUse, StatementImpact
from pgtune_advisor.domain.snapshot import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the proposed indexes together do to one statement.

    `name` tells the statement from others. `share` is its part of the workload's cost, `risky`
    says that its new plan rests on an estimate that is likely to be off, so that only a
    measurement can tell.
    """

    statement: StatementImpact
    share: float
    risky: bool = False
    name: str = ""

    @property
    def ratio(self) -> float:
        """Cost after over cost before; 1 where unknown."""
        before, after = self.statement.cost_before, self.statement.cost_after
        return after / before if before and after is not None else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An index to create, with those that it makes superfluous.

    `effects` are the statements that use it or become dearer, the greatest change first. Costs are
    planner units over the window: calls times cost, summed over `effects`; None without a planner.
    `upkeep` is what writes
    pay for it in the same unit, `upkeep_note` says so in words. `serves_keys` are foreign keys
    (constraint names) that it supports.
    """

    database: str
    index: IndexDef
    replaces: tuple[Index, ...]
    size_bytes: int
    build_ms: float
    upkeep: float
    upkeep_note: str
    table_rows: float
    table_bytes: int
    cost_before: float | None
    cost_after: float | None
    effects: tuple[Effect, ...]
    confidence: Confidence
    planner: str
    fidelity: float | None = None
    time_saved_ms_per_hour: float | None = None
    serves_keys: tuple[str, ...] = ()

    @property
    def gainers(self) -> tuple[Effect, ...]:
        """The statements that become cheaper."""
        return tuple(effect for effect in self.effects if effect.ratio < 1)

    @property
    def losers(self) -> tuple[Effect, ...]:
        """The statements that become dearer by more than a rounding error."""
        return tuple(effect for effect in self.effects if effect.ratio > 1.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsProposal:
    """Columns that statements compare together and that depend on each other.

    `estimated` and `actual` are rows a call of the statement that tells.
    """

    database: str
    schema: str
    table: str
    columns: tuple[str, ...]
    statement: StatementImpact
    estimated: float
    actual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAdvice:
    """The outcome for all databases: what to do, what not and why, what could not be seen.

    `undecided` are databases whose planner was lost on the way: that nothing is proposed there
    says nothing. `probes` are the statements with the values that they were planned with, by
    database: data of the target, for a measurement and nothing else.
    """

    proposals: tuple[Proposal, ...] = ()
    statistics: tuple[StatisticsProposal, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    gaps: tuple[Gap, ...] = ()
    undecided: tuple[str, ...] = ()
    planner: PlannerUse = field(default_factory=PlannerUse)
    probes: Mapping[str, tuple[Probe, ...]] = field(default_factory=dict)
