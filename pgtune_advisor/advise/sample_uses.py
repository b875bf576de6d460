"""Constants for one parameter by the way in which it is compared with a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise import sample_literals as literals
from pgtune_advisor.advise import sample_values as values
from pgtune_advisor.advise.sample_values import Choice, ValueStatistics
from pgtune_advisor.sqltext import Atom, Role

LIST_LENGTH: Final = 3

_EQUALITY: Final = frozenset({"=", "<>", "= ANY", "<> ALL", "is distinct from"})
_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})
_LIKE: Final = frozenset({"~~", "~~*", "!~~", "!~~*"})
_REGEX: Final = frozenset({"~", "~*", "!~", "!~*"})
_CONTAINS: Final = frozenset({"@>", "<@", "&&", "ANY of =", "@@"})
_KEYS: Final = frozenset({"?", "?|", "?&"})
_MEMBER = re.compile(r"[^ ]+ ->> '((?:[^']|'')+)'(?:::text)?")
_JSON: Final = frozenset({"json", "jsonb"})


@dataclass(slots=True, kw_only=True)
class Parameter:
    """What is known of one parameter: SQL constants with the share that each stands for."""

    choices: tuple[Choice, ...] = ()
    guessed: bool = False
    assumed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a parameter is compared with a column whose statistics are known."""

    number: int
    kind: str
    atom: Atom
    stats: ValueStatistics


def sampled(use: Use, role: Role | None) -> Parameter | None:
    """What stands for the parameter in this use; None where the column's values tell nothing."""
    operator, kind = use.atom.operator, literals.plain_type(use.kind)
    assumed = ""
    if operator in ("= ANY", "<> ALL") and kind.endswith("[]"):
        return _list(use)
    if operator in _LIKE | _REGEX:
        part = role == "wildcard" or use.atom.other == "expression"
        choices = values.patterns(use.stats, part=part, regex=operator in _REGEX)
        assumed = "" if part else f"${use.number} is taken as a pattern with a fixed beginning"
        return constants_of(choices, use, "text", assumed)
    if operator in _CONTAINS | _KEYS:
        return _containment(use)
    if adds(use):
        return None
    if operator in _LOWER | _UPPER:
        is_time = literals.plain_type(use.stats.type) in literals.TIMES
        return constants_of(values.bound(use.stats, operator, is_time=is_time), use, use.stats.type)
    if operator not in _EQUALITY:
        return None
    if key := _json_key(use):
        chosen = values.members(use.stats, key)
        found = [Choice(literals.literal(v, use.kind), w) for v, w in chosen]
        return Parameter(choices=tuple(found)) if found and kind == "text" else None
    if use.atom.parameters != (use.number,):
        return _member(use)
    return constants_of(values.equals(use.stats), use, use.stats.type)


def _json_key(use: Use) -> str | None:
    """The key in `doc ->> 'key'`; None for anything else, and where the key is unknown."""
    if literals.plain_type(use.stats.type) not in _JSON:
        return None
    match = _MEMBER.fullmatch(use.atom.expression)
    return match[1].replace("''", "'") if match else None


def adds(use: Use) -> bool:
    """Whether the parameter is a part of a sum, and not of the column's own type."""
    own = literals.plain_type(use.stats.type)
    return use.atom.other == "expression" and literals.plain_type(use.kind) != own


def constants_of(
    choices: Sequence[Choice], use: Use, source: str, assumed: str = ""
) -> Parameter | None:
    """The values as constants of the parameter's type, through the function that stands there."""
    found = []
    for value, weight in choices:
        fits = literals.fitting(_through(value, use.atom), source, use.kind)
        if fits is not None and _explains(use.atom):
            found.append(Choice(literals.literal(fits, use.kind), weight))
    if not found:
        return None
    return Parameter(choices=values.normalised(found), assumed=assumed)


def _explains(atom: Atom) -> bool:
    """Whether the column's values are those of this side: it is the column, a cast of it, …"""
    expression = atom.expression.lower()
    known = ("lower(", "upper(", "date_trunc(", "date(", "btrim(")
    return atom.column is not None or expression.startswith(known)


def _through(value: str, atom: Atom) -> str:
    expression = atom.expression.lower()
    if expression.startswith("lower("):
        return value.lower()
    return value.upper() if expression.startswith("upper(") else value


def _list(use: Use) -> Parameter | None:
    """A constant array of some values."""
    element = literals.plain_type(use.kind).removesuffix("[]")
    listed = []
    for value in values.spread(use.stats, LIST_LENGTH):
        fits = literals.fitting(_through(value, use.atom), use.stats.type, element)
        if fits is not None and _explains(use.atom):
            listed.append(fits)
    if not listed:
        return None
    constant = literals.array_literal(listed, use.kind)
    said = f"${use.number} is taken as a list of {len(listed)} values"
    return Parameter(choices=(Choice(constant, 1.0),), assumed=said)


def _member(use: Use) -> Parameter | None:
    """One of several parameters in a list: each has a value of its own."""
    place = use.atom.parameters.index(use.number)
    listed = values.spread(use.stats, len(use.atom.parameters))
    if not listed:
        return None
    return constants_of((Choice(listed[place % len(listed)], 1.0),), use, use.stats.type)


def _containment(use: Use) -> Parameter | None:
    kind, column = literals.plain_type(use.kind), literals.plain_type(use.stats.type)
    if column in _JSON:
        return _json(use)
    chosen = values.contained(use.stats)
    if not chosen:
        return None
    if kind.endswith("[]"):
        found = [Choice(literals.array_literal([v], use.kind), w) for v, w in chosen]
    elif kind == "tsquery":
        found = [Choice(literals.literal(_word(v), use.kind), w) for v, w in chosen]
    else:
        found = [Choice(literals.literal(v, use.kind), w) for v, w in chosen]
    return Parameter(choices=tuple(found))


def _word(lexeme: str) -> str:
    """A lexeme as a tsquery that means it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _json(use: Use) -> Parameter | None:
    """A member of a known document for @>, its key for ?."""
    found = values.documents(use.stats)[:2]
    if not found:
        return None
    kind = literals.plain_type(use.kind)
    is_key = use.atom.operator in _KEYS
    picked = [key if is_key else document for document, key in found]
    share = 1.0 / len(picked)
    if kind.endswith("[]"):
        chosen = [Choice(literals.array_literal([value], use.kind), share) for value in picked]
    else:
        chosen = [Choice(literals.literal(value, use.kind), share) for value in picked]
    said = f"${use.number} is taken as one member of a document"
    return Parameter(choices=tuple(chosen), assumed=said)
