"""Least squares for a handful of columns, with the probability that a column is there by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the last column of a fit adds to the others.

    `slope` is its coefficient, `explained` the share of what the others leave unexplained that it
    explains, `chance` the probability of as much if it had no part.
    """

    slope: float
    explained: float
    chance: float


def last_column(
    columns: Sequence[Sequence[float]], values: Sequence[float], weights: Sequence[float]
) -> Share | None:
    """Fit `values` by `columns` and judge the last of them.

    None where it hardly differs from what the others make up, or where there are too few values.
    """
    freedom = len(values) - len(columns)
    if freedom < 1:
        return None
    roots = [math.sqrt(weight) for weight in weights]
    scaled = [[v * root for v, root in zip(c, roots, strict=True)] for c in (*columns, values)]
    *others, last, target = scaled
    size = _dot(last, last)
    for number, other in enumerate(others):
        length = _dot(other, other)
        if length <= _TINY:
            continue
        for rest in (*others[number + 1 :], last, target):
            factor = _dot(rest, other) / length
            for index, value in enumerate(other):
                rest[index] -= factor * value
    own, left = _dot(last, last), _dot(target, target)
    if own <= _TINY + size * 1e-6 or left <= _TINY:
        return None
    slope = _dot(last, target) / own
    explained = min(slope * slope * own / left, 1.0)
    return Share(slope=slope, explained=explained, chance=_chance(explained, freedom))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _chance(explained: float, freedom: int) -> float:
    """P(R² ≥ explained) of one column without a part: the upper tail of Beta(1/2, freedom/2)."""
    if explained >= 1.0:
        return 0.0
    return _beta_tail(freedom / 2, 0.5, 1.0 - explained)


def _beta_tail(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 / _far(1.0 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 200):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _far(1.0 + step * d)
            c = _far(1.0 + step / c)
            found *= c * d
        if abs(c * d - 1.0) < 1e-10:
            break
    return found


def _far(value: float) -> float:
    """The value, not nearer to zero than can be divided by."""
    return value if abs(value) > 1e-30 else 1e-30
