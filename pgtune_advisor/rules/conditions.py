"""`when`: an SQL boolean over one row of facts, checked before it is ever run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from pgtune_advisor.domain.custom import FactColumn, FactType
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.rules.condition_types import check_types

FUNCTIONS: Final = frozenset({"abs", "coalesce", "setting"})
_ALLOWED: Final = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.Paren,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
    exp.Null,
    exp.Boolean,
    exp.Literal,
    exp.Column,
    exp.Identifier,
    exp.Placeholder,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Abs,
    exp.Anonymous,
)
SELF: Final = "self"
"""The name of the subject's own table where a condition runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that holds to the rules: its SQL, and what it reads."""

    sql: str
    facts: tuple[str, ...]
    server_facts: tuple[str, ...]
    settings: tuple[str, ...] = ()
    params: tuple[str, ...] = ()


def compile_condition(
    text: str,
    *,
    facts: Mapping[str, FactColumn],
    server_facts: Mapping[str, FactColumn],
    params: Collection[str],
    where: str,
) -> Condition:
    """Check a condition against the fact catalogue; RuleError names what is wrong in `where`."""
    tree = _parse(text, where)
    for node in tree.walk():
        _allowed(node, text, where)
    for name in _named(tree, exp.Placeholder):
        _known(name, params, "parameter", where)
    for column in tree.find_all(exp.Column):
        _column(column, facts, server_facts, where)

    def fact_type(column: exp.Column) -> FactType | None:
        return (server_facts if column.table == "server" else facts)[column.name].type

    check_types(tree, fact_type, where)
    own = [c for c in tree.find_all(exp.Column) if c.table != "server"]
    server = [c for c in tree.find_all(exp.Column) if c.table == "server"]
    settings = [c.expressions[0].name for c in tree.find_all(exp.Anonymous)]
    if not own and not server and not settings:
        raise RuleError(f"{where}: the condition reads no fact", detail=f"In: {text}")
    for column in own:
        column.set("table", exp.to_identifier(SELF))
    return Condition(
        sql=tree.sql(dialect="sqlite", comments=False),
        facts=tuple(dict.fromkeys(c.name for c in own)),
        server_facts=tuple(dict.fromkeys(c.name for c in server)),
        settings=tuple(dict.fromkeys(settings)),
        params=_named(tree, exp.Placeholder),
    )


def _named(tree: exp.Expr, node_type: type[exp.Expr]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.name for node in tree.find_all(node_type)))


def _allowed(node: exp.Expr, text: str, where: str) -> None:
    if isinstance(node, exp.Anonymous):
        _setting_call(node, where)
    elif not isinstance(node, _ALLOWED):
        raise RuleError(
            f"{where}: {type(node).__name__.upper()} is not allowed in a condition",
            detail=f"In: {text}",
            hint="A condition compares facts, parameters (:name) and constants. Ratios are "
            "facts of their own, since SQL divides integers as integers.",
        )


def _parse(text: str, where: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(text, dialect="sqlite")
    except SqlglotError as error:
        first = str(error).splitlines()[0]
        raise RuleError(
            f"{where}: the condition is not valid SQL", detail=f"{first} In: {text}"
        ) from None


def _column(
    node: exp.Column,
    facts: Mapping[str, FactColumn],
    server_facts: Mapping[str, FactColumn],
    where: str,
) -> None:
    if node.table not in ("", "server") or node.args.get("db"):
        raise RuleError(
            f'{where}: unknown table "{node.table}"',
            hint="Facts of the subject stand alone; those of the server as server.<fact>.",
        )
    _known(node.name, server_facts if node.table else facts, "fact", where)


def _known(name: str, names: Collection[str], what: str, where: str) -> None:
    if name in names:
        return
    near = get_close_matches(name, names, 1)
    raise RuleError(
        f'{where}: unknown {what} "{name}"',
        hint=f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(sorted(names)) or '-'}",
    )


def _setting_call(node: exp.Anonymous, where: str) -> None:
    arguments = node.expressions
    plain = len(arguments) == 1 and isinstance(arguments[0], exp.Literal) and arguments[0].is_string
    if node.name.lower() != "setting" or not plain:
        raise RuleError(
            f"{where}: the function {node.name} is not allowed",
            hint=f"Allowed are {', '.join(sorted(FUNCTIONS))}; setting('name') takes one name.",
        )
