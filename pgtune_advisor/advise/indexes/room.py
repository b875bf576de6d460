"""A budget that is used up: what is chosen gives way to what saves more in its room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from pgtune_advisor.advise.indexes.state import LEAST_BYTES, Judged, Move, State
from pgtune_advisor.domain.index_def import IndexDef

# How many of the moves that the budget kept out are tried again.
_TRIED: Final = 24
# What gives way may cost at most this part of what comes instead: the sum is not exact.
_PART: Final = 0.8


def make_room(
    state: State,
    kept_out: Iterable[Move],
    pool: Iterable[IndexDef],
    expired: Callable[[], bool],
) -> None:
    """Let smaller forms of chosen indexes, or none, make room for moves that did not fit.

    Greedy by loss per byte that becomes free; each exchange is judged exactly before it is made.
    """
    judged = _Judgements(state)
    waiting = sorted(set(kept_out), key=lambda move: (sorted(move.add), sorted(move.remove)))
    candidates = sorted(pool)
    while waiting and not expired():
        wanted = [j for j in judged.of(waiting) if state.worthwhile(j) and not state.harmed(j)]
        wanted.sort(key=lambda j: -j.worth)
        yielding = _yielding(state, judged, candidates)
        better = (_exchanged(state, one, yielding) for one in wanted[:_TRIED] if not expired())
        best = next((one for one in better if one is not None), None)
        if best is None:
            return
        state.accept(best)
        waiting = [move for move in waiting if not move.add <= state.chosen]


class _Judgements:
    """Moves as they were judged last; anew where the choice on their tables or the cost of a
    statement that they were found for has changed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[Move, tuple[object, Judged]] = {}

    def of(self, moves: Iterable[Move]) -> list[Judged]:
        """What each move does, in their order."""
        stamps = {move: self._stamp(move) for move in moves}
        stale = [move for move, stamp in stamps.items() if self._last(move) != stamp]
        for judged in self._state.judge(stale):
            self._known[judged.move] = (stamps[judged.move], judged)
        return [self._known[move][1] for move in stamps]

    def _last(self, move: Move) -> object:
        known = self._known.get(move)
        return known[0] if known else None

    def _stamp(self, move: Move) -> object:
        tables = {index.relation for index in move.add | move.remove}
        chosen = frozenset(index for index in self._state.chosen if index.relation in tables)
        return self._state.version(move), chosen


def _yielding(state: State, judged: _Judgements, candidates: list[IndexDef]) -> list[Judged]:
    """Moves that free room, with what they lose; the cheapest for their room first."""
    moves = judged.of(_smaller(state, candidates))
    found = [one for one in moves if one.grows < 0 and not state.harmed(one)]
    return sorted(found, key=lambda one: one.worth / min(one.grows, -LEAST_BYTES))


def _smaller(state: State, candidates: list[IndexDef]) -> Iterator[Move]:
    for old in sorted(state.chosen):
        gone = frozenset({old})
        yield Move(add=frozenset(), remove=gone)
        if old.include:
            yield Move(add=frozenset({replace(old, include=())}), remove=gone)
        names = state.interest.get(old, frozenset())
        size = state.bytes((old,))
        for new in candidates:
            if (
                new.relation == old.relation
                and new not in state.chosen
                and names & state.interest.get(new, frozenset())
                and state.bytes((new,)) < size
            ):
                yield Move(add=frozenset({new}), remove=gone)


def _exchanged(state: State, wanted: Judged, yielding: list[Judged]) -> Judged | None:
    """The wanted move together with what makes room for it; None where that does not pay."""
    missing = state.bytes(state.chosen) + wanted.grows - state.budget
    lost = 0.0
    add, remove = set(wanted.move.add), set(wanted.move.remove)
    for one in yielding:
        if missing <= 0:
            break
        if one.move.remove & (remove | add) or one.move.add & remove:
            continue
        loss = max(-one.worth, 0.0)
        if lost + loss > _PART * wanted.worth:
            continue
        lost += loss
        missing += one.grows
        add |= one.move.add
        remove |= one.move.remove
    if missing > 0:
        return None
    (exact,) = state.judge([Move(add=frozenset(add), remove=frozenset(remove))])
    pays = exact.worth > (1 - _PART) * wanted.worth
    if not pays or state.harmed(exact) or not state.fits(exact):
        return None
    return exact
