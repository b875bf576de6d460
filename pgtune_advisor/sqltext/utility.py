"""Commands that are no queries: their names, whether they maintain, and a query inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError
from postgast.deparse import deparse
from postgast.errors import PgQueryError
from postgast.parse import parse
from postgast.pg_query_pb2 import Node, ParseResult, RangeVar, RawStmt
from postgast.walk import walk

from pgtune_advisor.sqltext import tokens
from pgtune_advisor.sqltext.shape import TableRef
from pgtune_advisor.sqltext.unparsed import Unparsed

if TYPE_CHECKING:
    from google.protobuf.message import Message

_MAINTENANCE: Final = frozenset(
    {"VACUUM", "ANALYZE", "REINDEX", "CREATE INDEX", "CLUSTER", "CHECKPOINT"}
    | {"REFRESH MATERIALIZED VIEW"}
)
_COMMANDS: Final = {
    "index_stmt": "CREATE INDEX",
    "refresh_mat_view_stmt": "REFRESH MATERIALIZED VIEW",
    "declare_cursor_stmt": "DECLARE CURSOR",
    "check_point_stmt": "CHECKPOINT",
}
# Commands that run the query in them; pg_stat_statements shows EXECUTE under PREPARE's text.
_RUN_A_QUERY: Final = frozenset(
    {"declare_cursor_stmt", "copy_stmt", "create_table_as_stmt", "prepare_stmt"}
)
# What they name is not touched now, or is a query's.
_WITHOUT_TABLES: Final = _RUN_A_QUERY - {"copy_stmt"} | {"explain_stmt", "view_stmt", "rule_stmt"}
_QUERIES: Final = frozenset(
    {"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}
)
_TWO_WORDS: Final = frozenset({"CREATE", "ALTER", "DROP"})
_MODIFIERS: Final = frozenset(
    {"OR", "REPLACE", "TEMPORARY", "TEMP", "UNLOGGED", "GLOBAL", "LOCAL", "UNIQUE", "RECURSIVE"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A utility command; `query` is the text of the query that it runs, literals and all."""

    name: str
    is_maintenance: bool
    tables: tuple[TableRef, ...]
    query: str | None


def command_of(text: str) -> Command | Unparsed:
    """What a text commands that parses and is no query."""
    text = tokens.without_comments(text)
    words = [piece.text.upper() for piece in tokens.readable_pieces(text)[0] if piece.keyword]
    try:
        statements = parse(text).stmts
    except DecodeError:  # more than a hundred levels, as in a view's definition
        name = _by_words(words)
        return Command(name=name, is_maintenance=name in _MAINTENANCE, tables=(), query=None)
    if len(statements) != 1:
        return Unparsed(reason="several" if statements else "empty")
    statement = statements[0].stmt
    kind = statement.WhichOneof("node") or ""
    query = _query(statement, kind)
    name = _COMMANDS.get(kind) or _by_words(words)
    return Command(
        name=name,
        is_maintenance=name in _MAINTENANCE or _is_dump(statement),
        tables=() if query or kind in _WITHOUT_TABLES else tuple(dict.fromkeys(_tables(statement))),
        query=query,
    )


def _by_words(words: list[str]) -> str:
    """`VACUUM`, `DROP TABLE`, `CREATE MATERIALIZED VIEW`: the first words without the modifiers."""
    first = "ANALYZE" if words[:1] == ["ANALYSE"] else "".join(words[:1])
    if first not in _TWO_WORDS:
        return first
    rest = [word for word in words[1:] if word not in _MODIFIERS]
    return " ".join([first, *rest[: 2 if rest[:1] == ["MATERIALIZED"] else 1]])


def _is_dump(statement: Node) -> bool:
    """COPY of a whole table to somewhere, which is how pg_dump reads."""
    copy = statement.copy_stmt
    return copy.HasField("relation") and not copy.is_from


def _query(statement: Node, kind: str) -> str | None:
    """The text of the query that the command runs."""
    if kind not in _RUN_A_QUERY:
        return None
    query: Node = getattr(statement, kind).query
    if query.WhichOneof("node") not in _QUERIES:
        return None
    try:
        text: str = deparse(ParseResult(stmts=[RawStmt(stmt=query)]))
    except PgQueryError:
        return None
    return text


def _tables(statement: Message) -> Iterator[TableRef]:
    for _, node in walk(statement):
        if isinstance(node, RangeVar):
            yield TableRef(
                schema=node.schemaname or None,
                name=node.relname,
                alias=node.alias.aliasname or None,
            )
