"""Statements that read the same tables by the same conditions, whatever columns they show."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from postgast.deparse import deparse
from postgast.errors import PgQueryError
from postgast.parse import parse
from postgast.pg_query_pb2 import ParseResult, SelectStmt, SetOperation

from pgtune_advisor.sqltext import library
from pgtune_advisor.sqltext.depth import is_shallow
from pgtune_advisor.sqltext.fingerprint import fingerprint


def kin(text: str) -> str | None:
    """A hash that is the same for statements which differ in no more than literals, lengths of
    lists and the plain columns of the outermost SELECT; None if the text does not parse.

    `SELECT a, b FROM t WHERE c = $1` and `SELECT d FROM t WHERE c = $1` are kin: one index serves
    both, but for INCLUDE.
    """
    return fingerprint(_without_columns(text) or text)


def _without_columns(text: str) -> str | None:
    """The statement with one column instead of many; None where they are more than a list."""
    if library.refused(text) is not None or not is_shallow(text):
        return None
    try:
        tree = parse(text)
    except (PgQueryError, DecodeError):  # DecodeError: more than a hundred levels
        return None
    if len(tree.stmts) != 1 or not tree.stmts[0].stmt.HasField("select_stmt"):
        return None
    select = tree.stmts[0].stmt.select_stmt
    if not _is_plain(select):
        return None
    del select.target_list[1:]
    column = select.target_list[0].res_target
    column.name = ""
    del column.val.column_ref.fields[:]
    column.val.column_ref.fields.add().a_star.SetInParent()
    return _written(tree)


def _is_plain(select: SelectStmt) -> bool:
    """Whether its list names columns alone, and nothing else counts on their place or names."""
    if select.op != SetOperation.SETOP_NONE or select.distinct_clause or not select.target_list:
        return False
    targets = [one.res_target for one in select.target_list]
    if not all(target.val.HasField("column_ref") for target in targets):
        return False
    places = [one.sort_by.node for one in select.sort_clause] + list(select.group_clause)
    named = {target.name for target in targets if target.name}
    return not any(place.HasField("a_const") for place in places) and not any(
        place.HasField("column_ref") and place.column_ref.fields[-1].string.sval in named
        for place in places
    )


def _written(tree: ParseResult) -> str | None:
    try:
        written: str = deparse(tree)
    except PgQueryError:
        return None
    return written
