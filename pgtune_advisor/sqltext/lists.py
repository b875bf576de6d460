"""Long lists of values cut short, since all their elements are of one shape."""

from __future__ import annotations

from typing import Final

from postgast.pg_query_pb2 import Token

from pgtune_advisor.sqltext.tokens import CONSTANTS, Piece

KEPT: Final = 8

_OPEN: Final = frozenset({Token.ASCII_40, Token.ASCII_91})
_CLOSE: Final = frozenset({Token.ASCII_41, Token.ASCII_93})
_COMMA: Final = Token.ASCII_44
_VALUES: Final = CONSTANTS | {Token.PARAM, Token.TYPECAST, Token.ASCII_45} | _OPEN | _CLOSE
_LISTS: Final = frozenset({Token.IN_P, Token.ARRAY})
_VALUES_WORD: Final = Token.VALUES
_CAST: Final = Token.TYPECAST
_QUERIES: Final = frozenset({Token.SELECT, Token.VALUES, Token.WITH})


def shortened(found: list[Piece], most: int = KEPT) -> list[Piece]:
    """The tokens without the rows of VALUES after the first, and with at most so many values in
    each list of IN or ARRAY. Elements that read a column or hold a query stay."""
    if len(found) < 4 * KEPT:
        return found
    out: list[Piece] = []
    index = 0
    while index < len(found):
        piece = found[index]
        out.append(piece)
        index += 1
        if index < len(found) and found[index].kind in _OPEN:
            if piece.kind == _VALUES_WORD:
                index = _rows(found, index, out, most)
            elif piece.kind in _LISTS:
                index = _elements(found, index, out, most)
    return out


def _rows(found: list[Piece], index: int, out: list[Piece], most: int) -> int:
    """Copy the first row; skip each that follows. Returns where to go on."""
    end = _closing(found, index)
    out += shortened(found[index : end + 1], most)
    while end + 2 < len(found) and found[end + 1].kind == _COMMA and found[end + 2].kind in _OPEN:
        start, end = end + 1, _closing(found, end + 2)
        if any(piece.kind in _QUERIES for piece in found[start : end + 1]):
            out += found[start : end + 1]
    return end + 1


def _elements(found: list[Piece], index: int, out: list[Piece], most: int) -> int:
    """Copy a bracketed list without the values that are too many. Returns where to go on."""
    end = _closing(found, index)
    out.append(found[index])
    kept, start = 0, index + 1
    for stop in [*_commas(found, index, end), end]:
        if kept < most or not _is_value(found, start, stop):
            if kept:
                out.append(found[start - 1])
            out += found[start:stop]
            kept += 1
        start = stop + 1
    out.append(found[end])
    return end + 1


def _commas(found: list[Piece], index: int, end: int) -> list[int]:
    """Where the commas of this bracket stand, not those of brackets inside."""
    level = 0
    commas = []
    for at in range(index + 1, end):
        kind = found[at].kind
        if kind in _OPEN:
            level += 1
        elif kind in _CLOSE:
            level -= 1
        elif kind == _COMMA and level == 0:
            commas.append(at)
    return commas


def _closing(found: list[Piece], index: int) -> int:
    """Where the bracket that opens at `index` closes."""
    level = 0
    for at in range(index, len(found)):
        kind = found[at].kind
        level += (kind in _OPEN) - (kind in _CLOSE)
        if level == 0:
            return at
    return len(found) - 1


def _is_value(found: list[Piece], start: int, stop: int) -> bool:
    """Constants and parameters, rows and casts of them."""
    return all(
        found[at].kind in _VALUES or found[at].kind == _COMMA or found[at - 1].kind == _CAST
        for at in range(start, stop)
    )
