"""Values picked from one column's statistics: a common one, a middle one, a rare one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

_GUESSES: Final = {
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "oid": "1",
    "numeric": "1",
    "real": "1",
    "double precision": "1",
    "boolean": "true",
    "text": "x",
    "character varying": "x",
    "character": "x",
    "name": "x",
    '"char"': "x",
    "date": "2026-01-01",
    "timestamp without time zone": "2026-01-01 00:00:00",
    "timestamp with time zone": "2026-01-01 00:00:00+00",
    "time without time zone": "12:00:00",
    "interval": "1 day",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json": "{}",
    "jsonb": "{}",
    "tsquery": "x",
    "regclass": "pg_class",
}
_PREFIX: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStatistics:
    """What pg_stats keeps of a column's values, as texts: common ones with their share of the
    rows, bounds of the histogram in order, common elements of arrays."""

    type: str
    common: tuple[tuple[str, float], ...] = ()
    histogram: tuple[str, ...] = ()
    elements: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A common, a middle and a rare value; `common_mass` is the share of rows with common ones,
    None where the kind of comparison does not depend on that."""

    values: tuple[str, str, str]
    common_mass: float | None = None

    @classmethod
    def of(cls, value: str) -> Picked:
        """The same value always."""
        return cls(values=(value, value, value))


def guess(kind: str) -> str | None:
    """A harmless value of a type by its name; None for a type that this does not know."""
    plain = kind.partition("(")[0].strip()
    return "{}" if plain.endswith("[]") else _GUESSES.get(plain)


def picked(known: ValueStatistics, operator: str, kind: str) -> Picked | None:
    """Values for a parameter of this type that is compared so; None where nothing is known."""
    match operator:
        case "= ANY" if kind.endswith("[]"):
            return _any(known)
        case "=" | "<>" | "= ANY":
            return _equal(known)
        case "<" | "<=":
            return _bound(known, (0.5, 0.5, 0.05))
        case ">" | ">=":
            return _bound(known, (0.5, 0.95, 0.99))
        case "~~" | "~~*" | "^@":
            return _pattern(known, operator)
        case "@>" if kind.endswith("[]"):
            return _elements(known)
        case "&&" if kind.endswith("[]"):
            return _elements(known)
        case "@>" if kind == "jsonb":
            return _document(known)
    return None


def slices(known: ValueStatistics) -> tuple[Picked, Picked] | None:
    """Bounds below and above: a tenth of the column's middle, a hundredth there, and its end."""
    bounds = known.histogram
    if len(bounds) < 3:
        return None
    last = len(bounds) - 1

    def at(share: float) -> str:
        return bounds[min(round(share * last), last)]

    narrow = min(round(0.5 * last) + 1, last)
    lower = (at(0.45), bounds[narrow - 1], at(0.97))
    upper = (at(0.55), bounds[narrow], at(1.0))
    return Picked(values=lower), Picked(values=upper)


def _equal(known: ValueStatistics) -> Picked | None:
    mass = min(sum(share for _, share in known.common), 1.0)
    ranked = sorted(known.common, key=lambda pair: (-pair[1], pair[0]))
    bounds = known.histogram
    if bounds:
        middle, rare = bounds[len(bounds) // 2], bounds[len(bounds) // 7]
    elif ranked:
        # Few values in all: the median one and the rarest stand for the rest.
        middle, rare, mass = ranked[len(ranked) // 2][0], ranked[-1][0], ranked[0][1]
    else:
        return None
    return Picked(values=(ranked[0][0] if ranked else middle, middle, rare), common_mass=mass)


def _any(known: ValueStatistics) -> Picked | None:
    one = _equal(known)
    return None if one is None else Picked.of(array(list(dict.fromkeys(one.values))))


def _bound(known: ValueStatistics, shares: tuple[float, float, float]) -> Picked | None:
    bounds = known.histogram or tuple(value for value, _ in known.common[:1])
    if not bounds:
        return None
    last = len(bounds) - 1
    first, second, third = (bounds[round(share * last)] for share in shares)
    return Picked(values=(first, second, third))


def _pattern(known: ValueStatistics, operator: str) -> Picked | None:
    """A prefix of a value, since of the pattern only its place in the statement is known."""
    found = _equal(known)
    if found is None:
        return None
    end = "" if operator == "^@" else "%"
    first, second, third = (_escaped(value[:_PREFIX]) + end for value in found.values)
    return Picked(values=(first, second, third), common_mass=found.common_mass)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _elements(known: ValueStatistics) -> Picked | None:
    if not known.elements:
        return None
    ranked = [value for value, _ in sorted(known.elements, key=lambda pair: (-pair[1], pair[0]))]
    chosen = (ranked[0], ranked[len(ranked) // 2], ranked[-1])
    first, second, third = (array([value]) for value in chosen)
    return Picked(values=(first, second, third))


def _document(known: ValueStatistics) -> Picked | None:
    """One key of a document that occurs, with its value."""
    one = _equal(known)
    for text in one.values if one else ():
        try:
            document = json.loads(text)
        except ValueError:
            continue
        if isinstance(document, dict):
            for key, value in document.items():
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    return Picked.of(json.dumps({key: value}))
    return None


def array(values: list[str]) -> str:
    """An array literal of these elements."""
    quoted = (value.replace("\\", r"\\").replace('"', r"\"") for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def elements(literal: str | None) -> tuple[str, ...]:
    """The elements of a one-dimensional array literal; NULL elements are left out."""
    if not literal or not literal.startswith("{"):
        return ()
    found: list[str] = []
    position, end = 1, len(literal) - 1
    while position < end:
        if literal[position] == '"':
            position, text = _quoted(literal, position + 1)
            found.append(text)
        else:
            stop = literal.find(",", position)
            stop = end if stop < 0 else min(stop, end)
            word = literal[position:stop]
            if word.upper() != "NULL":
                found.append(word)
            position = stop
        position += 1
    return tuple(found)


def _quoted(literal: str, position: int) -> tuple[int, str]:
    """The text up to the closing quote, and where the quote ends."""
    out: list[str] = []
    while position < len(literal):
        character = literal[position]
        if character == "\\":
            position += 1
            out.append(literal[position : position + 1])
        elif character == '"':
            return position + 1, "".join(out)
        else:
            out.append(character)
        position += 1
    return position, "".join(out)
