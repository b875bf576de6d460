"""The text of pg_stat_statements made acceptable for PREPARE.

The server replaces constants by `$n` also where its grammar takes nothing but a constant.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from postgast.pg_query_pb2 import KeywordKind, Token

from pgtune_advisor.sqltext import library, tokens
from pgtune_advisor.sqltext.constant_types import type_before
from pgtune_advisor.sqltext.grouping import with_restored_constants
from pgtune_advisor.sqltext.lists import shortened
from pgtune_advisor.sqltext.parameters import number_of
from pgtune_advisor.sqltext.tokens import Piece
from pgtune_advisor.sqltext.unparsed import Unparsed

# The scanner takes a second for so much.
MAX_SCANNED: Final = 2_000_000
# Values kept of a list that makes a text too long, and rows that 18's `$1 /*, ... */` stands for.
KEPT_VALUES: Final = 200
ASSUMED_VALUES: Final = 5

_PARAMETER: Final = Token.PARAM
_IDENTIFIER: Final = Token.IDENT
_STRING: Final = Token.SCONST
_SQUASHED: Final = "/*, ... */"
_GLUED = re.compile(r"(.*[^$\d])(\$\d+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparable:
    """A text for PREPARE. Its parameters are numbered from 1 without gaps.

    `numbers` gives for each the number that it had in the original; those of lists that stood for
    more values than the server kept have none. `shortened`: lists of values were cut.
    """

    text: str
    numbers: Mapping[int, int]
    shortened: bool = False

    @property
    def count(self) -> int:
        """How many parameters it has."""
        return len(self.numbers)


def preparable(text: str) -> Preparable | Unparsed:
    """The statement as PREPARE takes it, without comments.

    Types that only the server can tell are not added: see repairs.
    """
    is_long = len(text) > library.MAX_BYTES
    refusal = library.refused(text)
    if refusal and not (is_long and len(text) <= MAX_SCANNED):
        return refusal
    found = tokens.pieces(text)
    if found is None:
        return Unparsed(reason="syntax" if not is_long else "too-long")
    cut = False
    if is_long:
        whole, found = found, shortened(found, KEPT_VALUES)
        cut = len(found) < len(whole)
    written, numbers = _renumbered(_repaired(found))
    if len(written) > library.MAX_BYTES:
        return Unparsed(reason="too-long")
    return Preparable(text=written, numbers=numbers, shortened=cut)


def _repaired(found: list[Piece]) -> list[Piece]:
    found = _split(found)
    found = _expanded(found)
    found = [piece for piece in found if piece.kind not in tokens.COMMENTS]
    found = with_restored_constants(found)
    out: list[Piece] = []
    skip = 0
    for index, piece in enumerate(found):
        if skip:
            skip -= 1
        elif not number_of(piece):
            out.append(piece)
            if _is(piece, "EXTRACT") and index + 2 < len(found) and number_of(found[index + 2]):
                out[-1] = piece._replace(text="pg_catalog.extract")
        elif constant := _constant_at(found, index):
            out.append(piece._replace(text=constant, kind=_STRING))
        elif _is_at(found, index - 2, "EXTRACT") and _is_at(found, index + 1, "FROM"):
            out += [piece, found[index + 1]._replace(text=",", kind=Token.ASCII_44, spaced=False)]
            skip = 1
        else:
            skip = _typed(found, index, out)
    return out


def _typed(found: list[Piece], index: int, out: list[Piece]) -> int:
    """Append the parameter, `typename $1` as `$1::typename`. Returns how many tokens to skip."""
    piece = found[index]
    constant = type_before(found, index)
    if constant is None:
        out.append(piece)
        if _is_at(found, index + 1, "UESCAPE"):
            return 2
        return 0
    # Only what stands as it was found is taken back: nothing in a type's name is rewritten.
    del out[len(out) - constant.length :]
    first = found[index - constant.length]
    out.append(piece._replace(spaced=first.spaced))
    out.append(Piece(Token.TYPECAST, 0, f"::{constant.text}", False))
    return constant.trailing


def _split(found: list[Piece]) -> list[Piece]:
    """Words that swallowed the parameter behind them: `SELECT$1`, `N$1`."""
    taken = {number_of(piece) for piece in found}
    out: list[Piece] = []
    for piece in found:
        match = _GLUED.match(piece.text) if piece.kind == _IDENTIFIER else None
        if match is None or piece.text.startswith('"') or int(match[2][1:]) in taken:
            out.append(piece)
            continue
        word = tokens.pieces(match[1]) or []
        if [w.text.upper() for w in word] != ["N"]:
            out += [w._replace(spaced=piece.spaced) for w in word]
        out.append(Piece(_PARAMETER, 0, match[2], True))
    return out


def _expanded(found: list[Piece]) -> list[Piece]:
    """`$1 /*, ... */`, which is how PostgreSQL 18 keeps a list, with some values more."""
    fresh = itertools.count(max((number_of(piece) for piece in found), default=0) + 1)
    out: list[Piece] = []
    for piece in found:
        out.append(piece)
        if piece.kind in tokens.COMMENTS and piece.text == _SQUASHED:
            for _ in range(ASSUMED_VALUES - 1):
                out.append(Piece(Token.ASCII_44, 0, ",", False))
                out.append(Piece(_PARAMETER, 0, f"${next(fresh)}", True))
    return out


def _constant_at(found: list[Piece], index: int) -> str | None:
    """What to write where the grammar or the analysis takes only a constant."""
    before, after = found[index - 1], found[index + 1] if index + 1 < len(found) else None
    if _is(before, "DEFAULT") and after is not None and _is(after, "ON"):
        return "NULL"
    if before.text == ",":
        call = _call_around(found, index)
        if call == "JSON_TABLE" and after is not None and after.text in (")", "PASSING", "COLUMNS"):
            return "'$'"
        if call == "NORMALIZE":
            return "NFC"
    return None


def _call_around(found: list[Piece], index: int) -> str:
    """The word before the innermost bracket that is open here."""
    level = 0
    for at in range(index, 0, -1):
        text = found[at].text
        level += (text == ")") - (text == "(")
        if level < 0:
            return found[at - 1].text.upper() if found[at - 1].keyword else ""
    return ""


def _renumbered(found: list[Piece]) -> tuple[str, dict[int, int]]:
    order = {old: new for new, old in enumerate(sorted({number_of(p) for p in found} - {0}), 1)}
    written = tokens.joined(
        piece._replace(text=f"${order[number_of(piece)]}") if number_of(piece) else piece
        for piece in found
    )
    return written, {new: old for old, new in order.items()}


def _is(piece: Piece, word: str) -> bool:
    return piece.keyword != KeywordKind.NO_KEYWORD and piece.text.upper() == word


def _is_at(found: list[Piece], index: int, word: str) -> bool:
    return 0 <= index < len(found) and _is(found[index], word)
