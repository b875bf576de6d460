"""Which candidates matter to a statement: those that its plans use, layer by layer.

The planner is asked with all candidates of the statement at once, what it uses is kept and taken
away, and it is asked again (Peel, after "Magic mirror in my hand", VLDB 2020, where one call a
candidate and statement is the greater part of all).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.indexes.costs import CostBook, IndexSet
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.variants import plainer
from pgtune_advisor.domain.index_def import IndexDef

ROUNDS: Final = 6
# A layer that saves less than this share ends the peeling.
_LITTLE: Final = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The indexes that a plan used, and what they save: weight times cost."""

    used: IndexSet
    saved: float


def peel(
    book: CostBook, jobs: Iterable[Job], candidates: Mapping[str, IndexSet]
) -> dict[str, tuple[Layer, ...]]:
    """For each job the sets that its plans used, best first; none where nothing helps."""
    waiting = {job.name: (job, candidates.get(job.name, frozenset())) for job in jobs}
    waiting = {name: pair for name, pair in waiting.items() if pair[1]}
    book.ask((job, frozenset()) for job, _ in waiting.values())
    layers: dict[str, list[Layer]] = {name: [] for name in waiting}
    for _ in range(ROUNDS):
        if not waiting:
            break
        book.ask(waiting.values())
        following: dict[str, tuple[Job, IndexSet]] = {}
        for name, (job, left) in waiting.items():
            base, found = book.cost(job, frozenset()), book.cost(job, left)
            if base is None or found is None or not found.used:
                continue
            if found.planner > base.planner * _LITTLE:
                continue
            saved = job.weight * (base.planner - found.planner)
            layers[name].append(Layer(used=found.used, saved=saved))
            rest = left - found.used
            if rest:
                following[name] = (job, rest)
        waiting = following
    return {name: tuple(found) for name, found in layers.items()}


def kept(layers: Iterable[Layer]) -> dict[IndexDef, float]:
    """What was used in any layer, and the plainer forms of it, which other statements may share:
    each with what it may save at most."""
    found: dict[IndexDef, float] = {}
    for layer in layers:
        for index in layer.used:
            for form in (index, *plainer(index)):
                found[form] = max(found.get(form, 0.0), layer.saved)
    return found
