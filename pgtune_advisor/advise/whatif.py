"""What a planner is to the advice: it says what a statement would cost under other indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.plans import Plan

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


class Planner(Protocol):
    """Plans statements of one database under pretended indexes; not for several threads at once.

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

    def plan(
        self,
        text: str,
        indexes: frozenset[IndexDef],
        hidden: frozenset[tuple[str, str]] = frozenset(),
    ) -> Pretended:
        """The plan of a statement without parameters if these indexes were there.

        `hidden` are existing indexes (schema, name) that were not there. An index that cannot be
        pretended raises PlanError.
        """
        ...
