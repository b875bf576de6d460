"""Pages of hash, BRIN, GiST, SP-GiST and bloom indexes, freshly built."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pgtune_advisor.advise.btree_size import LINE_POINTER, TUPLE_HEADER
from pgtune_advisor.advise.table_facts import PAGE, ColumnWidth

# A bucket is meant to hold 75 % of a page of tuples of 16 bytes and their line pointers.
HASH_TUPLE: Final = 20
BUCKET_ROWS: Final = PAGE * 75 // 100 // HASH_TUPLE
BUCKET_PAGE: Final = (PAGE - 24 - 16) // HASH_TUPLE
BRIN_RANGE: Final = 128
REVMAP_ITEMS: Final = 1360
# Insertion in no order leaves pages between half and full.
GIST_FILL: Final = 0.7
GIST_BOX: Final = 32
BLOOM_TUPLE: Final = 16


def hash_pages(column: ColumnWidth, rows: float) -> int:
    """Buckets are set out for the rows before the first comes; a crowded one overflows.

    Rows of one value share a bucket, so that few values crowd some and leave others empty.
    """
    buckets = _buckets(rows)
    entries = rows * (1 - column.null_fraction)
    distinct = min(max(column.distinct or entries, 1.0), max(entries, 1.0))
    overflow = 0.0
    alone = [share * rows for share in column.common if share * rows > BUCKET_PAGE]
    overflow += sum(number / BUCKET_PAGE for number in alone)
    rest = max(entries - sum(alone), 0.0)
    values = max(distinct - len(alone), 1.0)
    occupied = buckets * -math.expm1(-values / buckets)
    if rest:
        overflow += occupied * _overflow(rest / occupied, rest / values)
    return 2 + buckets + math.ceil(overflow)


def brin_pages(columns: Sequence[ColumnWidth], table_pages: int) -> int:
    """Two values for every 128 pages of the table."""
    ranges = max(math.ceil(table_pages / BRIN_RANGE), 1)
    size = 8 + sum(2 * math.ceil(column.average_width / 4) * 4 for column in columns)
    item = math.ceil(size / 8) * 8 + LINE_POINTER
    return 1 + math.ceil(ranges / REVMAP_ITEMS) + math.ceil(ranges * item / (PAGE - 32))


def tree_pages(columns: Sequence[ColumnWidth], rows: float, *, opclass: str) -> int:
    """GiST and SP-GiST: roughly, a key a row and pages that are not full."""
    width = 0.0
    for column in columns:
        if "trgm" in opclass or column.base_type == "tsvector":
            # Signatures, or the hashes themselves where those are shorter.
            width += min(column.average_width * 4, 124) if "trgm" not in opclass else 16
        else:
            width += GIST_BOX if column.base_type in ("point", "polygon") else column.average_width
    item = math.ceil((TUPLE_HEADER + width) / 8) * 8 + LINE_POINTER
    leaves = math.ceil(rows * item / ((PAGE - 40) * GIST_FILL))
    return max(leaves + math.ceil(leaves / 100), 1)


def bloom_pages(rows: float) -> int:
    """Signatures of 80 bits and a TID, packed."""
    return 1 + math.ceil(rows * BLOOM_TUPLE / (PAGE - 32))


def _buckets(rows: float) -> int:
    """As _hash_init(): up to 512 a power of two, then in quarters of one."""
    wanted = math.ceil(rows / BUCKET_ROWS)
    if wanted <= 2:
        return 2
    power = 1 << (wanted - 1).bit_length()
    if power <= 512:
        return power
    quarter = power // 8
    return power // 2 + math.ceil((wanted - power // 2) / quarter) * quarter


def _overflow(mean: float, group: float) -> float:
    """Pages after the first that a bucket needs, on average: normal, in groups of one value."""
    deviation = math.sqrt(mean * max(group, 1.0))
    expected = 0.0
    for page in range(1, int((mean + 6 * deviation) / BUCKET_PAGE) + 2):
        expected += math.erfc((page * BUCKET_PAGE - mean) / deviation / math.sqrt(2)) / 2
    return expected
