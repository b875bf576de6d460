"""What-if by a shadow: every kind of index, nothing asked of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.errors import ClusterError, TargetError
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner.fidelity import compare
from pgtune_advisor.planner.pool import PlannerPool
from pgtune_advisor.planner.shadow import Shadow
from pgtune_advisor.planner.shadow_indexes import ShadowIndexes, Size
from pgtune_advisor.plans import Plan, PlanError

Explain = Callable[[str], Plan]
_METHODS: Final = frozenset({"btree", "hash", "gin", "gist", "spgist", "brin"})
_SWITCH: Final = (
    "UPDATE /* pgtune-advisor: switch */ pg_catalog.pg_index SET indisvalid = NOT indisvalid"
    " WHERE indexrelid = ANY ($1::pg_catalog.oid[])"
)


class ShadowPlanner:
    """Plans in one database of a shadow, where nobody else may pretend indexes.

    `size` says how many bytes an index would have; `target` explains a statement on the target
    itself, where there is one to ask. `settings` are set for the session.
    """

    kind: PlannerKind = "shadow"
    abilities = Abilities(methods=_METHODS, hiding=True)

    def __init__(
        self,
        shadow: Shadow,
        *,
        size: Size,
        number: int = 0,
        target: Explain | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        dsn = shadow.cluster.dsn(shadow.databases[number])
        self._target = target
        # The OIDs of the indexes that are not as they were found: on if pretended, off if hidden.
        self._switched: frozenset[int] = frozenset()
        with ExitStack() as stack:
            try:
                self._explainer = stack.enter_context(
                    Explainer.connect(dsn, where="the shadow", settings=settings, read_only=False)
                )
                session = stack.enter_context(ScratchSession.connect(dsn))
                self._indexes = ShadowIndexes(
                    session, data_dir=shadow.cluster.data_dir, size=size, rows=self._estimate
                )
            except (ClusterError, TargetError) as error:
                raise _lost(error) from None
            self._stack = stack.pop_all()

    @property
    def calls(self) -> int:
        return self._explainer.calls

    def close(self) -> None:
        """Close the connections; the shadow stays."""
        self._stack.close()

    def describe(self, text: str) -> Described:
        """As OnePlanner.describe()."""
        self._switch(frozenset())
        return self._explainer.describe(text)

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As OnePlanner.prepare()."""
        # What is switched on would be looked at by those that are made.
        self._switch(frozenset())
        try:
            return self._indexes.make(indexes)
        except ClusterError as error:
            raise _lost(error) from None

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """As OnePlanner.verify(); without a target to ask nothing is known."""
        if self._target is None:
            return Fidelity(overall=None, ratios=(None,) * len(texts))
        return compare(self.explain, self._target, texts).fidelity

    def explain(self, text: str) -> Plan:
        """The plan of a statement as things are now."""
        self._switch(frozenset())
        return self._explainer.explain(text)

    def plan(self, request: Request) -> Pretended:
        """As OnePlanner.plan()."""
        self._switch(self._wanted(request))
        if request.generic:
            plan = self._explainer.describe(request.text).plan
        else:
            plan = self._explainer.explain(request.text)
        owners = (self._indexes.owner(name) for name in plan.indexes)
        used = frozenset(index for index in owners if index is not None)
        return Pretended(cost=plan.cost, used=used, plan=plan)

    def _wanted(self, request: Request) -> frozenset[int]:
        try:
            wanted = {oid for index in request.indexes for oid in self._indexes.oids(index)}
        except ClusterError as error:
            raise _lost(error) from None
        for name in request.hidden:
            wanted.update(self._indexes.existing(name))
        return frozenset(wanted)

    def _switch(self, wanted: frozenset[int]) -> None:
        """Switch only what differs from the last time."""
        changed = wanted ^ self._switched
        if changed:
            self._explainer.ask(_SWITCH, ["{" + ",".join(map(str, sorted(changed))) + "}"])
            self._switched = wanted

    def _estimate(self, query: str) -> float:
        return self._explainer.explain(query).root.rows


def _lost(error: ClusterError | TargetError) -> PlanError:
    return PlanError(
        "planner-lost",
        "the shadow is gone",
        detail=f"{error.primary}: {error.detail}" if error.detail else error.primary,
        hint="The next run builds a new one.",
    )


def shadow_planners(shadow: Shadow, *, size: Size, target: Explain | None = None) -> PlannerPool:
    """A planner for each database of the shadow. PlanError where it is gone."""
    with ExitStack() as stack:
        planners = []
        for number in range(len(shadow.databases)):
            planner = ShadowPlanner(shadow, size=size, number=number, target=target)
            stack.callback(planner.close)
            planners.append(planner)
        stack.pop_all()
    return PlannerPool(planners)
