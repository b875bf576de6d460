"""Several planners of one database side by side: the answers do not depend on how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    OnePlanner,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.plans import PlanError

# Fewer are not worth a thread's time.
_SMALLEST_SHARE = 4


class PlannerPool:
    """A Planner over connections of one kind; `held` is closed with them."""

    def __init__(
        self,
        planners: Sequence[OnePlanner],
        gaps: Sequence[Gap] = (),
        held: ExitStack | None = None,
    ) -> None:
        self._planners = tuple(planners)
        self.gaps = tuple(gaps)
        self._held = held or ExitStack()
        self._closed = False
        self._threads = ThreadPoolExecutor(len(planners), thread_name_prefix="planner")

    @property
    def kind(self) -> PlannerKind:
        return self._planners[0].kind

    @property
    def abilities(self) -> Abilities:
        return self._planners[0].abilities

    @property
    def calls(self) -> int:
        return sum(planner.calls for planner in self._planners)

    def describe(self, text: str) -> Described:
        """As Planner.describe()."""
        return self._planners[0].describe(text)

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As Planner.prepare()."""
        shares: list[Sequence[IndexDef]] = [indexes] * len(self._planners)
        if self.kind == "hypopg":
            # What can be pretended is the same in each session, and nothing is kept for later.
            count = len(self._planners)
            shares = [indexes[number::count] for number in range(count)]
        refused: dict[IndexDef, PlanError] = {}
        for found in self._threads.map(
            lambda one, share: one.prepare(share), self._planners, shares
        ):
            refused |= found
        return refused

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """As Planner.verify()."""
        return self._planners[0].verify(texts)

    def divert(self, texts: Sequence[str]) -> bool:
        """As Planner.divert(): there is but one kind of planner here."""
        del texts
        return False

    def plan_all(self, requests: Sequence[Request]) -> list[Pretended | PlanError]:
        """As Planner.plan_all(). Each planner takes neighbours, which often want the same
        indexes."""
        count = min(len(self._planners), max(len(requests) // _SMALLEST_SHARE, 1))
        if count == 1:
            return _share(self._planners[0], requests)
        size = -(-len(requests) // count)
        shares = [requests[start : start + size] for start in range(0, len(requests), size)]
        found = self._threads.map(_share, self._planners, shares)
        return [answer for share in found for answer in share]

    def close(self) -> None:
        """Let go of all planners; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown()
        for planner in self._planners:
            planner.close()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _share(planner: OnePlanner, requests: Sequence[Request]) -> list[Pretended | PlanError]:
    answers: list[Pretended | PlanError] = []
    for request in requests:
        try:
            answers.append(planner.plan(request))
        except PlanError as error:
            answers.append(error)
    return answers
