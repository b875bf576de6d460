"""Pages of a freshly built GIN index, from PostgreSQL's page layout (ginpostinglist.c).

How many keys a row has comes from its width, how many there are from a law of growing
vocabularies, unless statistics say so. That is why the figures are rough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.btree_size import LINE_POINTER, TUPLE_HEADER
from pgtune_advisor.advise.table_facts import FIXED, ColumnWidth

# Posting lists up to a third of a page stay with their key, longer ones get a tree of their own.
INLINE: Final = 2600
TREE_PAGE: Final = 8128
ENTRY_PAGE: Final = 8148
# Segments of a posting tree's page: about 256 bytes, of which 8 begin it.
SEGMENT: Final = 1 + 8 / 256
# Entry pages split in the middle, and keys come in order: the left halves stay as they are.
ENTRY_FILL: Final = 0.55

# Bytes of a document for each pair of key and value: two JEntries, a name, a value.
PAIR_BYTES: Final = 20.0
# Bytes of a tsvector for each lexeme: WordEntry, text, a position or two.
LEXEME_BYTES: Final = 14.0
# Bytes of a text for each lexeme that is left of it.
WORD_BYTES: Final = 9.0
# Bytes of array elements whose width is not fixed.
ELEMENT_BYTES: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The keys of one column: how many a row has, how many there are, how wide one is.

    `everywhere` of those a row has are in every row (names of a document's keys); `unique` are
    in one row only.
    """

    per_row: float
    vocabulary: float
    width: float
    everywhere: float = 0.0
    unique: float = 0.0

    @property
    def keys(self) -> float:
        """All keys that a row has."""
        return self.per_row + self.everywhere + self.unique


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverted:
    """Pages, and posting entries for all rows; `keys` are those of one row."""

    pages: int
    entry_pages: int
    height: int
    entries: float
    keys: float


def terms_of(column: ColumnWidth, opclass: str, rows: float) -> Terms:
    """What an operator class takes out of a column; `rows` are the table's."""
    width = max(column.average_width, 1.0)
    kind = column.base_type
    if "trgm" in opclass:
        # Two blanks before, one after: a word of n letters has n + 1 trigrams.
        return _vocabulary(width, 4.0, 8.0, rows, ceiling=50_000)
    if kind == "jsonb":
        return _document(column, opclass, rows)
    if kind == "tsvector":
        each = column.elements or max((width - 8) / LEXEME_BYTES, 1.0)
        return _known(column, each, 9.0, rows, growth=15.0)
    if column.is_array:
        fixed = FIXED.get(kind.removesuffix("[]"))
        element = float(fixed[0]) if fixed else ELEMENT_BYTES
        each = column.elements or max((width - 21) / element, 1.0)
        return _known(column, each, element, rows, growth=2.0)
    if kind == "hstore":
        pairs = max((width - 5) / PAIR_BYTES, 1.0)
        return _vocabulary(pairs, 2.0, 10.0, rows, everywhere=pairs)
    return Terms(per_row=1.0, vocabulary=max(column.distinct or rows, 1.0), width=width)


def gin(terms: Sequence[Terms], rows: float, rows_per_page: float) -> Inverted:
    """The index over `rows` that it keeps, of `rows_per_page` on each page of the table."""
    tag = 2 if len(terms) > 1 else 0
    tree_pages = entry_bytes = 0.0
    for term in terms:
        width = term.width + tag
        for postings, keys in _frequencies(term, rows):
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


def _frequencies(term: Terms, rows: float) -> Iterator[tuple[float, float]]:
    """(rows that have a key, number of such keys): Zipf's law, by powers of two of the rank."""
    if term.everywhere:
        yield max(rows, 1.0), term.everywhere
    if term.unique:
        yield 1.0, term.unique * rows
    total = term.per_row * rows
    if total <= 0:
        return
    vocabulary = max(min(term.vocabulary, total), 1.0)
    ranks = []
    first = 1.0
    while first <= vocabulary:
        last = min(first * 2, vocabulary + 1)
        ranks.append((math.log(last / first), last - first))
        first *= 2
    weight = sum(share for share, _ in ranks)
    left = total
    for share, keys in ranks:
        each = min(total * share / weight / keys, rows) if weight else min(total, rows)
        left -= each * keys
        yield max(each, 1.0), keys


def _known(column: ColumnWidth, each: float, width: float, rows: float, *, growth: float) -> Terms:
    if column.vocabulary:
        return Terms(per_row=each, vocabulary=column.vocabulary, width=width)
    return _vocabulary(each, growth, width, rows)


def _vocabulary(
    each: float,
    growth: float,
    width: float,
    rows: float,
    *,
    ceiling: float = math.inf,
    everywhere: float = 0.0,
) -> Terms:
    """Heaps' law: the vocabulary grows with the root of the text."""
    total = each * max(rows, 1.0)
    words = min(growth * math.sqrt(total), total, ceiling)
    return Terms(per_row=each, vocabulary=max(words, 1.0), width=width, everywhere=everywhere)


def _document(column: ColumnWidth, opclass: str, rows: float) -> Terms:
    """A jsonb: path hashes of its scalars, or its keys' names and its scalars.

    Documents that are all different have a value that is: an identifier, a moment.
    """
    pairs = max((column.average_width - 5) / PAIR_BYTES, 1.0)
    hashed = "path_ops" in opclass
    distinct = column.distinct if column.distinct is not None else rows
    unique = 1.0 if distinct >= 0.98 * rows * (1 - column.null_fraction) else 0.0
    shared = max(pairs - unique, 0.0)
    words = min(math.sqrt(shared * max(rows, 1.0)), max(distinct, 1.0) * max(shared, 1.0))
    return Terms(
        per_row=shared,
        vocabulary=max(words, 1.0),
        width=4.0 if hashed else 10.0,
        everywhere=0.0 if hashed else pairs,
        unique=unique,
    )
