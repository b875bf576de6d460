"""A planner that another thread can end between two plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    Planner,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.plans import PlanError

# About as many plans as a few connections make in a tenth of a second.
_PART: Final = 64


class StoppablePlanner:
    """A Planner whose calls raise PlanError `planner-lost` once `stopped` says so."""

    def __init__(self, planner: Planner, stopped: Callable[[], bool]) -> None:
        self._planner = planner
        self._stopped = stopped

    @property
    def kind(self) -> PlannerKind:
        return self._planner.kind

    @property
    def abilities(self) -> Abilities:
        return self._planner.abilities

    @property
    def calls(self) -> int:
        return self._planner.calls

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self._planner.gaps

    def describe(self, text: str) -> Described:
        """As Planner.describe()."""
        self._go_on()
        return self._planner.describe(text)

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As Planner.prepare()."""
        self._go_on()
        return self._planner.prepare(indexes)

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """As Planner.verify()."""
        self._go_on()
        return self._planner.verify(texts)

    def divert(self, texts: Sequence[str]) -> bool:
        """As Planner.divert()."""
        self._go_on()
        return self._planner.divert(texts)

    def plan_all(self, requests: Sequence[Request]) -> list[Pretended | PlanError]:
        """As Planner.plan_all()."""
        answers: list[Pretended | PlanError] = []
        for start in range(0, len(requests), _PART):
            self._go_on()
            answers += self._planner.plan_all(requests[start : start + _PART])
        return answers

    def _go_on(self) -> None:
        if self._stopped():
            raise PlanError(
                "planner-lost",
                "planning was stopped",
                detail="The advisor ends, or its cycle took too long.",
            )
