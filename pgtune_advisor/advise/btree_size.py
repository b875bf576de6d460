"""Pages of a freshly built btree, from PostgreSQL's page layout (nbtsort.c, nbtdedup.c)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.distinct import KeyClass, key_classes
from pgtune_advisor.advise.table_facts import PAGE, ColumnWidth

LINE_POINTER: Final = 4
TUPLE_HEADER: Final = 8
# With a null bitmap of 32 columns: MAXALIGN(8 + 4).
NULL_HEADER: Final = 16
USABLE: Final = PAGE - 24 - 16
TID: Final = 6
# CREATE INDEX keeps a posting list tuple, MAXALIGNed, within a tenth of a page with its pointer.
MAX_POSTING: Final = (PAGE // 10 // 8 * 8 - LINE_POINTER) // 8 * 8
MAX_TUPLE: Final = 2704
LEAF_FREE: Final = PAGE * 10 // 100
INTERNAL_FREE: Final = PAGE * 30 // 100
# Longer values are compressed (TOAST_INDEX_TARGET); to what is a guess of ordinary text.
COMPRESS_FROM: Final = 508
COMPRESSED: Final = 0.65

# Types of the core whose default btree class has support function 4: equal means same bytes.
EQUAL_IMAGE: Final = frozenset(
    {
        '"char"', "bit", "bit varying", "boolean", "bytea", "character", "character varying",
        "cidr", "date", "inet", "integer", "bigint", "smallint", "macaddr", "macaddr8", "money",
        "name", "oid", "oidvector", "pg_lsn", "text", "tid", "time without time zone",
        "time with time zone", "timestamp without time zone", "timestamp with time zone", "uuid",
        "xid8",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """`tuples` on the leaves (a posting list is one) for `entries` rows; sizes in bytes."""

    pages: int
    leaf_pages: int
    height: int
    entries: float
    entry_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaves:
    """What the leaves hold: tuples, their bytes, and those in posting lists' tails."""

    tuples: float = 0.0
    size: float = 0.0
    tails: float = 0.0


def btree(
    keys: Sequence[ColumnWidth],
    include: Sequence[ColumnWidth],
    rows: float,
    share: float,
    *,
    deduplicate: bool,
) -> Tree:
    """The tree over a share of a table's rows."""
    entries = rows * share
    columns = [*keys, *include]
    if entries < 0.5:
        return Tree(pages=1, leaf_pages=0, height=0, entries=0, entry_bytes=tuple_size(columns))
    leaves = _Leaves()
    plain = 0.0
    distinct = 0.0
    # How equal keys are matters to deduplication alone.
    for group in key_classes(columns, rows, share, top=3 if deduplicate else 0):
        key_size = tuple_size(columns, group.nulls)
        plain += group.rows * key_size
        distinct += group.keys
        found = _deduplicated(key_size, group) if deduplicate else _single(key_size, group)
        leaves = _Leaves(
            tuples=leaves.tuples + found.tuples,
            size=leaves.size + found.size,
            tails=leaves.tails + found.tails,
        )
    per_leaf = _fitting(leaves.size / leaves.tuples, LEAF_FREE, leaves.tails / leaves.tuples)
    leaf_pages = max(math.ceil(leaves.tuples / per_leaf), 1)
    pivot = _pivot_size(keys, rows, share, leaf_pages, unique=distinct > leaf_pages * 2)
    fanout = max(_fitting(pivot, INTERNAL_FREE, 0.0), 2.0)
    pages, level, height = leaf_pages, leaf_pages, 0
    while level > 1:
        level = math.ceil(level / fanout)
        pages += level
        height += 1
    return Tree(
        pages=pages + 1,
        leaf_pages=leaf_pages,
        height=height,
        entries=entries,
        entry_bytes=plain / entries,
    )


def tuple_size(columns: Sequence[ColumnWidth], nulls: Sequence[bool] = ()) -> float:
    """Bytes of an index tuple, MAXALIGNed, without its line pointer.

    Lengths that vary are rounded up to eight each by its own: half the weight is on the average,
    half on lengths around it.
    """
    present = [
        column for number, column in enumerate(columns) if number >= len(nulls) or not nulls[number]
    ]
    header = NULL_HEADER if len(present) < len(columns) else TUPLE_HEADER
    exact = _laid_out(present, header, 0.0)
    if not any(column.spread for column in present):
        return exact
    shifts = [step / 4 for step in range(-4, 5)]
    around = sum(_laid_out(present, header, shift) for shift in shifts) / len(shifts)
    return (exact + around) / 2


def _laid_out(columns: Sequence[ColumnWidth], header: int, shift: float) -> float:
    offset = float(header)
    for column in columns:
        if column.fixed:
            length, alignment = column.fixed
            offset = math.ceil(offset / alignment) * alignment + length
            continue
        width = max(column.average_width + shift * column.spread, 1.0)
        if width > COMPRESS_FROM:
            width = max(width * COMPRESSED, COMPRESS_FROM)
        if width > 127:
            # A value this long has the header of four bytes, which is aligned.
            offset = math.ceil(offset / 4) * 4
        offset += width
    return float(min(math.ceil(offset / 8) * 8, MAX_TUPLE))


def _fitting(size: float, free: int, tail: float) -> float:
    """Tuples that stay on a page: _bt_buildadd() fills until less than `free` is left.

    A posting list's `tail` does not count there, since it would be cut off the high key. The last
    tuple becomes the page's high key and moves on.
    """
    item = size + LINE_POINTER
    until_full = math.floor((USABLE - LINE_POINTER * 2 - free + tail) / item) + 1
    at_most = math.floor((USABLE - LINE_POINTER * 2) / item)
    return max(min(until_full, at_most) - 1, 1)


def _single(key_size: float, group: KeyClass) -> _Leaves:
    return _Leaves(tuples=group.rows, size=group.rows * key_size)


def _deduplicated(key_size: float, group: KeyClass) -> _Leaves:
    """Posting lists of keys that come a varying number of times: Poisson without zero."""
    per_tuple = max(int((MAX_POSTING - key_size) // TID), 1)
    each = group.rows / group.keys
    if each <= 1.0 or per_tuple < 2:
        return _single(key_size, group)
    tuples = size = 0.0
    for count, weight in _group_sizes(each):
        full, rest = divmod(count, per_tuple)
        tuples += weight * (full + (rest > 0))
        size += weight * full * _posting_size(key_size, per_tuple)
        if rest:
            size += weight * _posting_size(key_size, rest)
    tuples *= group.keys
    size *= group.keys
    return _Leaves(tuples=tuples, size=size, tails=size - tuples * key_size)


def _posting_size(key_size: float, count: int) -> float:
    if count == 1:
        return key_size
    return key_size + math.ceil(count * TID / 8) * 8


def _group_sizes(mean: float) -> list[tuple[int, float]]:
    """(rows of a key, share of the keys) with the given mean, which is above 1."""
    if mean > 50:
        low = int(mean)
        return [(low, low + 1 - mean), (low + 1, mean - low)]
    rate = mean
    for _ in range(60):
        rate = mean * -math.expm1(-rate)
    probability = math.exp(-rate) / -math.expm1(-rate)
    sizes = []
    for count in range(1, int(mean + 8 * math.sqrt(mean)) + 4):
        probability *= rate / count
        sizes.append((count, probability))
    return sizes


def _pivot_size(
    keys: Sequence[ColumnWidth], rows: float, share: float, leaf_pages: int, *, unique: bool
) -> float:
    """An internal tuple: leading keys as far as they tell leaves apart, else all and a TID."""
    for count in range(1, len(keys)):
        groups = key_classes(keys[:count], rows, share)
        if sum(group.keys for group in groups) > leaf_pages * 2:
            return tuple_size(keys[:count])
    return tuple_size(keys) + (0 if unique else 8)
