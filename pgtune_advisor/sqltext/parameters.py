"""The `$n` of a text: which there are, what role each plays, and values in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from postgast.pg_query_pb2 import Token

from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.sqltext import library, tokens
from pgtune_advisor.sqltext.tokens import Piece
from pgtune_advisor.sqltext.unparsed import Unparsed

Role = Literal["limit", "offset", "field", "unit", "zone", "sample", "wildcard"]

_PARAMETER: Final = Token.PARAM
_NUMBERS: Final = frozenset({Token.ICONST, Token.FCONST})
_ROLE_OF_WORD: Final[Mapping[str, Role]] = {"LIMIT": "limit", "OFFSET": "offset", "ZONE": "zone"}
_ROLE_OF_CALL: Final[Mapping[str, Role]] = {
    "EXTRACT": "field",
    "DATE_PART": "field",
    "DATE_TRUNC": "unit",
    "TIMEZONE": "zone",
    "BERNOULLI": "sample",
    "SYSTEM": "sample",
    "REPEATABLE": "sample",
}
_WORDS: Final = frozenset({"TRUE", "FALSE", "NULL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parametrised:
    """A text whose constants became `$n`, and what stood there, as it was written.

    The literals are data of the statement's user.
    """

    text: str
    literals: Mapping[int, str] = field(repr=False)


def parameters(text: str) -> tuple[int, ...]:
    """The numbers of the parameters in the text, ascending; none where it cannot be scanned."""
    return tuple(sorted({number_of(piece) for piece in tokens.pieces(text) or ()} - {0}))


def number_of(piece: Piece) -> int:
    """The number of a parameter; 0 for any other token."""
    return int(piece.text[1:]) if piece.kind == _PARAMETER and len(piece.text) < 7 else 0


def substituted(text: str, literals: Mapping[int, str]) -> str:
    """The text with SQL in the place of parameters; those that `literals` does not name stay.

    What is more than one token is put in parentheses, so that it stays one operand.
    """
    found = tokens.pieces(text)
    if found is None:
        return text
    return tokens.joined(
        Piece(piece.kind, piece.keyword, _operand(literals[number_of(piece)]), piece.spaced)
        if number_of(piece) in literals
        else piece
        for piece in found
    )


def _operand(literal: str) -> str:
    found = tokens.pieces(literal) or []
    single = len(found) == 1 and found[0].kind in tokens.CONSTANTS
    return literal if single else f"({literal})"


def literals_as_parameters(text: str) -> Parametrised | Unparsed:
    """A statement with constants as pg_stat_statements would keep it, and the constants."""
    # N'x' is x, but the normaliser makes one word of N and the parameter.
    before = [p for p in tokens.pieces(text) or () if not _is_left_out(p)]
    written = library.normalised(" ".join(piece.text for piece in before))
    if isinstance(written, Unparsed):
        return written
    after = tokens.pieces(written)
    if after is None:
        return Unparsed(reason="syntax")
    taken = {number_of(piece) for piece in before}
    literals: dict[int, str] = {}
    at = 0
    for piece in after:
        number = number_of(piece)
        if number and number not in taken:
            end = at + 1
            if before[at].text in ("-", "+") and before[end].kind in _NUMBERS:
                end += 1
            literals[number] = _literal(before[at:end])
            at = end
        else:
            at += 1
    return Parametrised(text=written, literals=literals)


def _literal(found: list[Piece]) -> str:
    """What stood there; the field of EXTRACT as the string that its function takes."""
    text = "".join(piece.text for piece in found)
    if text.upper() == "ALL":
        return "NULL"  # LIMIT ALL
    if found[0].kind == Token.IDENT or (found[0].keyword and text.upper() not in _WORDS):
        return quote_literal(text.strip('"'))
    return text


def _is_left_out(piece: Piece) -> bool:
    return piece.kind in tokens.COMMENTS or (piece.kind == Token.NCHAR and len(piece.text) == 1)


def roles(text: str) -> Mapping[int, Role]:
    """What the text itself says of its parameters, for those that no column explains.

    `field` and `unit` are the first argument of extract and date_trunc, `zone` a time zone,
    `sample` a number of TABLESAMPLE, `wildcard` a part of a pattern that `||` puts together.
    """
    found = tokens.pieces(tokens.without_comments(text)) or []
    said: dict[int, Role] = {}
    pattern = False
    for index, piece in enumerate(found):
        word = piece.text.upper()
        if word in ("LIKE", "ILIKE"):
            pattern = True
        elif piece.keyword and word in ("AND", "OR", "WHERE", "GROUP", "ORDER", "LIMIT"):
            pattern = False
        number = number_of(piece)
        if not number:
            continue
        if role := _role(found, index):
            said.setdefault(number, role)
        elif pattern and "||" in (_text(found, index - 1), _text(found, index + 1)):
            said[number] = "wildcard"
    return said


def _role(found: list[Piece], index: int) -> Role | None:
    before = _text(found, index - 1).upper()
    if before in ("FIRST", "NEXT") and _text(found, index - 2).upper() == "FETCH":
        return "limit"
    if before == "(":
        return _ROLE_OF_CALL.get(_text(found, index - 2).upper())
    return _ROLE_OF_WORD.get(before)


def _text(found: list[Piece], index: int) -> str:
    return found[index].text if 0 <= index < len(found) else ""
