"""The columns that conditions cast or match with LIKE, read from EXPLAIN's spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pgtune_advisor.domain.plan_observations import ConditionRole, PatternForm
from pgtune_advisor.plans.scanning import scan

ROLES: Final[dict[str, ConditionRole]] = {
    "Index Cond": "index",
    "Recheck Cond": "recheck",
    "Filter": "filter",
    "Hash Cond": "join",
    "Merge Cond": "join",
    "Join Filter": "join",
}
_NAME = r'(?:"(?:[^"]|"")+"|[a-z_\x80-\U0010ffff][\w$]*)'
_COLUMN = rf"(?:(?P<alias>{_NAME})\.)?(?P<column>{_NAME})"
_TYPE = (
    rf"(?:{_NAME}\.)?(?:double precision|character varying|bit varying|"
    rf"(?:timestamp|time)(?:\(\d\))? with(?:out)? time zone|{_NAME})(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)
# EXPLAIN puts a column that is cast into parentheses, and nothing else so.
_CAST: Final = re.compile(rf"(?<![\w\"])\({_COLUMN}\)::(?P<target>{_TYPE})")
_WILDCARD: Final = re.compile(r"(?<!\\)[%_]")
_OPERATOR: Final = re.compile(r" !?~~\*? ")
_BEFORE: Final = (
    re.compile(rf"\({_COLUMN}\)::{_TYPE}\Z"),
    re.compile(rf"(?<![\w.\"]){_COLUMN}\Z"),
)


def casts_in(condition: str) -> Iterator[tuple[str, str, str]]:
    """Each column that is cast: its alias (or ''), its name, the type."""
    for match in _CAST.finditer(_masked(condition)):
        yield plain(match["alias"] or ""), plain(match["column"]), match["target"]


def patterns_in(condition: str) -> Iterator[tuple[str, str, str, PatternForm]]:
    """Each column compared by LIKE: alias, name, operator, what its pattern begins with."""
    for split in _OPERATOR.finditer(_masked(condition)):
        head, rest = condition[: split.start()], condition[split.end() :]
        column = _last_column(head)
        if column is not None:
            yield *column, split.group().strip(), _form(rest)


def _last_column(head: str) -> tuple[str, str] | None:
    found = (match for one in _BEFORE if (match := one.search(head)) is not None)
    match = next(found, None)
    return (plain(match["alias"] or ""), plain(match["column"])) if match else None


def _form(rest: str) -> PatternForm:
    """The form of the pattern that a text begins with."""
    kind, piece = next(scan(rest), ("", ""))
    if kind == "param":
        return "parameter"
    if kind not in ("string", "escape"):
        return "unknown"
    body = piece[piece.index("'") + 1 : -1]
    if body.startswith(("%", "_")):
        return "leading-wildcard"
    return "prefix" if _WILDCARD.search(body) else "exact"


def _masked(condition: str) -> str:
    """The text with strings blanked at the same length, so that nothing is found in them."""
    return "".join(
        piece if kind not in ("string", "escape", "dollar") else "'" + "x" * (len(piece) - 1)
        for kind, piece in scan(condition)
    )


def plain(name: str) -> str:
    """An identifier as the catalogue holds it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
