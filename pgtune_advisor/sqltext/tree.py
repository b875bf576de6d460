"""Parts of PostgreSQL's own parse tree: the columns, parameters and text of an operand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from postgast.deparse import deparse
from postgast.errors import PgQueryError
from postgast.pg_query_pb2 import ColumnRef, ParamRef, ParseResult, SubLink
from postgast.walk import walk

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.sqltext.typenames import base_type

_PLANS: Final = ("SubPlan ", "InitPlan ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An operand. `columns` are the columns of tables that it reads, empty for a value.

    `column` and `alias` as in Atom; `text` is without qualifiers.
    """

    text: str
    alias: str | None
    column: str | None
    columns: tuple[str, ...]
    cast: str | None
    parameters: tuple[int, ...]
    is_list_of_parameters: bool


def side_of(node: Any) -> Side:
    """What is known of an operand."""
    refs = [ref for ref in _columns(node) if not _is_plan(ref)]
    names = tuple(dict.fromkeys(_name(ref) for ref in refs))
    aliases = {_alias(ref) for ref in refs}
    bare, cast = _uncast(node)
    is_column = bare.WhichOneof("node") == "column_ref" and not _is_plan(bare.column_ref)
    numbers = tuple(dict.fromkeys(_parameters(node)))
    return Side(
        text=text_of(node),
        alias=aliases.pop() if len(aliases) == 1 else None,
        column=names[0] if is_column and names and names[0] != "*" else None,
        columns=names,
        cast=cast if is_column else None,
        parameters=numbers,
        is_list_of_parameters=bool(numbers) and _is_value(node),
    )


def text_of(node: Any) -> str:
    """The node in PostgreSQL's spelling, names of columns without qualifiers."""
    bare, _ = _uncast(node)
    if bare is node and node.WhichOneof("node") == "column_ref":
        return _column_text(node.column_ref)
    result = ParseResult()
    target = result.stmts.add().stmt.select_stmt.target_list.add().res_target.val
    target.CopyFrom(node)
    for ref in list(_columns(target)):
        if len(ref.fields) > 1:
            del ref.fields[: len(ref.fields) - 1]
    try:
        written: str = deparse(result)
    except PgQueryError:
        return ""
    return written.removeprefix("SELECT ")


def row_elements(node: Any) -> list[Any]:
    """The elements of ROW(…); none for anything else."""
    return list(node.row_expr.args) if node.WhichOneof("node") == "row_expr" else []


def column_of(node: Any) -> bool:
    """Whether it is a column, perhaps cast."""
    bare, _ = _uncast(node)
    return bare.WhichOneof("node") == "column_ref" and not _is_plan(bare.column_ref)


def constant_of(node: Any) -> bool:
    """Whether it is a constant or a list of such, perhaps cast."""
    return _is_value(node) and not any(True for _ in _parameters(node))


def is_subplan(node: Any) -> bool:
    """Whether a subplan's result stands in it."""
    return any(_is_plan(ref) for ref in _columns(node)) or any(
        isinstance(found, SubLink) for _, found in walk(node)
    )


def _uncast(node: Any) -> tuple[Any, str | None]:
    """The node without the cast around it, and that cast's type; only one is taken off."""
    if node.WhichOneof("node") != "type_cast":
        return node, None
    inner = node.type_cast.arg
    if inner.WhichOneof("node") != "column_ref":
        return node, None
    return inner, base_type(_type_text(node))


def _type_text(node: Any) -> str:
    result = ParseResult()
    target = result.stmts.add().stmt.select_stmt.target_list.add().res_target.val
    target.CopyFrom(node)
    target.type_cast.arg.Clear()
    target.type_cast.arg.param_ref.number = 1
    written: str = deparse(result)
    return written.rpartition("::")[2]


def _is_value(node: Any) -> bool:
    """Constants, parameters, casts and lists of them."""
    kind = node.WhichOneof("node")
    if kind == "type_cast":
        return _is_value(node.type_cast.arg)
    if kind == "a_array_expr":
        return all(_is_value(element) for element in node.a_array_expr.elements)
    if kind == "list":
        return all(_is_value(element) for element in node.list.items)
    if kind == "a_expr" and not node.a_expr.HasField("lexpr"):
        return node.a_expr.name[-1].string.sval == "-" and _is_value(node.a_expr.rexpr)
    return kind in ("a_const", "param_ref")


def _columns(node: Any) -> Iterator[Any]:
    for _, found in walk(node):
        if isinstance(found, ColumnRef):
            yield found


def _parameters(node: Any) -> Iterator[int]:
    for _, found in walk(node):
        if isinstance(found, ParamRef):
            yield found.number


def _is_plan(ref: Any) -> bool:
    return bool(ref.fields) and ref.fields[0].string.sval.startswith(_PLANS)


def _name(ref: Any) -> str:
    last = ref.fields[-1]
    return "*" if last.WhichOneof("node") == "a_star" else last.string.sval


def _alias(ref: Any) -> str | None:
    return ref.fields[-2].string.sval if len(ref.fields) > 1 else None


def _column_text(ref: Any) -> str:
    name = _name(ref)
    return name if name == "*" else quote_ident(name)
