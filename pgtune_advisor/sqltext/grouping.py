"""Constants that pg_stat_statements left in GROUP BY, ORDER BY or DISTINCT ON.

It numbers `date_trunc('day', at)` in the list of results and leaves its twin in GROUP BY as it is,
so that the two are no longer one expression. The constant is put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.parameters import number_of
from pgtune_advisor.sqltext.tokens import Piece

_ENDS: Final = frozenset(
    {"HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "UNION", "EXCEPT", "INTERSECT"}
    | {"RETURNING", "GROUP", "SELECT", "ROWS", "RANGE", "GROUPS"}
)
_DIRECTIONS: Final = frozenset({"ASC", "DESC", "NULLS", "USING"})
_SETS: Final = frozenset({"GROUPING", "ROLLUP", "CUBE", "SETS"})


def with_restored_constants(found: list[Piece]) -> list[Piece]:
    """The tokens with the constants of such expressions in all places where they stand."""
    if not any(number_of(piece) for piece in found):
        return found
    out = list(found)
    for start, end in _items(found):
        pattern = found[start:end]
        places = [at for at, piece in enumerate(pattern) if _is_constant(pattern, at, piece)]
        if len(pattern) > len(places) and places:
            _restore(out, pattern, frozenset(places))
    return out


def _restore(out: list[Piece], pattern: list[Piece], places: frozenset[int]) -> None:
    texts = [piece.text.lower() if piece.keyword else piece.text for piece in pattern]
    for start in range(len(out) - len(pattern) + 1):
        if _matches(out, start, texts, places):
            for at in places:
                out[start + at] = pattern[at]._replace(spaced=out[start + at].spaced)


def _matches(out: list[Piece], start: int, texts: list[str], places: frozenset[int]) -> bool:
    for at, text in enumerate(texts):
        piece = out[start + at]
        said = piece.text.lower() if piece.keyword else piece.text
        if said != text and not (at in places and number_of(piece)):
            return False
    return True


def _is_constant(pattern: list[Piece], at: int, piece: Piece) -> bool:
    if piece.kind in tokens.CONSTANTS or piece.text.upper() in ("TRUE", "FALSE", "NULL"):
        return True
    return at >= 2 and pattern[at - 1].text == "(" and pattern[at - 2].text.upper() == "EXTRACT"


def _items(found: list[Piece]) -> Iterator[tuple[int, int]]:
    """The items of each GROUP BY, ORDER BY, PARTITION BY and DISTINCT ON, as ranges."""
    for at, piece in enumerate(found):
        word = piece.text.upper() if piece.keyword else ""
        before = found[at - 1].text.upper() if at else ""
        if word == "BY" and before in ("GROUP", "ORDER", "PARTITION"):
            yield from _split(found, at + 1)
        elif word == "ON" and before == "DISTINCT":
            yield from _split(found, at + 2)


def _split(found: list[Piece], start: int) -> Iterator[tuple[int, int]]:
    level = 0
    at = start
    for at in range(start, len(found)):
        text = found[at].text
        level += (text in ("(", "[")) - (text in (")", "]"))
        ends = level < 0 or (level == 0 and found[at].keyword and text.upper() in _ENDS)
        if (level == 0 and text == ",") or ends:
            yield from _item(found, start, at)
            start = at + 1
        if ends:
            return
    yield from _item(found, start, at + 1)


def _item(found: list[Piece], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Without directions, and what GROUPING SETS and its like enclose."""
    if start >= end:
        return
    for at in range(start, end):
        if found[at].keyword and found[at].text.upper() in _DIRECTIONS:
            end = at
            break
    if found[start].text.upper() in _SETS:
        opening = next((at for at in range(start, end) if found[at].text == "("), end)
        yield from _split(found, opening + 1)
    elif found[start].text == "(" and _closes(found, start) == end - 1:
        yield from _split(found, start + 1)
    else:
        yield start, end


def _closes(found: list[Piece], start: int) -> int:
    level = 0
    for at in range(start, len(found)):
        level += (found[at].text == "(") - (found[at].text == ")")
        if level == 0:
            return at
    return -1
