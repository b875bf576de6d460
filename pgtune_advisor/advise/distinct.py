"""How many different keys some rows have: what deduplication of a btree depends on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from pgtune_advisor.advise.table_facts import ColumnWidth

# More classes than this are merged: four columns with nulls and a top value are 81.
MAX_CLASSES: Final = 128
# Rows that ANALYZE samples at the default statistics target. Of columns with more values than half
# of that it sees most once or never; Duj1 (Haas and Stokes, JASA 1998), by which it estimates
# them, then comes out at half to four fifths of the truth on uneven data.
SAMPLE: Final = 30_000
UNSEEN: Final = 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClass:
    """Rows that are alike in which of their key columns are null.

    `rows` have `keys` different keys; `nulls` runs parallel to the columns.
    """

    rows: float
    keys: float
    nulls: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A share of a column's rows with its number of values."""

    share: float
    distinct: float
    is_null: bool = False


def key_classes(
    columns: Sequence[ColumnWidth], rows: float, share: float, *, top: int = 3
) -> list[KeyClass]:
    """The rows of a table of `rows` that a share of them puts into an index, by class of key.

    Columns are taken as independent: nothing in pg_stats says otherwise. Columns that depend on
    each other have fewer keys than this. Each column is split into nulls, its `top` commonest
    values one by one, and the rest, which is taken as even.
    """
    parts = [_parts(column, rows, top=top) for column in columns]
    for fewer in (1, 0):
        if math.prod(len(p) for p in parts) <= MAX_CLASSES:
            break
        parts = [_parts(column, rows, top=min(fewer, top)) for column in columns]
    if math.prod(len(p) for p in parts) > MAX_CLASSES:
        parts = [[_Part(share=1.0, distinct=_values(column, rows))] for column in columns]
    classes: dict[tuple[bool, ...], tuple[float, float]] = {}
    for chosen in product(*parts):
        in_class = rows * share * math.prod(part.share for part in chosen)
        if in_class <= 0:
            continue
        seen = [distinct_in_sample(part.distinct, rows * part.share, in_class) for part in chosen]
        keys = distinct_pairs(seen, in_class)
        nulls = tuple(part.is_null for part in chosen)
        before = classes.get(nulls, (0.0, 0.0))
        classes[nulls] = before[0] + in_class, before[1] + keys
    return [
        KeyClass(rows=number, keys=min(max(keys, 1.0), max(number, 1.0)), nulls=nulls)
        for nulls, (number, keys) in sorted(classes.items())
    ]


def distinct_in_sample(distinct: float, rows: float, sample: float) -> float:
    """Values that a sample without replacement meets: d·(1 − (1 − s)^(N/d)), Yao's formula."""
    if distinct <= 1 or rows <= 0 or sample >= rows:
        return min(max(distinct, 1.0), max(sample, 1.0))
    missed: float = (1 - sample / rows) ** (rows / distinct)
    return max(distinct * (1 - missed), 1.0)


def distinct_pairs(distinct: Sequence[float], rows: float) -> float:
    """Different combinations in `rows` of independent columns.

    From the most distinct column on: each of its values has rows/d rows, which meet
    b·(1 − (1 − 1/b)^(rows/d)) of the next column's b values.
    """
    first, *others = sorted(distinct, reverse=True)
    combined = max(first, 1.0)
    for values in others:
        if values <= 1 or combined >= rows:
            break
        each = max(rows / combined, 1.0)
        combined *= max(values * -math.expm1(each * math.log1p(-1 / values)), 1.0)
    return min(combined, max(rows, 1.0))


def _values(column: ColumnWidth, rows: float) -> float:
    not_null = rows * (1 - column.null_fraction)
    if column.distinct is None:
        return max(not_null, 1.0)
    distinct = column.distinct
    if rows > SAMPLE and distinct > SAMPLE / 2:
        distinct *= UNSEEN
    return min(max(distinct, 1.0), max(not_null, 1.0))


def _parts(column: ColumnWidth, rows: float, *, top: int) -> list[_Part]:
    nulls = column.null_fraction
    common = [share for share in column.common[:top] if share > 0]
    distinct = _values(column, rows)
    rest = 1 - nulls - sum(common)
    parts = [_Part(share=nulls, distinct=1.0, is_null=True)] if nulls > 0 else []
    if rest <= 0.001 or distinct - len(common) < 1:
        # The commonest values are all there are, or rounding says so.
        common = common[: max(int(distinct) - 1, 0)]
        rest = max(1 - nulls - sum(common), 0.0)
    parts += [_Part(share=share, distinct=1.0) for share in common]
    if rest > 0:
        parts.append(_Part(share=rest, distinct=max(distinct - len(common), 1.0)))
    return parts
