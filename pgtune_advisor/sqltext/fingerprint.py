"""What identifies a statement, and its text without literals."""

from __future__ import annotations

import re
from typing import Final

from postgast.pg_query_pb2 import Token

from pgtune_advisor.sqltext import library, tokens
from pgtune_advisor.sqltext.unparsed import Unparsed

QUERY_WORDS: Final = frozenset(
    {Token.SELECT, Token.INSERT, Token.UPDATE, Token.DELETE_P, Token.MERGE, Token.VALUES}
    | {Token.WITH, Token.TABLE, Token.ASCII_40}
)
# What only the scanner can tell apart: comments, strings, quoted names, dollar quotes.
_DELICATE = re.compile(r"--|/\*|['\"]|\$(?!\d)")
_QUERY = re.compile(r"\s*(?:select|insert|update|delete|merge|values|with|table|\()", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f\v]+")


def fingerprint(text: str) -> str | None:
    """The hash of the statement's structure, 16 hexadecimal digits; None if it does not parse.

    It is the same for other spacing, comments, literals, parameter numbers and lengths of lists,
    but also for `= $1`, `= $1::numeric`, `IN` and `= ANY`: shapes of one fingerprint may differ.
    """
    if not is_query(text) and library.refused(text) is None:
        # The library takes the strings of commands for structure: passwords, comments, bodies.
        found = tokens.pieces(text)
        text = tokens.levelled(found) if found else text
    hashed = library.fingerprinted(text)
    return None if isinstance(hashed, Unparsed) else hashed


def normalise(text: str) -> str:
    """The text in one line without comments, with `$n` for every literal.

    Of a text that does not parse, the part that can be read safely, then an ellipsis.
    """
    if is_query(text):
        found = library.normalised(text)
        if isinstance(found, str):
            return _without_strings(found)
    readable = library.scannable(text)
    found_pieces, complete = tokens.readable_pieces(readable)
    written = tokens.masked(found_pieces, tokens.CONSTANTS)
    if complete and len(readable) == len(text):
        return written
    return f"{written} {tokens.ELLIPSIS}".lstrip()


redact_literals = normalise


def canonical(text: str) -> str | Unparsed:
    """The normalised statement as PostgreSQL's parser would write it."""
    if not is_query(text):
        found = library.fingerprinted(text)
        return found if isinstance(found, Unparsed) else normalise(text)
    written = library.deparsed(text)
    if isinstance(written, Unparsed):
        return normalise(text) if written.reason == "unsupported" else written
    return normalise(written)


def is_query(text: str) -> bool:
    """Whether the text reads or changes rows, judged by its first word."""
    if _QUERY.match(text):
        return True
    if not _DELICATE.search(text):
        return False
    words = (piece.kind for piece in tokens.readable_pieces(library.scannable(text))[0])
    return next((kind for kind in words if kind not in tokens.COMMENTS), 0) in QUERY_WORDS


def _without_strings(text: str) -> str:
    """Strings that the normaliser leaves alone, as in JSON_TABLE's paths, and comments go too."""
    if not _DELICATE.search(text):
        return _SPACES.sub(" ", text).strip(" ")
    return tokens.masked(tokens.pieces(text) or [], tokens.STRINGS)
