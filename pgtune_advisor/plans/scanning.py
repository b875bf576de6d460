"""EXPLAIN's expressions by their tokens: where literals are, and where lists are divided."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

# What a text may end in the middle of counts as a literal to its end: better too much than a leak.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<escape>  [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) )
    | (?P<string>  (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z) )
    | (?P<dollar>  (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<quoted>  "(?:[^"]|"")*(?:"|\Z) )
    | (?P<param>   \$\d+ )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  (?: 0[xX][\da-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+
                     | (?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][-+]?\d+)? ) \w* )
    | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LITERALS: Final = frozenset({"escape", "string", "dollar", "number"})
_PLANS: Final = frozenset({"SubPlan", "InitPlan"})
_MODIFIED: Final = frozenset(
    {"numeric", "varying", "character", "bpchar", "varchar", "bit", "timestamp", "time", "interval"}
)
_OPEN: Final = frozenset("([{")
_CLOSE: Final = frozenset(")]}")
_PARAMETER: Final = re.compile(r"\$(\d{1,6})")


def scan(text: str) -> Iterator[tuple[str, str]]:
    """The tokens as (kind, text): comment, escape, string, dollar, quoted, param, word, number."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        yield ("dollar" if kind == "tag" else kind), match.group()


def without_literals(text: str) -> str:
    """The text with `$n` for each literal, numbered on from the parameters in it, no comments.

    The number of a subplan and a type's modifier stay: they are no data.
    """
    pieces = list(scan(text))
    # What looks like a parameter inside a literal is a part of that.
    named = (_PARAMETER.fullmatch(piece) for kind, piece in pieces if kind == "param")
    last = max((int(match[1]) for match in named if match), default=0)
    out: list[str] = []
    before: list[str] = []
    for kind, piece in pieces:
        if kind in _LITERALS and not (kind == "number" and _is_structure(before)):
            last += 1
            glued = out and (out[-1][-1:].isalnum() or out[-1][-1:] in "_$")
            out.append(f" ${last}" if glued else f"${last}")
        else:
            out.append(" " if kind == "comment" else piece)
        if not piece.isspace():
            before = [*before[-3:], piece]
    return "".join(out)


def _is_structure(before: list[str]) -> bool:
    """Whether the number behind these tokens is a subplan's, or one of `numeric(10,2)`."""
    if before[-1:] and before[-1] in _PLANS:
        return True
    if before[-1:] == [","] and before[-2:-1] and before[-2].isdigit():
        before = before[:-2]
    return before[-1:] == ["("] and before[-2:-1] != [] and before[-2] in _MODIFIED


def split_list(text: str) -> list[str]:
    """The items of a list that EXPLAIN wrote with commas."""
    items: list[str] = []
    current: list[str] = []
    depth = 0
    for _, piece in scan(text):
        depth += (piece in _OPEN) - (piece in _CLOSE)
        if piece == "," and depth == 0:
            items.append("".join(current).strip())
            current = []
        else:
            current.append(piece)
    return [*items, "".join(current).strip()]


def is_whole(text: str) -> bool:
    """Whether no string and no quoted name is open at the end of the text."""
    ending = deque(scan(text), maxlen=1)
    kind, piece = ending[0] if ending else ("other", "")
    if kind == "dollar":
        tag = piece[: piece.index("$", 1) + 1]
        return len(piece) >= 2 * len(tag) and piece.endswith(tag)
    if kind in ("string", "escape", "quoted"):
        body = piece[piece.index('"' if kind == "quoted" else "'") :]
        return len(body) > 1 and body[-1] == body[0] and _closed(body, kind)
    return True


def _closed(body: str, kind: str) -> bool:
    """A string that ran to the end of the text ends in a quote only if that one closes it."""
    inner = body[1:-1]
    if kind == "escape":
        return not re.search(r"(?<!\\)(?:\\\\)*\\\Z", inner) and not _odd_quote(inner)
    return not _odd_quote(inner) if kind == "string" else True


def _odd_quote(inner: str) -> bool:
    """Whether the last quote inside belongs to a pair with the one behind it."""
    trailing = len(inner) - len(inner.rstrip("'"))
    return trailing % 2 == 1
