"""Types for parameters that the server could not infer, guided by its own error.

A constant has a type where `$n` in its place has none: `1 + 2`, `generate_series(1, 10)`,
`concat('a', x)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from postgast.pg_query_pb2 import Token

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.parameters import number_of
from pgtune_advisor.sqltext.tokens import Piece

INDETERMINATE: Final = frozenset({"42P18", "42P08"})
AMBIGUOUS: Final = "42725"
NO_SUCH: Final = "42883"
MISMATCH: Final = "42804"

_NUMBERED = re.compile(r"\$(\d+)")
_CAST: Final = Token.TYPECAST
_TEXT: Final = "text"
_NUMBER: Final = "integer"
_ARRAY: Final = "text[]"
# What is added to or taken from a value of these types.
_STEPS: Final = {
    "date": "integer",
    "timestamp without time zone": "interval",
    "timestamp with time zone": "interval",
    "time without time zone": "interval",
}


def repaired(text: str, sqlstate: str, message: str, position: int | None) -> str | None:
    """The text with one more cast, after the server refused it with this error; None: no idea.

    `position` counts characters of the text from 1. Call again after the next error.
    """
    found = tokens.pieces(text)
    if found is None:
        return None
    if sqlstate in INDETERMINATE:
        match = _NUMBERED.search(message)
        return _cast(found, _places_of(found, int(match[1])), _TEXT) if match else None
    if sqlstate == MISMATCH and position is None:
        return _cast(found, _polymorphic(found), _NUMBER)
    if position is None:
        return None
    at = _index_at(text, found, position)
    if sqlstate == AMBIGUOUS:
        wanted = _ARRAY if found[at].text.lower() == "unnest" else _NUMBER
        return _cast(found, _near(found, at), wanted)
    if sqlstate == NO_SUCH and _is_call(found, at) and found[at].text.upper() != "IN":
        return _cast(found, _in_arrays(found, at), _NUMBER)
    if sqlstate == NO_SUCH:
        types = _types(message, "=" if found[at].text.upper() == "IN" else found[at].text)
        return _of_operands(found, at, types) if types else None
    if sqlstate == MISMATCH and number_of(found[at]) and (types := _types(message, None)):
        return _cast(found, [at], types[0])
    return None


def _types(message: str, operator: str | None) -> tuple[str, str] | None:
    """`integer = text` at the message's end; `of type integer but expression is of type text`."""
    if operator is None:
        words = message.partition(" of type ")[2]
        target, split, other = words.partition(" but expression is of type ")
        return (target, other) if split else None
    left, split, right = message.rpartition(f" {operator} ")
    return (left.rpartition(": ")[2], right) if split else None


def _of_operands(found: list[Piece], at: int, types: tuple[str, str]) -> str | None:
    """A cast for the parameters of the operand whose type was taken wrongly."""
    left, right = types
    if right == _TEXT:
        places = list(_operand(found, at + 1))
        if places:
            return _cast(found, places, left)
        return _unnested(found, left) or _derived(found, at + 1, left)
    if right == _NUMBER and (places := _subtracted(found, at + 1)):
        return _cast(found, places, _NUMBER)
    if right == _NUMBER and left in _STEPS:
        return _stepped(found, at + 1, left)
    if left == _TEXT:
        wanted = _NUMBER if right == "unknown" else right
        bare = at > 0 and number_of(found[at - 1])
        if bare:
            return _cast(found, [at - 1], wanted)
        return _derived(found, at - 1, wanted) or _unnested(found, wanted)
    return None


def _subtracted(found: list[Piece], at: int) -> list[int]:
    """The parameter of `current_date - $1`, which was taken for another date."""
    level = 0
    for place in range(at, len(found) - 1):
        level += (found[place].text == "(") - (found[place].text == ")")
        if level < 0 or found[place].text.upper() in ("AND", "OR"):
            break
        if found[place].text == "-" and number_of(found[place + 1]) and _is_bare(found, place + 1):
            return [place + 1]
    return []


def _stepped(found: list[Piece], at: int, wanted: str) -> str | None:
    """`$1::integer - $2::integer`, which was a guess, where a time is compared with it."""
    guess = [piece.text for piece in found[at : at + 7]]
    if guess[1:3] != ["::", _NUMBER] or guess[5:] != ["::", _NUMBER]:
        return None
    out = list(found)
    out[at + 2] = found[at + 2]._replace(text=wanted)
    out[at + 6] = found[at + 6]._replace(text=_STEPS[wanted])
    return tokens.joined(out)


def _unnested(found: list[Piece], wanted: str) -> str | None:
    """`unnest($1::text[])`, which was a guess, as a list of what it is compared with."""
    for at in range(len(found) - 6):
        texts = [piece.text.lower() for piece in found[at : at + 7]]
        if texts[0] == "unnest" and number_of(found[at + 2]) and texts[3:5] == ["::", _TEXT]:
            out = list(found)
            out[at + 4] = found[at + 4]._replace(text=wanted)
            return tokens.joined(out)
    return None


def _in_arrays(found: list[Piece], at: int) -> list[int]:
    """The bare parameters of ARRAY[…] among a call's arguments."""
    arrays = [a for a in _arguments(found, at) if found[a].text.upper() == "ARRAY"]
    return [place for array in arrays for place in _operand(found, array)]


def _operand(found: list[Piece], at: int) -> Iterator[int]:
    """The bare parameters of `$1`, `ANY (ARRAY[$1, $2])`, `($1, $2)`."""
    while at < len(found) and (found[at].keyword or found[at].text in ("(", "[")):
        if found[at].text.upper() in ("SELECT", "VALUES", "CASE"):
            return
        at += 1
    while at < len(found) and (number_of(found[at]) or found[at].text == ","):
        if number_of(found[at]) and _is_bare(found, at):
            yield at
        at += 1


def _derived(found: list[Piece], at: int, wanted: str) -> str | None:
    """A cast where a column of `(VALUES …) v (k)` or `WITH RECURSIVE r (k)` gets its type."""
    name = _column(found, at)
    for start, piece in enumerate(found):
        word = piece.text.upper() if piece.keyword else ""
        rows: list[list[int]] = []
        names: list[str] = []
        if word == "VALUES":
            rows, end = _rows(found, start + 1)
            names = _names(found, end)
        elif word == "RECURSIVE":
            names = _names(found, start)
            rows = _first_results(found, start)
        if name in names:
            index = names.index(name)
            places = [row[index] for row in rows if index < len(row)]
            return _cast(found, [p for p in places if number_of(found[p])], wanted)
    return None


def _first_results(found: list[Piece], at: int) -> list[list[int]]:
    """Where the results of the next SELECT stand."""
    while at < len(found) and found[at].text.upper() != "SELECT":
        at += 1
    places = [at + 1]
    level = 0
    for place in range(at + 1, len(found)):
        text = found[place].text.upper()
        level += (text == "(") - (text == ")")
        if level < 0 or text in ("FROM", "UNION"):
            break
        if text == "," and level == 0:
            places.append(place + 1)
    return [places]


def _column(found: list[Piece], at: int) -> str:
    if at + 2 < len(found) and found[at + 1].text == ".":
        return found[at + 2].text
    return found[at].text if 0 <= at < len(found) else ""


def _rows(found: list[Piece], at: int) -> tuple[list[list[int]], int]:
    """Where the elements of each row stand, of those that are one token; and where VALUES ends."""
    rows: list[list[int]] = []
    level = 0
    while at < len(found):
        text = found[at].text
        if text == "(":
            level += 1
            if level == 1:
                rows.append([at + 1])
        elif text == ")":
            level -= 1
            if level < 0:
                break
        elif text == "," and level == 1:
            rows[-1].append(at + 1)
        at += 1
    return rows, at + 1


def _names(found: list[Piece], at: int) -> list[str]:
    """`AS v (a, b)`: a, b."""
    while at < len(found) and found[at].text != "(":
        at += 1
    names = []
    for piece in found[at + 1 :]:
        if piece.text == ")":
            break
        if piece.text != ",":
            names.append(piece.text)
    return names


def _near(found: list[Piece], at: int) -> list[int]:
    """The bare parameters on both sides of an operator, or among a call's arguments."""
    sides = _arguments(found, at) if _is_call(found, at) else [at - 1, at + 1]
    return [p for p in sides if 0 <= p < len(found) and number_of(found[p]) and _is_bare(found, p)]


def _polymorphic(found: list[Piece]) -> list[int]:
    """The parameter of json_agg($1): the server says that it cannot tell a type, but not where."""
    return [
        at
        for at in range(2, len(found) - 1)
        if number_of(found[at])
        and _is_bare(found, at)
        and found[at - 1].text == "("
        and found[at - 2].kind == Token.IDENT
    ]


def _is_call(found: list[Piece], at: int) -> bool:
    return bool(found[at].keyword) or found[at].kind == Token.IDENT


def _arguments(found: list[Piece], at: int) -> list[int]:
    """The tokens between the brackets that open next."""
    level = 0
    for end in range(at + 1, len(found)):
        level += (found[end].text == "(") - (found[end].text == ")")
        if level == 0 and found[end].text == ")":
            return list(range(at + 1, end))
    return []


def _places_of(found: list[Piece], number: int) -> list[int]:
    """Where the parameter stands first: the others follow."""
    places = (at for at, piece in enumerate(found) if number_of(piece) == number)
    return [at for at in places if _is_bare(found, at)][:1]


def _is_bare(found: list[Piece], at: int) -> bool:
    return at + 1 >= len(found) or found[at + 1].kind != _CAST


def _cast(found: list[Piece], places: list[int], wanted: str) -> str | None:
    if not places:
        return None
    out = list(found)
    numbers = {found[at].text for at in places}
    for at in places:
        out[at] = out[at]._replace(text=f"{out[at].text}::{wanted}")
    for at, piece in enumerate(found[:-2]):
        # $1::text IS NULL OR n = $1: the cast was a guess that the comparison corrects
        is_guess = found[at + 1].kind == _CAST and found[at + 2].text == _TEXT
        if piece.text in numbers and is_guess:
            out[at + 2] = found[at + 2]._replace(text=wanted)
    return tokens.joined(out)


def _index_at(text: str, found: list[Piece], position: int) -> int:
    """The token at a character's position."""
    at = 0
    for index, piece in enumerate(found):
        at = text.index(piece.text, at)
        if at + len(piece.text) >= position:
            return index
        at += len(piece.text)
    return len(found) - 1
