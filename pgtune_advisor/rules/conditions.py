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
    exp.Tuple,
)
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that holds to the rules: its SQL, and the facts it reads."""

    sql: str
    facts: tuple[str, ...]
    server_facts: tuple[str, ...]


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
    own: list[str] = []
    server: list[str] = []
    for node in tree.walk():
        match node:
            case exp.Column():
                _column(node, facts, server_facts, own, server, where)
            case exp.Placeholder():
                _known(node.name, params, "parameter", where)
            case exp.Anonymous():
                _setting_call(node, where)
            case _ if not isinstance(node, _ALLOWED):
                raise RuleError(
                    f"{where}: {type(node).__name__.upper()} is not allowed in a condition",
                    detail=f"In: {text}",
                    hint="A condition compares facts, parameters (:name) and constants. Ratios are "
                    "facts of their own, since SQL divides integers as integers.",
                )
        if isinstance(node, _COMPARISONS):
            _types_agree(node, facts, where)
    if not own and not server:
        raise RuleError(f"{where}: the condition reads no fact", detail=f"In: {text}")
    return Condition(
        sql=tree.sql(dialect="sqlite"),
        facts=tuple(dict.fromkeys(own)),
        server_facts=tuple(dict.fromkeys(server)),
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
    own: list[str],
    server: list[str],
    where: str,
) -> None:
    match node.table:
        case "":
            _known(node.name, facts, "fact", where)
            own.append(node.name)
        case "server":
            _known(node.name, server_facts, "fact", where)
            server.append(node.name)
        case other:
            raise RuleError(
                f'{where}: unknown table "{other}"',
                hint="Facts of the subject stand alone; those of the server as server.<fact>.",
            )


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


def _types_agree(node: exp.Expr, facts: Mapping[str, FactColumn], where: str) -> None:
    """A text fact is compared with a text, a number with a number: SQLite would not complain."""
    sides = (node.args["this"], node.args["expression"])
    column = next((s for s in sides if isinstance(s, exp.Column) and not s.table), None)
    literal = next((s for s in sides if isinstance(s, exp.Literal)), None)
    if column is None or literal is None or column.name not in facts:
        return
    kind: FactType = facts[column.name].type
    if (kind == "text") != literal.is_string:
        raise RuleError(
            f'{where}: the fact "{column.name}" is {kind}, compared with {literal.sql()}'
        )
