"""How well a shadow plans as the target does, statement by statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.whatif import Fidelity
from pgtune_advisor.plans import Plan, PlanError

Explain = Callable[[str], Plan]
Access = tuple[str, str, str]
TOLERANCE: Final = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFidelity:
    """One statement on both sides. `ratio` is the shadow's cost over the target's.

    `same_access`: both read the same tables by the same indexes and kinds of scan. `failure` is
    why there was nothing to compare; its statement counts for nothing where the target failed,
    and as poor where only the shadow did.
    """

    text: str
    weight: float
    ratio: float | None
    same_access: bool
    failure: str = ""
    counts: bool = True

    @property
    def agrees(self) -> bool:
        """Whether the cost is within 10 % and the way to the rows the same."""
        return self.ratio is not None and self.same_access and abs(self.ratio - 1) <= TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The statements in the order given, and the share by weight of those that agree."""

    statements: tuple[StatementFidelity, ...]

    @property
    def overall(self) -> float | None:
        """From 0 to 1; None where nothing could be compared."""
        counted = [one for one in self.statements if one.counts]
        total = sum(one.weight for one in counted)
        if not total:
            return None
        return sum(one.weight for one in counted if one.agrees) / total

    @property
    def poor(self) -> tuple[StatementFidelity, ...]:
        """The statements that were compared and do not agree."""
        return tuple(one for one in self.statements if one.counts and not one.agrees)

    @property
    def fidelity(self) -> Fidelity:
        """As the advice wants it."""
        return Fidelity(overall=self.overall, ratios=tuple(one.ratio for one in self.statements))


def compare(
    shadow: Explain,
    target: Explain,
    texts: Sequence[str],
    weights: Sequence[float] | None = None,
) -> Comparison:
    """Explain each statement on both sides, as things are now. PlanError only if one is lost."""
    pairs = zip(texts, weights or [1.0] * len(texts), strict=True)
    return Comparison(statements=tuple(_one(shadow, target, text, w) for text, w in pairs))


def _one(shadow: Explain, target: Explain, text: str, weight: float) -> StatementFidelity:
    sides: list[Plan] = []
    for explain in (target, shadow):
        try:
            sides.append(explain(text))
        except PlanError as error:
            if error.reason == "planner-lost":
                raise
            return StatementFidelity(
                text=text,
                weight=weight,
                ratio=None,
                same_access=False,
                failure=f"{error.primary}: {error.detail}",
                counts=bool(sides),
            )
    theirs, ours = sides
    # A statement that reads nothing costs nothing: neither side can be wrong by a factor.
    ratio = ours.cost / theirs.cost if theirs.cost else float(ours.cost == 0)
    return StatementFidelity(
        text=text, weight=weight, ratio=ratio, same_access=_access(ours) == _access(theirs)
    )


def _access(plan: Plan) -> frozenset[Access]:
    return frozenset(
        (node.relation, node.index, node.kind)
        for node in plan.root.walk()
        if node.relation or node.index
    )
