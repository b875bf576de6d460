"""`typename 'constant'` with a parameter where the constant was."""

from __future__ import annotations

from typing import Final, NamedTuple

from postgast.pg_query_pb2 import KeywordKind, Token

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.tokens import Piece

_IDENTIFIER: Final = Token.IDENT
_UNRESERVED: Final = KeywordKind.UNRESERVED_KEYWORD
_TYPES: Final = frozenset(
    {"BIGINT", "BIT", "BOOLEAN", "CHAR", "CHARACTER", "DEC", "DECIMAL", "FLOAT", "INT", "INTEGER"}
    | {"INTERVAL", "JSON", "NCHAR", "NUMERIC", "REAL", "SMALLINT", "TIME", "TIMESTAMP", "VARCHAR"}
)
# Unreserved words that stand before a value and name no type.
_NO_TYPES: Final = frozenset(
    {"BY", "CONTENT", "DOCUMENT", "ESCAPE", "FIRST", "GROUPS", "NEXT", "PASSING", "PATH", "RANGE"}
    | {"ROWS", "SET", "VALUE", "VERSION", "ZONE"}
)
_SECOND_WORDS: Final = {
    "PRECISION": frozenset({"DOUBLE"}),
    "VARYING": frozenset({"BIT", "CHAR", "CHARACTER", "NCHAR"}),
    "CHARACTER": frozenset({"NATIONAL"}),
    "CHAR": frozenset({"NATIONAL"}),
}
_FIELDS: Final = frozenset({"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})


class TypeBefore(NamedTuple):
    """The type's name, how many tokens before the parameter and how many behind it make it up."""

    text: str
    length: int
    trailing: int


def type_before(found: list[Piece], index: int) -> TypeBefore | None:
    """The type that stands before the parameter at `index`; None where something else does."""
    start = _zoned(found, index)
    if start is None:
        start = _named(found, _before_modifier(found, index))
    if start is None:
        return None
    name = tokens.joined(found[start:index])
    trailing = _fields(found, index + 1) if _word(found, start) == "INTERVAL" else 0
    if trailing:
        name += " " + tokens.joined(found[index + 1 : index + 1 + trailing])
    return TypeBefore(name, index - start, trailing)


def _word(found: list[Piece], index: int) -> str:
    """The keyword there in capitals; empty for anything else."""
    return found[index].text.upper() if 0 <= index < len(found) and found[index].keyword else ""


def _before_modifier(found: list[Piece], index: int) -> int:
    """Where the name's last word ends: before `(10, 2)`, if there is such."""
    if index < 1 or found[index - 1].text != ")":
        return index
    level = 0
    for at in range(index - 1, 0, -1):
        level += (found[at].text == ")") - (found[at].text == "(")
        if level == 0:
            return at
    return 0


def _zoned(found: list[Piece], index: int) -> int | None:
    """`time(3) with time zone`: where it starts."""
    words = [_word(found, at) for at in range(index - 3, index)]
    if words[1:] != ["TIME", "ZONE"] or words[0] not in ("WITH", "WITHOUT"):
        return None
    start = _before_modifier(found, index - 3) - 1
    return start if _word(found, start) in ("TIME", "TIMESTAMP") else None


def _named(found: list[Piece], end: int) -> int | None:
    """The start of the type's name that ends before `end`."""
    last = end - 1
    if last < 0:
        return None
    word = _word(found, last)
    if word in _SECOND_WORDS and _word(found, last - 1) in _SECOND_WORDS[word]:
        start = last - 1
        return start - 1 if _word(found, start - 1) == "NATIONAL" else start
    qualified = last >= 2 and found[last - 1].text == "."
    if not _is_name(found[last], word, qualified=qualified):
        return None
    while last >= 2 and found[last - 1].text == ".":
        last -= 2
    return last


def _is_name(piece: Piece, word: str, *, qualified: bool) -> bool:
    if piece.kind == _IDENTIFIER or word in _TYPES or (qualified and word):
        return True
    return piece.keyword == _UNRESERVED and word not in _NO_TYPES


def _fields(found: list[Piece], at: int) -> int:
    """How many tokens from `at` on are `year to month`, `second(2)` and their like."""
    end = at
    if _word(found, end) not in _FIELDS:
        return 0
    end += 1
    if _word(found, end) == "TO" and _word(found, end + 1) in _FIELDS:
        end += 2
    if _word(found, end - 1) == "SECOND" and end < len(found) and found[end].text == "(":
        end += 3
    return end - at
