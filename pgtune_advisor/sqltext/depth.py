"""How deep a text nests, judged before a recursive parser sees it."""

from __future__ import annotations

import re
from typing import Final

from postgast.errors import PgQueryError
from postgast.pg_query_pb2 import Token
from postgast.scan import scan

# libpg_query's recursion has no check of the stack: with 8 MB its deparser dies from 1,500
# subqueries or 4,500 operators in a chain, 100 kB of text suffice for ten times as many.
MAX_DEPTH: Final = 300

_SHORT: Final = 1_000
_NESTING = re.compile(
    r"[-+*/<>=~!@#%^&|?`:]+|[(\[]"
    r"|\b(?:join|union|except|intersect|case|is|isnull|notnull|not|collate|at|like|ilike"
    r"|similar|between|in|overlaps|interval)\b",
    re.IGNORECASE,
)
_OPENING: Final = frozenset({Token.ASCII_40, Token.ASCII_91, Token.CASE})
_CLOSING: Final = frozenset({Token.ASCII_41, Token.ASCII_93, Token.END_P})
_LINKS: Final = frozenset({Token.JOIN, Token.UNION, Token.EXCEPT, Token.INTERSECT})
_BREAKS: Final = frozenset(
    {Token.ASCII_44, Token.ASCII_59, Token.AND, Token.OR, Token.WHEN, Token.THEN, Token.ELSE}
    | {Token.SELECT, Token.FROM, Token.WHERE, Token.ON, Token.SET, Token.VALUES}
    | {Token.HAVING, Token.GROUP_P, Token.ORDER, Token.LIMIT, Token.OFFSET}
)
_OPERATORS: Final = frozenset(
    {
        Token.Op,
        Token.OPERATOR,
        Token.TYPECAST,
        Token.LESS_EQUALS,
        Token.GREATER_EQUALS,
        Token.NOT_EQUALS,
    }
    | {Token.ASCII_37, Token.ASCII_42, Token.ASCII_43, Token.ASCII_45, Token.ASCII_47}
    | {Token.ASCII_60, Token.ASCII_61, Token.ASCII_62, Token.ASCII_94}
    | {Token.IS, Token.ISNULL, Token.NOTNULL, Token.NOT, Token.COLLATE, Token.AT}
    | {Token.LIKE, Token.ILIKE, Token.SIMILAR, Token.BETWEEN, Token.IN_P, Token.OVERLAPS}
)


def is_shallow(text: str) -> bool:
    """Whether the parse tree of the text is at most about MAX_DEPTH levels deep."""
    if len(text) < _SHORT or len(_NESTING.findall(text)) <= MAX_DEPTH:
        return True
    try:
        kinds = [token.token for token in scan(text).tokens]
    except PgQueryError:
        return False
    return _deepest(kinds) <= MAX_DEPTH


def _deepest(kinds: list[int]) -> int:
    """The most levels open at once: brackets, and chains of operators, joins and unions."""
    total = deepest = operators = links = 0
    open_levels: list[tuple[int, int]] = []
    for kind in kinds:
        if kind in _OPENING:
            open_levels.append((operators, links))
            operators = links = 0
            total += 1
        elif kind in _CLOSING and open_levels:
            total -= operators + links + 1
            operators, links = open_levels.pop()
        elif kind in _OPERATORS:
            operators += 1
            total += 1
        elif kind in _BREAKS or kind in _LINKS:
            total -= operators
            operators = 0
            if kind in _LINKS:
                links += 1
                total += 1
        deepest = max(deepest, total)
    return deepest
