"""What EXPLAIN's texts speak of: the columns in an expression, and what rows are sorted by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from postgast.pg_query_pb2 import Token

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.expressions import AGGREGATES
from pgtune_advisor.sqltext.tokens import Piece

_DOT: Final = Token.ASCII_46
_CALL: Final = Token.ASCII_40
_CAST: Final = Token.TYPECAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A column in an expression; `alias` is empty where the text leaves it out."""

    alias: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """An item of a Sort Key: its mentions, its text without aliases, and its order as SQL."""

    mentions: tuple[Mention, ...]
    expression: str
    order: str


def mentions(text: str, columns: Collection[str] | None = None) -> tuple[Mention, ...]:
    """The columns that a text of EXPLAIN (VERBOSE) mentions, each once.

    Where the plan reads one table the text has no aliases: then a word counts that is one of
    `columns`.
    """
    found: dict[Mention, None] = {}
    pieces = tokens.pieces(text) or []
    for position, piece in enumerate(pieces):
        if not _is_name(piece) or _kind(pieces, position - 1) == _CAST:
            continue
        if _kind(pieces, position - 1) == _DOT:
            if position >= 2 and _is_name(pieces[position - 2]):
                alias = plain_name(pieces[position - 2].text)
                found[Mention(alias=alias, column=plain_name(piece.text))] = None
        elif _kind(pieces, position + 1) not in (_DOT, _CALL):
            name = plain_name(piece.text)
            if columns is not None and name in columns:
                found[Mention(alias="", column=name)] = None
    return tuple(found)


def unqualified(text: str, aliases: Collection[str]) -> str:
    """The text without these aliases in front of its columns."""
    pieces = tokens.pieces(text)
    if pieces is None:
        return text
    out: list[str] = []
    position = 0
    while position < len(pieces):
        piece = pieces[position]
        out.append(" " if piece.spaced and out else "")
        if (
            _is_name(piece)
            and _kind(pieces, position + 1) == _DOT
            and plain_name(piece.text) in aliases
        ):
            position += 2
            piece = pieces[position]
        out.append(piece.text)
        position += 1
    return "".join(out)


def sort_key(text: str, aliases: Collection[str], columns: Collection[str] = ()) -> SortKey:
    """One item of a Sort Key, as `o.created_at DESC NULLS LAST`."""
    words = text.rstrip()
    order = ""
    for suffix, meant in ((" NULLS FIRST", "NULLS FIRST"), (" NULLS LAST", "NULLS LAST")):
        if words.endswith(suffix):
            words, order = words.removesuffix(suffix), meant
    if words.endswith(" DESC"):
        words, order = words.removesuffix(" DESC"), f"DESC {order}".strip()
    return SortKey(
        mentions=mentions(words, columns), expression=unqualified(words, aliases), order=order
    )


def may_be_key(expression: str) -> bool:
    """Whether an index could have this expression as a key: it reads no parameter, and aggregates
    nothing. Whether it is immutable only the server knows."""
    pieces = tokens.pieces(expression) or []
    return not any(
        piece.kind == Token.PARAM
        or (piece.text in AGGREGATES and _kind(pieces, position + 1) == _CALL)
        for position, piece in enumerate(pieces)
    )


def plain_name(text: str) -> str:
    """An identifier as the catalogue holds it."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _is_name(piece: Piece) -> bool:
    """Identifiers, and keywords that may be names of columns: EXPLAIN prints those in small."""
    if piece.kind == Token.IDENT:
        return True
    return bool(piece.keyword) and piece.text.islower()


def _kind(pieces: list[Piece], position: int) -> int:
    return pieces[position].kind if 0 <= position < len(pieces) else 0
