"""The tokens of a text as PostgreSQL's scanner sees them, and what is made from them alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from postgast.errors import PgQueryError
from postgast.pg_query_pb2 import Token
from postgast.scan import scan

COMMENTS: Final = frozenset({Token.C_COMMENT, Token.SQL_COMMENT})
STRINGS: Final = frozenset({Token.SCONST, Token.USCONST, Token.BCONST, Token.XCONST})
CONSTANTS: Final = STRINGS | {Token.ICONST, Token.FCONST}
_LEVEL: Final = {
    **dict.fromkeys(STRINGS, "'x'"),
    **dict.fromkeys((Token.ICONST, Token.FCONST), "1"),
}
_PARAMETER: Final = Token.PARAM
ELLIPSIS: Final = "…"


class Piece(NamedTuple):
    """A token: its kind and keyword class in the scanner's numbers, whether a gap precedes it."""

    kind: int
    keyword: int
    text: str
    spaced: bool


def pieces(text: str) -> list[Piece] | None:
    """The tokens, comments among them; None where the scanner fails."""
    try:
        tokens = scan(text).tokens
    except PgQueryError:
        return None
    cut = _slicer(text)
    found: list[Piece] = []
    last = 0
    for token in tokens:
        start, end = token.start, token.end
        found.append(Piece(token.token, token.keyword_kind, cut(start, end), start > last))
        last = end
    return found


def readable_pieces(text: str) -> tuple[list[Piece], bool]:
    """The tokens up to where the scanner fails, and whether it came to the end."""
    found = pieces(text)
    if found is not None:
        return found, True
    head = pieces(_slicer(text)(0, _failure(text)))
    return head or [], False


def masked(found: Iterable[Piece], kinds: frozenset[int]) -> str:
    """The tokens as text: constants of these kinds as `$n`, no comments, single spaces."""
    listed = list(found)
    last = max((_parameter(piece) for piece in listed), default=0)
    numbers = itertools.count(last + 1)
    return _joined(listed, lambda piece: f"${next(numbers)}" if piece.kind in kinds else None)


def joined(found: Iterable[Piece]) -> str:
    """The tokens as text: no comments, single spaces."""
    return _joined(found, lambda _: None)


def without_comments(text: str) -> str:
    """The text without its comments; empty where the scanner cannot read it."""
    return joined(pieces(text) or ())


def levelled(found: Iterable[Piece]) -> str:
    """The tokens as text with all strings alike and all numbers alike, no comments."""
    return _joined(found, lambda piece: _LEVEL.get(piece.kind))


def _joined(found: Iterable[Piece], replacement: Callable[[Piece], str | None]) -> str:
    out: list[str] = []
    gap = False
    for piece in found:
        gap = gap or piece.spaced
        if piece.kind in COMMENTS:
            gap = True
            continue
        text = replacement(piece) or piece.text
        if out and (gap or _would_merge(out[-1], text)):
            out.append(" ")
        out.append(text)
        gap = False
    return "".join(out)


def _would_merge(left: str, right: str) -> bool:
    """Whether `'a'and` or `in'a'` would become one word once the constant is replaced."""
    return _wordy(left[-1]) and _wordy(right[0])


def _wordy(character: str) -> bool:
    return character.isalnum() or character in "_$"


def comments(text: str) -> Iterator[str]:
    """What the comments say, without their delimiters."""
    for piece in readable_pieces(text)[0]:
        if piece.kind == Token.C_COMMENT:
            yield piece.text[2:-2].strip()
        elif piece.kind == Token.SQL_COMMENT:
            yield piece.text[2:].strip()


def _parameter(piece: Piece) -> int:
    return int(piece.text[1:]) if piece.kind == _PARAMETER and len(piece.text) < 9 else 0


def _slicer(text: str) -> Callable[[int, int], str]:
    """The text between two offsets in bytes."""
    if text.isascii():
        return lambda start, end: text[start:end]
    data = text.encode()
    return lambda start, end: data[start:end].decode(errors="ignore")


def _failure(text: str) -> int:
    """Where the scanner fails, in bytes from the start."""
    try:
        scan(text)
    except PgQueryError as error:
        position: int = error.cursorpos
        return max(position - 1, 0)
    return len(text.encode())
