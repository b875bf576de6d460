"""Variants of a statement: values of the statistics in the place of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.advise import sample_literals as literals
from pgtune_advisor.advise import sample_values as values
from pgtune_advisor.advise.sample_values import Choice, Lookup, ValueStatistics
from pgtune_advisor.sqltext import Atom, Role, atoms

MOST_VARIANTS: Final = 4
# What stands for fewer calls is not worth a plan.
LEAST_WEIGHT: Final = 0.002
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """SQL constants for a statement's parameters, and the share of calls that they stand for.

    The literals are data of the target. `guessed` are the parameters whose value no statistics
    told; `assumed` says in words, without values, what else was assumed of which.
    """

    literals: Mapping[int, str] = field(repr=False)
    weight: float
    guessed: frozenset[int] = frozenset()
    assumed: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Parameter:
    """What is known of one parameter: SQL constants with the share that each stands for."""

    choices: tuple[Choice, ...] = ()
    guessed: bool = False
    assumed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """Where a parameter is compared with a column whose statistics are known."""

    number: int
    kind: str
    atom: Atom
    stats: ValueStatistics


@dataclass(slots=True, kw_only=True)
class _Uses:
    """The uses of parameters in a plan's conditions; `unknown`: compared without statistics."""

    known: dict[int, list[_Use]] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)


def sample(
    conditions: Mapping[tuple[str, str, str], Sequence[str]],
    types: Sequence[str],
    lookup: Lookup,
    *,
    roles: Mapping[int, Role] | None = None,
    internal: frozenset[int] = frozenset(),
) -> tuple[Variant, ...]:
    """At most MOST_VARIANTS variants whose weights add up to 1, the same for the same input.

    `conditions` are those of the generic plan by (schema, table, alias), `types` those of the
    parameters by position, `roles` what sqltext.roles() says of the text, `internal` what
    sqltext.returned() says of the plan. None is returned, so that the generic plan is what there
    is, where no parameter's column has statistics, or one has a type without a known constant.
    A statement without parameters has one variant, itself. No sample is ever NULL.
    """
    if not types:
        return (Variant(literals={}, weight=1.0),)
    uses = _uses(conditions, types, lookup, internal)
    if uses.unknown and not uses.known:
        return ()
    found = _ranges(uses)
    for number, kind in enumerate(types, 1):
        if number not in found:
            parameter = _parameter(number, kind, uses.known.get(number, ()), roles or {})
            if parameter is None:
                return ()
            found[number] = parameter
    return _variants(found)


def _uses(
    conditions: Mapping[tuple[str, str, str], Sequence[str]],
    types: Sequence[str],
    lookup: Lookup,
    internal: frozenset[int],
) -> _Uses:
    tables = {alias: (schema, table) for schema, table, alias in conditions}
    uses = _Uses()
    for (_, _, own), texts in conditions.items():
        for atom in (atom for text in dict.fromkeys(texts) for atom in atoms(text, internal)):
            stats = None
            table = tables.get(own if atom.alias is None else atom.alias)
            if table is not None and len(atom.columns) == 1:
                stats = lookup(*table, atom.columns[0])
            for number in atom.parameters:
                if number > len(types) or (stats is None and atom.other == "column"):
                    continue
                if stats is None or stats.is_empty:
                    uses.unknown.add(number)
                else:
                    use = _Use(number=number, kind=types[number - 1], atom=atom, stats=stats)
                    uses.known.setdefault(number, []).append(use)
    return uses


def _parameter(
    number: int, kind: str, uses: Sequence[_Use], roles: Mapping[int, Role]
) -> _Parameter | None:
    """What stands for this parameter; None where no constant of its type is known."""
    for use in uses:
        found = _sampled(use, roles.get(number))
        if found is not None:
            return found
    role = roles.get(number)
    constant = literals.of_role(role, kind) if role else None
    if constant is not None:
        said = f"${number} ({role}) is taken as a usual value"
        return _Parameter(choices=(Choice(constant, 1.0),), assumed=said)
    constant = literals.default(kind)
    if constant is None:
        return None
    return _Parameter(choices=(Choice(constant, 1.0),), guessed=True)


def _sampled(use: _Use, role: Role | None) -> _Parameter | None:
    operator, kind = use.atom.operator, literals.plain_type(use.kind)
    assumed = ""
    if operator in ("= ANY", "<> ALL") and kind.endswith("[]"):
        return _list(use)
    if operator in _LIKE | _REGEX:
        part = role == "wildcard" or use.atom.other == "expression"
        choices = values.patterns(use.stats, part=part, regex=operator in _REGEX)
        assumed = "" if part else f"${use.number} is taken as a pattern with a fixed beginning"
        return _of(choices, use, "text", assumed)
    if operator in _CONTAINS | _KEYS:
        return _containment(use)
    if _adds(use):
        return None
    if operator in _LOWER | _UPPER:
        is_time = literals.plain_type(use.stats.type) in literals.TIMES
        return _of(values.bound(use.stats, operator, is_time=is_time), use, use.stats.type)
    if operator not in _EQUALITY:
        return None
    if key := _json_key(use):
        chosen = values.members(use.stats, key)
        found = [Choice(literals.literal(v, use.kind), w) for v, w in chosen]
        return _Parameter(choices=tuple(found)) if found and kind == "text" else None
    if use.atom.parameters != (use.number,):
        return _member(use)
    return _of(values.equals(use.stats), use, use.stats.type)


def _json_key(use: _Use) -> str | None:
    """The key in `doc ->> 'key'`; None for anything else, and where the key is unknown."""
    if literals.plain_type(use.stats.type) not in _JSON:
        return None
    match = _MEMBER.fullmatch(use.atom.expression)
    return match[1].replace("''", "'") if match else None


def _adds(use: _Use) -> bool:
    """Whether the parameter is a part of a sum, and not of the column's own type."""
    own = literals.plain_type(use.stats.type)
    return use.atom.other == "expression" and literals.plain_type(use.kind) != own


def _of(choices: Sequence[Choice], use: _Use, source: str, assumed: str = "") -> _Parameter | None:
    """The values as constants of the parameter's type, through the function that stands there."""
    found = []
    for value, weight in choices:
        fits = literals.fitting(_through(value, use.atom), source, use.kind)
        if fits is not None and _explains(use.atom):
            found.append(Choice(literals.literal(fits, use.kind), weight))
    if not found:
        return None
    return _Parameter(choices=values.normalised(found), assumed=assumed)


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


def _list(use: _Use) -> _Parameter | None:
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
    return _Parameter(choices=(Choice(constant, 1.0),), assumed=said)


def _member(use: _Use) -> _Parameter | None:
    """One of several parameters in a list: each has a value of its own."""
    place = use.atom.parameters.index(use.number)
    listed = values.spread(use.stats, len(use.atom.parameters))
    if not listed:
        return None
    return _of((Choice(listed[place % len(listed)], 1.0),), use, use.stats.type)


def _containment(use: _Use) -> _Parameter | None:
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
    return _Parameter(choices=tuple(found))


def _word(lexeme: str) -> str:
    """A lexeme as a tsquery that means it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _json(use: _Use) -> _Parameter | None:
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
    return _Parameter(choices=tuple(chosen), assumed=said)


def _ranges(uses: _Uses) -> dict[int, _Parameter]:
    """Pairs of parameters that bound one column from both sides: low before high, always."""
    found: dict[int, _Parameter] = {}
    for low, high in _bounds(uses):
        if low.number in found or high.number in found:
            continue
        is_time = literals.plain_type(low.stats.type) in literals.TIMES
        pairs = values.slices(low.stats, is_time=is_time)
        ends = [
            _of([pair[side] for pair in pairs], use, use.stats.type)
            for side, use in enumerate((low, high))
        ]
        lower, upper = ends
        if lower and upper and len(lower.choices) == len(upper.choices):
            found[low.number], found[high.number] = lower, upper
    return found


def _bounds(uses: _Uses) -> Iterator[tuple[_Use, _Use]]:
    ranges = [
        use
        for listed in uses.known.values()
        for use in listed
        if use.atom.operator in _LOWER | _UPPER and not use.atom.row and not use.atom.negated
    ]
    for low in (use for use in ranges if use.atom.operator in _LOWER):
        for high in (use for use in ranges if use.atom.operator in _UPPER):
            same = (low.atom.alias, low.atom.expression) == (high.atom.alias, high.atom.expression)
            if same and low.number != high.number and not (_adds(low) or _adds(high)):
                yield low, high


def _variants(found: Mapping[int, _Parameter]) -> tuple[Variant, ...]:
    """The n-th choice of every parameter together, as often as the one with most choices has it.

    So what is common goes with what is common, and what is rare with what is rare.
    """
    driver = max(
        found.values(),
        key=lambda parameter: (len(parameter.choices), parameter.choices[0].weight),
    )
    weights: dict[tuple[tuple[int, str], ...], float] = {}
    for index, choice in enumerate(driver.choices[:MOST_VARIANTS]):
        picked = tuple(
            (number, found[number].choices[index % len(found[number].choices)].value)
            for number in sorted(found)
        )
        weights[picked] = weights.get(picked, 0.0) + choice.weight
    most = max(weights.values())
    weights = {key: w for key, w in weights.items() if w >= min(LEAST_WEIGHT, most)}
    total = sum(weights.values())
    guessed = frozenset(number for number, parameter in found.items() if parameter.guessed)
    assumed = tuple(found[n].assumed for n in sorted(found) if found[n].assumed)
    return tuple(
        Variant(literals=dict(picked), weight=weight / total, guessed=guessed, assumed=assumed)
        for picked, weight in weights.items()
    )
