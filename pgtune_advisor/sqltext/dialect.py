"""From PostgreSQL's canonical text to a tree of sqlglot that says the same."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

import sqlglot
from postgast.pg_query_pb2 import KeywordKind, Token
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import TokenType

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.lists import shortened
from pgtune_advisor.sqltext.tokens import Piece
from pgtune_advisor.sqltext.typenames import OBJECT_IDS
from pgtune_advisor.sqltext.unparsed import Unparsed

# sqlglot takes about 30 µs for each.
MAX_TOKENS: Final = 10_000

_SPECIAL_CALLS: Final = ("CAST", "EXTRACT", "SUBSTRING", "TRIM", "POSITION", "OVERLAY")
_TYPE_WORDS: Final = frozenset({"double", "varying", "zone", "without"})
_OPERATORS: Final = frozenset({Token.Op, Token.ASCII_94})
# An attribute of these enumerations costs a look-up in Python, a constant does not.
_IDENTIFIER: Final = Token.IDENT
_OPERATOR: Final = Token.OPERATOR
_CURRENT: Final = Token.CURRENT_P
_OVERRIDING: Final = Token.OVERRIDING
_SEMICOLON: Final = Token.ASCII_59
_UNRESERVED: Final = KeywordKind.UNRESERVED_KEYWORD
_WILDCARD = re.compile(r"(?<!\\)[%_]")


class _Parser(PostgresParser):
    """Every function stays a call by its name, every operator of PostgreSQL's an Operator."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse
        for name, parse in PostgresParser.FUNCTION_PARSERS.items()
        if name in _SPECIAL_CALLS
    }
    RANGE_PARSERS: ClassVar[dict[TokenType, Any]] = {
        token: parse
        for token, parse in PostgresParser.RANGE_PARSERS.items()
        if token is not TokenType.OPERATOR
    }

    def _parse_bitwise(self) -> exp.Expr | None:
        this = None if self._curr.token_type is TokenType.OPERATOR else self._parse_term()
        while self._match(TokenType.OPERATOR):
            name = self._parse_operator_name()
            this = exp.Operator(this=this, operator=name, expression=self._parse_term())
        return this

    def _parse_operator_name(self) -> str:
        self._match(TokenType.L_PAREN)
        name = ""
        while self._curr and not self._match(TokenType.R_PAREN):
            name += self._curr.text
            self._advance()
        return name


class PlainPostgres(Postgres):
    """PostgreSQL read without translating anything, for text that `_spelt` has prepared."""

    class Parser(_Parser):
        pass

    class Generator(PostgresGenerator):
        pass


def parsed(text: str, *, keep_literals: bool = False) -> exp.Expr | Unparsed:
    """The tree of a text that PostgreSQL's deparser wrote.

    Strings are replaced by others of the same form under LIKE unless `keep_literals`, so that
    neither the tree nor a message about it can hold them.
    """
    found = tokens.pieces(text)
    if found is None:
        return Unparsed(reason="syntax")
    found = shortened(found)
    if len(found) > MAX_TOKENS:
        return Unparsed(reason="too-long")
    if any(piece.kind == _SEMICOLON for piece in found):
        return Unparsed(reason="several")
    try:
        tree = sqlglot.parse_one(_spelt(found, keep_literals), dialect=PlainPostgres)
    except SqlglotError:
        return Unparsed(reason="unsupported")
    except RecursionError:
        return Unparsed(reason="too-deep")
    return Unparsed(reason="unsupported") if isinstance(tree, exp.Command) else tree


def written(tree: exp.Expr) -> str:
    """The tree as SQL that PostgreSQL reads, names of functions as they were."""
    return tree.sql(dialect=PlainPostgres, normalize_functions=False)


def _spelt(found: list[Piece], keep_literals: bool) -> str:
    """The text again with what sqlglot would misread put beyond doubt.

    Names are quoted, so that none is taken for a keyword of another dialect; operators are written
    as OPERATOR(…), so that all have the precedence that PostgreSQL gives them.
    """
    out: list[str] = []
    previous = ""
    skip = 0
    for index, piece in enumerate(found):
        if skip:
            skip -= 1
            continue
        text = piece.text
        if piece.kind in _OPERATORS:
            text = f"OPERATOR({text})"
        elif piece.kind == _OPERATOR and text.isupper():
            text, skip = _operator(found, index)
        elif piece.kind == _CURRENT and _follows(found, index, "OF"):
            text, skip = "true", 2  # WHERE CURRENT OF cursor
        elif piece.kind == _OVERRIDING and text.isupper():
            text, skip = "", 2  # SYSTEM VALUE
        elif piece.kind in tokens.STRINGS and not keep_literals:
            text = _stand_in(text)
        elif previous == "::" and text in OBJECT_IDS:
            text = f"pg_catalog.{text}"  # sqlglot reads oid[] as a subscript without a number
        elif _is_name(piece, previous):
            text = f'"{text}"'
        if piece.spaced:
            out.append(" ")
        out.append(text)
        previous = piece.text
    return "".join(out)


def _is_name(piece: Piece, previous: str) -> bool:
    """The deparser writes keywords in capitals, so a word in small letters is a name."""
    if piece.kind == _IDENTIFIER:
        return not piece.text.startswith('"') and previous not in ("::", "TABLESAMPLE")
    return (
        piece.keyword == _UNRESERVED
        and piece.text.islower()
        and piece.text not in _TYPE_WORDS
        and previous not in ("::", "interval", "to", "TABLESAMPLE")
    )


def _follows(found: list[Piece], index: int, word: str) -> bool:
    return index + 2 < len(found) and found[index + 1].text == word


def _operator(found: list[Piece], index: int) -> tuple[str, int]:
    """`OPERATOR(pg_catalog.=)` as `OPERATOR(=)`, and how many tokens that covers."""
    end = next(
        (at for at in range(index, len(found)) if found[at].kind == Token.ASCII_41), index + 1
    )
    return f"OPERATOR({found[end - 1].text})", end - index


def _stand_in(literal: str) -> str:
    """A string that as a LIKE pattern has the same form as this literal."""
    body = literal[literal.index("'") + 1 : -1]
    if body.startswith(("%", "_")):
        return "'%x'"
    return "'x%'" if _WILDCARD.search(body) else "'x'"
