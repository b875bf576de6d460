"""What a planner is to the advice: it says what a statement would cost under other indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.plans import Plan, PlanError

PlannerKind = Literal["hypopg", "shadow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What indexes a planner can pretend. `hiding`: it can also pretend that one is gone."""

    methods: frozenset[str]
    partial: bool = True
    expression: bool = True
    include: bool = True
    hiding: bool = False
    statistics: bool = False

    def can(self, index: IndexDef) -> bool:
        """Whether this index can be pretended."""
        return (
            index.method in self.methods
            and (self.partial or not index.predicate)
            and (self.include or not index.include)
            and (self.expression or all(key.column for key in index.keys))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A statement's generic plan (VERBOSE, parameters as `$n`) and its parameters' types.

    `types` are as format_type() prints them, by position; `text` is what was prepared.
    """

    text: str
    plan: Plan
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretended:
    """A plan under pretended indexes: its cost, and which of them it uses."""

    cost: float
    used: frozenset[IndexDef]
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A statement, the indexes to pretend, and existing ones (schema, name) to hide.

    `generic`: it has parameters as `$n`, and its generic plan is meant. `relations` are the tables
    that it reads, as far as they are known: indexes of others make no difference to it.
    """

    text: str
    indexes: frozenset[IndexDef]
    hidden: frozenset[tuple[str, str]] = frozenset()
    generic: bool = False
    relations: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How well a planner agrees with the target's own plans, as things are now.

    `overall` is from 0 to 1, None where it could not be compared; `ratios` are the planner's cost
    over the target's, for each text that was compared, None where that failed.
    """

    overall: float | None
    ratios: tuple[float | None, ...]


class OnePlanner(Protocol):
    """Plans statements of one database under pretended indexes, one after another.

    Every call may raise PlanError with its reason. Costs are planner units.
    """

    @property
    def kind(self) -> PlannerKind: ...

    @property
    def abilities(self) -> Abilities: ...

    @property
    def calls(self) -> int:
        """How often a plan was asked for."""
        ...

    def describe(self, text: str) -> Described:
        """The generic plan of a statement whose parameters are `$n`, as things are now."""
        ...

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """Get ready for these indexes; those that cannot be pretended, with the reason."""
        ...

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """Compare with the target's own plans of these statements, which have no parameters."""
        ...

    def plan(self, request: Request) -> Pretended:
        """The plan of a statement if these indexes were there.

        An index that cannot be pretended raises PlanError.
        """
        ...

    def close(self) -> None:
        """Let go of what the planner holds."""
        ...


class Planner(Protocol):
    """What the advice asks: many plans at once, so that several connections can work."""

    @property
    def kind(self) -> PlannerKind: ...

    @property
    def abilities(self) -> Abilities: ...

    @property
    def calls(self) -> int: ...

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the planner could not take over from the target."""
        ...

    def describe(self, text: str) -> Described:
        """As OnePlanner.describe()."""
        ...

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As OnePlanner.prepare()."""
        ...

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """As OnePlanner.verify()."""
        ...

    def divert(self, texts: Sequence[str]) -> bool:
        """Have these statements planned where more can be pretended; whether that can be.

        What was answered for them before does not hold any more.
        """
        ...

    def plan_all(self, requests: Sequence[Request]) -> list[Pretended | PlanError]:
        """The plans in the order of the requests; one that fails does not end the others."""
        ...
