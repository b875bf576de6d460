"""How a look-up's calls change with the rows of the statements that may lead to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.statement_windows import Identity, StatementWindow
from pgtune_advisor.rules.facts.regression import Share, last_column

# Parents of one child that are told apart at once, and those that are looked at in all.
_MOST_TOGETHER: Final = 3
MOST_CANDIDATES: Final = 12
_SURE: Final = 0.001
# Pages of one size: the calls follow the rows one to one, while the traffic goes up and down.
_ONE_TO_ONE: Final = 0.03
_PROPORTIONAL: Final = 0.98
_RELATED: Final = 0.5
_UPS_AND_DOWNS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A parent's part in a child's calls over so many windows; no share where none can be told."""

    windows: int
    share: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    calls: list[float]
    rows: list[float]


def fits(
    child: Iterable[Identity],
    parents: Sequence[Iterable[Identity]],
    windows: Sequence[StatementWindow],
) -> list[Fit]:
    """For each parent what its rows explain of the child's calls, given all parents' calls."""
    ran = [_series(one, windows) for one in (child, *parents)]
    active = [at for at in range(len(windows)) if any(one.calls[at] for one in ran)]
    kept = [_at(one, active) for one in ran]
    target, candidates = kept[0].calls, kept[1:]
    chosen = _chosen(target, candidates)
    found = []
    for number, parent in enumerate(candidates):
        others = [candidates[one] for one in chosen if one != number]
        share = _share(target, parent, others)
        if share is None:
            share = _steady(target, parent)
        elif share.chance > _SURE:
            steady = _steady(target, parent)
            share = steady if steady is not None and steady.chance <= _SURE else share
        if share is not None:
            chance = min(share.chance * len(candidates), 1.0)
            share = Share(slope=share.slope, explained=share.explained, chance=chance)
        together = sum(1 for c, p in zip(target, parent.calls, strict=True) if c and p)
        found.append(Fit(windows=together, share=share))
    return found


def _chosen(target: list[float], candidates: Sequence[_Series]) -> list[int]:
    """The parents that have a part in the child's calls beside each other."""
    chosen: list[int] = []
    while len(chosen) < _MOST_TOGETHER:
        others = [candidates[one] for one in chosen]
        best: tuple[float, int] | None = None
        for number, parent in enumerate(candidates):
            share = None if number in chosen else _share(target, parent, others)
            if share is not None and share.slope > 0 and share.chance < _SURE:
                best = min(best or (share.chance, number), (share.chance, number))
        if best is None:
            break
        chosen.append(best[1])
    return chosen


def _share(target: list[float], parent: _Series, others: Sequence[_Series]) -> Share | None:
    columns = [[1.0] * len(target)]
    for other in others:
        columns += [other.calls, other.rows]
    columns += [parent.calls, parent.rows]
    # The scatter of a count grows with the count.
    weights = [1.0 / (1.0 + rows) for rows in parent.rows]
    return last_column(columns, target, weights)


def _steady(target: list[float], parent: _Series) -> Share | None:
    """Where all pages have one size, rows and calls of the parent cannot be told apart.

    Calls of the child that equal the rows all along are no accident, and calls that do not even
    go up and down with them have nothing to do with them. Of the rest nothing is said.
    """
    rows, total = parent.rows, sum(parent.rows)
    if not total or _spread(rows) < _UPS_AND_DOWNS:
        return None
    share = last_column([[1.0] * len(target), rows], target, [1.0] * len(target))
    if share is None or share.explained < _RELATED:
        return share
    equal = abs(sum(target) / total - 1.0) <= _ONE_TO_ONE
    close = abs(share.slope - 1.0) <= 2 * _ONE_TO_ONE
    return share if equal and close and share.explained >= _PROPORTIONAL else None


def _spread(values: Sequence[float]) -> float:
    """The standard deviation over the mean."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values)) / mean


def _series(one: Iterable[Identity], windows: Sequence[StatementWindow]) -> _Series:
    keys = tuple(one)
    counts = [[w.counts[key] for key in keys if key in w.counts] for w in windows]
    return _Series(
        calls=[float(sum(count.calls for count in some)) for some in counts],
        rows=[float(sum(count.rows for count in some)) for some in counts],
    )


def _at(series: _Series, places: Sequence[int]) -> _Series:
    return _Series(
        calls=[series.calls[at] for at in places], rows=[series.rows[at] for at in places]
    )
