"""Pages of a freshly built GIN index, from PostgreSQL's page layout (ginpostinglist.c).

How many keys there are is known poorly (see gin_terms), and so the figures are rough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.btree_size import LINE_POINTER, TUPLE_HEADER
from pgtune_advisor.advise.gin_terms import TermGroup, Terms

# Posting lists up to a third of a page stay with their key, longer ones get a tree of their own.
INLINE: Final = 2600
TREE_PAGE: Final = 8128
ENTRY_PAGE: Final = 8148
# Segments of a posting tree's page: about 256 bytes, of which 8 begin it.
SEGMENT: Final = 1 + 8 / 256
# Entry pages split in the middle, and keys come in order: the left halves stay as they are.
ENTRY_FILL: Final = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverted:
    """Pages, and posting entries for all rows; `keys` are those of one row."""

    pages: int
    entry_pages: int
    height: int
    entries: float
    keys: float


def gin(terms: Sequence[Terms], rows: float, rows_per_page: float) -> Inverted:
    """The index over `rows` that it keeps, of `rows_per_page` on each page of the table."""
    tag = 2 if len(terms) > 1 else 0
    tree_pages = entry_bytes = 0.0
    for term in terms:
        width = term.width + tag
        found = (pair for group in term.groups for pair in _frequencies(group, rows))
        for postings, keys in found:
            size = 8 + (postings - 1) * posting_bytes(postings, rows, rows_per_page)
            if size > INLINE:
                tree_pages += keys * max(math.ceil(size * SEGMENT / TREE_PAGE), 1)
                size = 0
            # Even pages: a tuple begins at a multiple of eight.
            entry_bytes += keys * (math.ceil((TUPLE_HEADER + width + size) / 8) * 8 + LINE_POINTER)
    entry_pages = max(math.ceil(entry_bytes / ENTRY_PAGE), 1)
    height, level, inner = 0, entry_pages, 0
    if entry_pages > 1:
        entry_pages = math.ceil(entry_pages / ENTRY_FILL)
        level = entry_pages
    while level > 1:
        level = math.ceil(level / 200)
        inner += level
        height += 1
    keys = sum(term.keys for term in terms)
    return Inverted(
        pages=1 + entry_pages + inner + math.ceil(tree_pages),
        entry_pages=entry_pages,
        height=height,
        entries=keys * rows,
        keys=keys,
    )


def posting_bytes(postings: float, rows: float, rows_per_page: float) -> float:
    """Bytes of one item pointer after the first in a list that is even over the table.

    The difference to the one before is (pages << 11 | offset) in seven bits a byte: one byte on
    the same page, two up to 7 pages on, three up to 1,023, else four.
    """
    if rows <= 0:
        return 1.0
    on_page = max(postings / rows * rows_per_page, 1e-9)
    same = 1 + math.expm1(-on_page) / on_page
    near = math.exp(-8 * on_page)
    far = math.exp(-1024 * on_page)
    return same + (1 - same) * (2 + near + far)


def _frequencies(group: TermGroup, rows: float) -> Iterator[tuple[float, float]]:
    """(rows that have a key, number of such keys); Zipf's law by powers of two of the rank."""
    total = group.per_row * rows
    if total <= 0:
        return
    vocabulary = max(min(group.vocabulary, total), 1.0)
    if not group.zipf:
        yield max(min(total / vocabulary, rows), 1.0), vocabulary
        return
    weight = math.log(vocabulary + 1)
    first = 1.0
    while first <= vocabulary:
        last = min(first * 2, vocabulary + 1)
        each = total * math.log(last / first) / weight / (last - first)
        yield max(min(each, rows), 1.0), last - first
        first *= 2
