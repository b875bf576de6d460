"""The choice of indexes for a whole workload under a budget.

Extension steps (Schlosser, Kossmann, Boissier: "Efficient Scalable Multi-Attribute Index Selection
Using Recursive Strategies", ICDE 2019) with lazy evaluation: the move with the most net gain for
its bytes is made, where a move adds an index, replaces one by a wider one, or adds at once all
that one statement's plan uses. Gains of moves that touch no changed statement are not asked anew.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal

from pgtune_advisor.advise.indexes.costs import IndexSet
from pgtune_advisor.advise.indexes.state import Judged, Move, State
from pgtune_advisor.advise.indexes.variants import merged
from pgtune_advisor.domain.index_def import IndexDef

Turned = Literal["below-bar", "over-budget", "regression"]
# How many moves are judged together, so that several planners have work.
_BATCH: Final = 8
_UNJUDGED: Final = -1
# How much dearer a statement may become for an index that carries nothing along.
TRIMMED: Final = 1.2


class Refusals:
    """Why moves were turned down, the last reason of each index."""

    def __init__(self) -> None:
        self.reasons: dict[IndexDef, tuple[Turned, Judged, tuple[str, ...]]] = {}
        self.over_budget: set[Move] = set()

    def note(self, reason: Turned, judged: Judged, harmed: Iterable[str] = ()) -> None:
        if reason == "over-budget":
            self.over_budget.add(judged.move)
        for index in judged.move.add:
            self.reasons[index] = (reason, judged, tuple(harmed))


def grow(
    state: State, hopes: Mapping[Move, float], refusals: Refusals, expired: Callable[[], bool]
) -> None:
    """Make the best move again and again until none is worthwhile or time is up.

    `hopes` are the moves with what each may save at most: one is judged when it comes to the top.
    """
    queue = _Queue(state, refusals)
    for move, saved in hopes.items():
        queue.hope(move, saved)
    while not expired():
        judged = queue.best(expired)
        if judged is None:
            return
        (exact,) = state.judge([judged.move])
        if not state.worthwhile(exact):
            refusals.note("below-bar", exact)
        elif harmed := state.harmed(exact):
            refusals.note("regression", exact, harmed)
        elif not state.fits(exact):
            refusals.note("over-budget", exact)
        else:
            before = state.chosen
            state.accept(exact)
            queue.push(list(_mergers(state, state.chosen - before)))


def _mergers(state: State, fresh: IndexSet) -> Iterator[Move]:
    """Moves that replace a new index and a chosen one by one that serves for both."""
    for new in sorted(fresh):
        for old in sorted(state.chosen - {new}):
            for both in merged(new, old):
                if both not in state.chosen:
                    names = state.interest.get(new, frozenset()) | state.interest.get(
                        old, frozenset()
                    )
                    known = state.interest.get(both, frozenset())
                    state.interest[both] = known | names
                    yield Move(add=frozenset({both}), remove=frozenset({new, old}))


class _Queue:
    """Moves by their last known score; one is judged anew only if a job of it changed since."""

    def __init__(self, state: State, refusals: Refusals) -> None:
        self._state = state
        self._refusals = refusals
        self._heap: list[tuple[float, int, int, Judged]] = []
        self._count = 0

    def hope(self, move: Move, saved: float) -> None:
        """A move that nobody has judged yet, by the most that it may save."""
        grows = self._state.bytes(move.add - self._state.chosen)
        self._count += 1
        guess = Judged(move=move, costs={}, gain=saved, grows=grows)
        heapq.heappush(self._heap, (-guess.score, _UNJUDGED, self._count, guess))

    def push(self, moves: list[Move]) -> None:
        for judged in self._state.judge(moves, self._state.interested):
            if (
                judged.gain
                <= 0
                < judged.gain + sum(map(self._state.prices.upkeep, judged.move.add))
            ):
                # It never comes to the top, and the reason is its upkeep.
                self._refusals.note("below-bar", judged)
            self._put(judged)

    def best(self, expired: Callable[[], bool]) -> Judged | None:
        """The move with the best score that is up to date; it leaves the queue."""
        while self._heap and not expired():
            _, stamp, _, judged = self._heap[0]
            if judged.gain <= 0:
                return None
            if stamp == self._state.version(judged.move):
                heapq.heappop(self._heap)
                return judged
            stale: list[Move] = []
            while self._heap and len(stale) < _BATCH:
                _, stamp, _, judged = self._heap[0]
                if stamp == self._state.version(judged.move):
                    break
                heapq.heappop(self._heap)
                stale.append(judged.move)
            self.push(stale)
        return None

    def _put(self, judged: Judged) -> None:
        self._count += 1
        stamp = self._state.version(judged.move)
        heapq.heappush(self._heap, (-judged.score, stamp, self._count, judged))


def finish(
    state: State, pool: Iterable[IndexDef], refusals: Refusals, expired: Callable[[], bool]
) -> None:
    """Take away what others made useless, and exchange what another index does better."""
    candidates = sorted(pool)
    outgrown: set[IndexDef] = set()
    improved = True
    while improved and not expired():
        improved = _drop(state, refusals)
        for wide in sorted(index for index in state.chosen if index.include):
            improved |= _trim(state, wide)
        for old in sorted(state.chosen):
            if expired():
                return
            improved |= _exchange(state, old, candidates, outgrown)


def _drop(state: State, refusals: Refusals) -> bool:
    """Drop each index without which nothing much is lost; the least useful first."""
    dropped = False
    while state.chosen:
        moves = [Move(add=frozenset(), remove=frozenset({i})) for i in sorted(state.chosen)]
        worst = max(state.judge(moves), key=lambda judged: judged.gain)
        back = Move(add=worst.move.remove)
        lost = Judged(move=back, costs=_before(state, worst), gain=-worst.gain, grows=-worst.grows)
        if _passes(state, worst, lost):
            return dropped
        refusals.note("below-bar", lost)
        state.accept(worst)
        dropped = True
    return dropped


def _passes(state: State, worst: Judged, lost: Judged) -> bool:
    """Whether the index would be taken again if it were not there."""
    if not state.matters(lost.gain, lost.grows):
        return False
    share = 1 - state.bars.statement
    return lost.gain >= 0.01 * state.left or any(
        state.costs[name] <= cost * share for name, cost in worst.costs.items()
    )


def _before(state: State, worst: Judged) -> dict[str, float]:
    return {name: state.costs[name] for name in worst.costs}


def _trim(state: State, wide: IndexDef) -> bool:
    """Leave INCLUDE away where that makes no statement dearer by more than estimates are good for.

    What an index carries along for one statement tempts others into reading it whole.
    """
    narrow = replace(wide, include=())
    if narrow in state.chosen:
        return False
    names = state.interest.get(wide, frozenset())
    state.interest[narrow] = state.interest.get(narrow, frozenset()) | names
    (judged,) = state.judge([Move(add=frozenset({narrow}), remove=frozenset({wide}))])
    if not _is_slimmer(state, judged) or state.harmed(judged):
        return False
    state.accept(judged)
    return True


def _is_slimmer(state: State, judged: Judged) -> bool:
    """Whether a move saves room and loses nothing worth speaking of, for any statement or all."""
    return (
        judged.grows < 0
        and all(cost <= state.costs[name] * TRIMMED for name, cost in judged.costs.items())
        and not state.matters(-judged.gain, -judged.grows)
    )


def _exchange(
    state: State, old: IndexDef, candidates: list[IndexDef], outgrown: set[IndexDef]
) -> bool:
    """Replace an index by another of the same table that gains more, or takes less room.

    What a smaller one has replaced is `outgrown` and does not come back: several small losses
    would add up to its gain.
    """
    names = state.interest.get(old, frozenset())
    moves = [
        Move(add=frozenset({new}), remove=frozenset({old}))
        for new in candidates
        if new.relation == old.relation
        and new not in state.chosen
        and new not in outgrown
        and names & state.interest.get(new, frozenset())
    ]
    judged = state.judge(moves, state.interested)
    better = [one for one in judged if state.matters(one.gain, one.grows)]
    if better and _exchanged(state, max(better, key=lambda one: one.gain)):
        return True
    slimmer = [one for one in judged if _is_slimmer(state, one)]
    if slimmer and _exchanged(state, min(slimmer, key=lambda one: one.grows)):
        outgrown.add(old)
        return True
    return False


def _exchanged(state: State, move: Judged) -> bool:
    """Make the move if it holds for all statements that it touches."""
    (exact,) = state.judge([move.move])
    holds = state.matters(exact.gain, exact.grows) or _is_slimmer(state, exact)
    if not holds or state.harmed(exact) or not state.fits(exact):
        return False
    state.accept(exact)
    return True
