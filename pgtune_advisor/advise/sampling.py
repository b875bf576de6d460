"""Variants of a statement: values of the statistics in the place of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.advise import sample_literals as literals
from pgtune_advisor.advise import sample_values as values
from pgtune_advisor.advise.sample_uses import Parameter, Use, adds, constants_of, sampled
from pgtune_advisor.advise.sample_values import Choice, Lookup
from pgtune_advisor.sqltext import Role, atoms

MOST_VARIANTS: Final = 4
# What stands for fewer calls is not worth a plan.
LEAST_WEIGHT: Final = 0.002
_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})


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
class _Uses:
    """The uses of parameters in a plan's conditions; `unknown`: compared without statistics."""

    known: dict[int, list[Use]] = field(default_factory=dict)
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
                    use = Use(number=number, kind=types[number - 1], atom=atom, stats=stats)
                    uses.known.setdefault(number, []).append(use)
    return uses


def _parameter(
    number: int, kind: str, uses: Sequence[Use], roles: Mapping[int, Role]
) -> Parameter | None:
    """What stands for this parameter; None where no constant of its type is known."""
    for use in uses:
        found = sampled(use, roles.get(number))
        if found is not None:
            return found
    role = roles.get(number)
    constant = literals.of_role(role, kind) if role else None
    if constant is not None:
        said = f"${number} ({role}) is taken as a usual value"
        return Parameter(choices=(Choice(constant, 1.0),), assumed=said)
    constant = literals.default(kind)
    if constant is None:
        return None
    return Parameter(choices=(Choice(constant, 1.0),), guessed=True)


def _ranges(uses: _Uses) -> dict[int, Parameter]:
    """Pairs of parameters that bound one column from both sides: low before high, always."""
    found: dict[int, Parameter] = {}
    for low, high in _bounds(uses):
        if low.number in found or high.number in found:
            continue
        is_time = literals.plain_type(low.stats.type) in literals.TIMES
        pairs = values.slices(low.stats, is_time=is_time)
        ends = [
            constants_of([pair[side] for pair in pairs], use, use.stats.type)
            for side, use in enumerate((low, high))
        ]
        lower, upper = ends
        if lower and upper and len(lower.choices) == len(upper.choices):
            found[low.number], found[high.number] = lower, upper
    return found


def _bounds(uses: _Uses) -> Iterator[tuple[Use, Use]]:
    ranges = [
        use
        for listed in uses.known.values()
        for use in listed
        if use.atom.operator in _LOWER | _UPPER and not use.atom.row and not use.atom.negated
    ]
    for low in (use for use in ranges if use.atom.operator in _LOWER):
        for high in (use for use in ranges if use.atom.operator in _UPPER):
            same = (low.atom.alias, low.atom.expression) == (high.atom.alias, high.atom.expression)
            if same and low.number != high.number and not (adds(low) or adds(high)):
                yield low, high


def _variants(found: Mapping[int, Parameter]) -> tuple[Variant, ...]:
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
