"""HypoPG for what it can pretend, a shadow for statements that other access methods may serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.planner.pool import PlannerPool
from pgtune_advisor.plans import PlanError


class HybridPlanner:
    """A Planner. A statement is planned by one of the two, before and after, never by both.

    The shadow is made when it is first needed; where it cannot be, `gap` says why.
    """

    def __init__(self, first: PlannerPool, make: Callable[[], PlannerPool | Gap]) -> None:
        self._first = first
        self._make = make
        self._second: PlannerPool | None = None
        self._diverted: frozenset[str] = frozenset()
        self.gap: Gap | None = None
        # What the shadow can is found out when a statement asks for it.
        methods = first.abilities.methods | {"gin", "gist", "spgist"}
        self.abilities: Abilities = replace(first.abilities, methods=frozenset(methods))

    @property
    def kind(self) -> PlannerKind:
        return self._first.kind

    @property
    def calls(self) -> int:
        return self._first.calls + (self._second.calls if self._second else 0)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the shadow lacks, or why there is none."""
        missing = (self.gap,) if self.gap else ()
        return (*self._first.gaps, *(self._second.gaps if self._second else ()), *missing)

    def describe(self, text: str) -> Described:
        """As Planner.describe()."""
        return self._first.describe(text)

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As Planner.prepare(); the second is asked for what the first cannot, and once there is
        one for all, since its statements may use any."""
        mine = [index for index in indexes if self._first.abilities.can(index)]
        refused = dict(self._first.prepare(mine))
        others = [index for index in indexes if not self._first.abilities.can(index)]
        if not others:
            return refused
        if self._second is None:
            why = self.gap.reason if self.gap else "no statement needs it"
            error = PlanError("plan-failed", f"HypoPG cannot pretend it, and no shadow can: {why}")
            return refused | dict.fromkeys(others, error)
        found = self._second.prepare([*others, *(i for i in mine if i not in refused)])
        return refused | dict(found)

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """As Planner.verify(): of the planner that each statement has."""
        if not self._second or not self._diverted.issuperset(texts):
            return self._first.verify(texts)
        return self._second.verify(texts)

    def divert(self, texts: Sequence[str]) -> bool:
        """As Planner.divert(): these go to the shadow from now on."""
        if self._second is None and self.gap is None:
            made = self._make()
            if isinstance(made, Gap):
                self.gap = made
            else:
                self._second = made
        if self._second is None:
            return False
        self._diverted |= frozenset(texts)
        return True

    def plan_all(self, requests: Sequence[Request]) -> list[Pretended | PlanError]:
        """As Planner.plan_all()."""
        if self._second is None:
            return self._first.plan_all(requests)
        there = [n for n, request in enumerate(requests) if request.text in self._diverted]
        away = frozenset(there)
        here = [n for n in range(len(requests)) if n not in away]
        answers: dict[int, Pretended | PlanError] = {}
        for numbers, planner in ((here, self._first), (there, self._second)):
            found = planner.plan_all([requests[n] for n in numbers])
            answers |= dict(zip(numbers, found, strict=True))
        return [answers[n] for n in range(len(requests))]

    def close(self) -> None:
        """Let go of both."""
        self._first.close()
        if self._second is not None:
            self._second.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
