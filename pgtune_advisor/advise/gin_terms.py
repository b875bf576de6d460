"""What GIN takes out of a column: how many keys a row has, and how many there are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pgtune_advisor.advise.table_facts import FIXED, ColumnWidth

# Bytes of a document for each pair of key and value: two JEntries, a name, a value.
PAIR_BYTES: Final = 20.0
# Bytes of a tsvector for each lexeme: WordEntry, text, a position or two.
LEXEME_BYTES: Final = 14.0
# Bytes of array elements whose width is not fixed.
ELEMENT_BYTES: Final = 12.0
# Heaps' law, vocabulary = growth · √tokens: natural text has 30 to 100, tags and codes less.
TEXT_GROWTH: Final = 30.0
TAG_GROWTH: Final = 2.0
TRIGRAM_GROWTH: Final = 4.0
TRIGRAMS: Final = 50_000
# Fewer sampled documents than this say nothing of what repeats.
FEW_SAMPLES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TermGroup:
    """Keys that are alike: `per_row` of them in a row on average, `vocabulary` in all.

    Their frequencies are even, or fall as Zipf's law has them.
    """

    per_row: float
    vocabulary: float
    zipf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The keys of one column; `width` are bytes of one."""

    width: float
    groups: tuple[TermGroup, ...]

    @property
    def keys(self) -> float:
        """Keys that a row has."""
        return sum(group.per_row for group in self.groups)


def terms_of(column: ColumnWidth, opclass: str, rows: float) -> Terms:
    """What an operator class takes out of a column of a table of `rows`."""
    width = max(column.average_width, 1.0)
    kind = column.base_type
    if "trgm" in opclass:
        # Two blanks before, one after: a word of n letters has n + 1 trigrams.
        group = _growing(width, TRIGRAM_GROWTH, rows, ceiling=TRIGRAMS)
        return Terms(width=8.0, groups=(group,))
    if kind == "jsonb":
        return _document(column, rows, hashed="path_ops" in opclass)
    if kind == "tsvector":
        each = column.elements or max((width - 8) / LEXEME_BYTES, 1.0)
        return Terms(width=9.0, groups=_elements(column, each, rows, TEXT_GROWTH))
    if column.is_array:
        fixed = FIXED.get(kind.removesuffix("[]"))
        size = float(fixed[0]) if fixed else ELEMENT_BYTES
        each = column.elements or max((width - 21) / size, 1.0)
        return Terms(width=size, groups=_elements(column, each, rows, TAG_GROWTH))
    if kind == "hstore":
        pairs = max((width - 5) / PAIR_BYTES, 1.0)
        names = TermGroup(per_row=pairs, vocabulary=pairs)
        return Terms(width=10.0, groups=(names, _growing(pairs, TAG_GROWTH, rows)))
    only = TermGroup(per_row=1.0, vocabulary=max(column.distinct or rows, 1.0))
    return Terms(width=width, groups=(only,))


def _growing(per_row: float, growth: float, rows: float, *, ceiling: float = math.inf) -> TermGroup:
    total = per_row * max(rows, 1.0)
    vocabulary = max(min(growth * math.sqrt(total), total, ceiling), 1.0)
    return TermGroup(per_row=per_row, vocabulary=vocabulary, zipf=True)


def _elements(
    column: ColumnWidth, each: float, rows: float, growth: float
) -> tuple[TermGroup, ...]:
    """The commonest elements as ANALYZE counted them, and what a row has beside them."""
    if column.vocabulary:
        return (TermGroup(per_row=each, vocabulary=column.vocabulary, zipf=True),)
    shares = column.element_shares
    if not shares:
        return (_growing(each, growth, rows),)
    groups = []
    first = 0
    while first < len(shares):
        some = shares[first : 2 * first + 1]
        groups.append(TermGroup(per_row=sum(some), vocabulary=len(some)))
        first += len(some)
    rest = each - sum(shares)
    if rest > 0.05 * each:
        # None of the rest is as common as the last that was counted.
        least = rest / shares[-1]
        growing = _growing(rest, growth, rows).vocabulary
        groups.append(TermGroup(per_row=rest, vocabulary=max(least, growing)))
    return tuple(groups)


def _document(column: ColumnWidth, rows: float, *, hashed: bool) -> Terms:
    """A jsonb: hashes of its scalars' paths, or its keys' names and its scalars."""
    width = 4.0 if hashed else 10.0
    documents = [parsed for parsed in map(_parsed, column.samples) if parsed is not None]
    if len(documents) >= FEW_SAMPLES:
        groups = _sampled(documents, rows)
        names = sum(group.per_row for group in groups)
        kinds = len({path for document in documents for path, _ in _scalars(document)})
    else:
        groups = _guessed(column, rows)
        names = kinds = max(round(sum(group.per_row for group in groups)), 1)
    if not hashed:
        groups = (TermGroup(per_row=names, vocabulary=max(kinds, 1.0)), *groups)
    return Terms(width=width, groups=groups)


def _guessed(column: ColumnWidth, rows: float) -> tuple[TermGroup, ...]:
    """By width. Where all documents differ, every second has a value of its own: it is unknown
    whether they differ by an identifier or by what their values happen to be together."""
    pairs = max((column.average_width - 5) / PAIR_BYTES, 1.0)
    distinct = column.distinct if column.distinct is not None else rows
    alone = 0.5 if distinct >= 0.98 * rows * (1 - column.null_fraction) else 0.0
    shared = max(pairs - alone, 0.5)
    words = min(math.sqrt(shared * max(rows, 1.0)), max(distinct, 1.0) * shared)
    told = TermGroup(per_row=shared, vocabulary=max(words, 1.0), zipf=True)
    if not alone:
        return (told,)
    return told, TermGroup(per_row=alone, vocabulary=max(alone * rows, 1.0))


def _sampled(documents: Sequence[Any], rows: float) -> tuple[TermGroup, ...]:
    """By path: how often it is there, and how many values it has if those sampled are even."""
    values: dict[tuple[str, ...], list[Any]] = {}
    for document in documents:
        for path, value in _scalars(document):
            values.setdefault(path, []).append(value)
    groups = []
    for path in sorted(values):
        found = values[path]
        per_row = len(found) / len(documents)
        total = max(per_row * rows, 1.0)
        groups.append(TermGroup(per_row=per_row, vocabulary=min(_population(found), total)))
    return tuple(groups)


def _population(values: Sequence[Any]) -> float:
    """How many values there are, if evenly drawn ones are these: V(1 − e^(−n/V)) are different.

    Where none repeats there is no bound but the range of integers.
    """
    drawn, different = len(values), len(set(values))
    ceiling = math.inf
    if all(type(value) is int for value in values):
        # The range of a sample falls short of that of all by two gaps.
        reach = max(values) - min(values) + 1
        ceiling = reach * (drawn + 1) / max(drawn - 1, 1)
    if different == drawn:
        return ceiling
    low, high = float(different), float(different) * drawn * 10
    for _ in range(50):
        middle = math.sqrt(low * high)
        if -middle * math.expm1(-drawn / middle) < different:
            low = middle
        else:
            high = middle
    return min(high, ceiling)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _scalars(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Paths and scalars of a document; the elements of an array share its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _scalars(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner, path)
    else:
        yield path, value
