"""The calls into PostgreSQL's own parser, bounded so that no text can hurt the process."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from postgast.errors import PgQueryError, check_error
from postgast.fingerprint import fingerprint
from postgast.native import lib
from postgast.normalize import normalize

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.depth import is_shallow
from pgtune_advisor.sqltext.unparsed import Reason, Unparsed

MAX_BYTES: Final = 100_000

_RUN: Final = 4_000
_COMMENTS: Final = 1_000
_OPERATORS = re.compile(rf"[-+*/<>=~!@#%^&|?`]{{{_RUN}}}")
# The library reads C strings, and UTF-8 has no lone surrogates: PostgreSQL sends neither.
_ODD = re.compile("[\0\ud800-\udfff]")
_COMMENT = re.compile(r"--|/\*")
_NOTHING = re.compile(r"[\s;]*\Z")
_HIDDEN: Final = frozenset(
    {
        "<insufficient privilege>",
        "<command string not enabled>",
        "<backend information not available>",
        "<unknown>",
    }
)


def refused(text: str) -> Unparsed | None:
    """Why the text is not even handed to the parser, or None if it may be."""
    if _NOTHING.match(text):
        return Unparsed(reason="empty")
    if text in _HIDDEN:
        return Unparsed(reason="hidden")
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        return Unparsed(reason="too-long")
    if _ODD.search(text):
        return Unparsed(reason="syntax")
    return Unparsed(reason="too-deep") if _is_slow(text) else None


def scannable(text: str) -> str:
    """What of any text may be given to the scanner."""
    if len(text) > MAX_BYTES:
        text = text[:MAX_BYTES]
    text = _ODD.sub("?", text)
    return "" if _is_slow(text) else text


def _is_slow(text: str) -> bool:
    """Whether the scanner would take seconds: comments in comments, operators without end."""
    return len(text) > _RUN and (text.count("/*") > _COMMENTS or bool(_OPERATORS.search(text)))


def reason_of(error: PgQueryError) -> Reason:
    """The parser's message as one of our reasons; the message itself may quote the text."""
    message = error.message
    if message.endswith("at end of input") or message.startswith("unterminated"):
        return "truncated"
    return "too-deep" if message.startswith("memory exhausted") else "syntax"


def fingerprinted(text: str) -> str | Unparsed:
    """PostgreSQL's parse tree without literals, spacing and names of parameters, hashed."""
    return refused(text) or _called(_fingerprint, text)


def normalised(text: str) -> str | Unparsed:
    """The text with the constants of its expressions replaced by `$n`, all else as it was."""
    return refused(text) or _called(normalize, text, recursive=True)


def deparsed(text: str) -> str | Unparsed:
    """The text as PostgreSQL's parser would write it: one spacing, no comments, literals kept."""
    return refused(text) or _called(_deparse, text, recursive=True)


def _called(
    call: Callable[[str], str | Unparsed], text: str, *, recursive: bool = False
) -> str | Unparsed:
    if recursive and not is_shallow(text):
        return Unparsed(reason="too-deep")
    try:
        return call(text)
    except PgQueryError as error:
        reason = reason_of(error)
    # The library cannot read NOT /* why */ LIKE and its like; the server can.
    bare = tokens.without_comments(text) if reason == "syntax" and _COMMENT.search(text) else ""
    return _called(call, bare) if bare not in ("", text) else Unparsed(reason=reason)


def _fingerprint(text: str) -> str:
    found: str = fingerprint(text).hex
    return found


def _deparse(text: str) -> str | Unparsed:
    """The tree stays in C, since Python's protobuf refuses one of more than a hundred levels."""
    parsed = lib.pg_query_parse_protobuf(text.encode())
    try:
        check_error(parsed)
        written = lib.pg_query_deparse_protobuf(parsed.parse_tree)
    finally:
        lib.pg_query_free_protobuf_parse_result(parsed)
    try:
        check_error(written)
        query: bytes = written.query
        return query.decode(errors="replace")
    except PgQueryError:
        return Unparsed(reason="unsupported")
    finally:
        lib.pg_query_free_deparse_result(written)
