"""Values in place of parameters, from the target's own statistics.

A value is taken to be asked for as often as it occurs, for want of better knowledge: so a
statement is planned with its most common values, with one from the middle of the histogram and one
from its tail, each weighed by how much of the table it stands for. A literal NULL is never taken:
it folds a plan to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.sampling_values import (
    Picked,
    ValueStatistics,
    guess,
    picked,
    slices,
)
from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.plans import Plan
from pgtune_advisor.sqltext import Role, atoms, returned

__all__ = ["Sample", "ValueStatistics", "sample"]

_ROLES: Final[Mapping[Role, str]] = {
    "limit": "20",
    "offset": "0",
    "field": "epoch",
    "unit": "day",
    "zone": "UTC",
    "sample": "1",
    # Of a pattern that is put together the client gives the middle; constants come after.
    "wildcard": "abc",
}
_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})
# What is not common is asked for mostly in its middle.
_MIDDLE: Final = 0.7

Place = tuple[str, str, str]
"""Schema, table, column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Literals (SQL, typed) by parameter number; `guessed`: some have no statistics behind them."""

    literals: Mapping[int, str]
    weight: float
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """How a parameter is compared with a column."""

    place: Place
    alias: str
    operator: str


def sample(
    plan: Plan,
    types: Sequence[str],
    values: Mapping[Place, ValueStatistics],
    roles: Mapping[int, Role],
) -> tuple[Sample, ...]:
    """A few sets of literals for a statement's parameters, their weights summing to 1.

    `plan` is its generic plan (VERBOSE), `types` the parameters' types in order, `roles` what the
    text itself says of some. Empty where a parameter's type cannot even be guessed, or no
    statistics with values were read.
    """
    if not values:
        return ()
    uses = _uses(plan)
    chosen: dict[int, Picked] = {}
    guessed = False
    bounded = _pairs(uses, values)
    for number, kind in enumerate(types, start=1):
        if number in roles:
            first = (
                min(n for n, role in roles.items() if role == "wildcard")
                if (roles[number] == "wildcard")
                else number
            )
            chosen[number] = Picked.of(_ROLES[roles[number]] if number == first else "%")
            continue
        found = bounded.get(number) or _from_statistics(uses.get(number, ()), kind, values)
        if found is None:
            value = guess(kind)
            if value is None:
                return ()
            guessed = True
            found = Picked.of(value)
        chosen[number] = found
    return _scenarios(chosen, types, guessed)


def _uses(plan: Plan) -> dict[int, list[_Use]]:
    """Which columns each parameter is compared with."""
    places = {n.alias: (n.schema, n.relation) for n in plan.root.walk() if n.relation}
    found: dict[int, list[_Use]] = defaultdict(list)
    internal = returned([str(n.extra.get("Subplan Name", "")) for n in plan.root.walk()])
    for node in plan.root.walk():
        for text in node.conditions.values():
            for atom in atoms(text, internal):
                alias = atom.alias or next(iter(places), "")
                if alias not in places or len(atom.columns) != 1:
                    continue
                # Of lower(email) the values of email tell, if not to the letter.
                place = (*places[alias], atom.columns[0])
                use = _Use(place=place, alias=alias, operator=atom.operator)
                # Of a list each value is compared with the column.
                for number in {atom.parameter, *atom.parameters} - {None}:
                    found[number or 0].append(use)
    return found


def _from_statistics(
    uses: Iterable[_Use], kind: str, values: Mapping[Place, ValueStatistics]
) -> Picked | None:
    for use in uses:
        known = values.get(use.place)
        found = picked(known, use.operator, kind) if known else None
        if found is not None:
            return found
    return None


def _pairs(
    uses: Mapping[int, Sequence[_Use]], values: Mapping[Place, ValueStatistics]
) -> dict[int, Picked]:
    """Bounds of one column from below and from above, made to enclose a slice."""
    lower = {
        (u.alias, u.place): n for n, found in uses.items() for u in found if u.operator in _LOWER
    }
    upper = {
        (u.alias, u.place): n for n, found in uses.items() for u in found if u.operator in _UPPER
    }
    chosen: dict[int, Picked] = {}
    for key in sorted(lower.keys() & upper.keys()):
        known = values.get(key[1])
        bounds = slices(known) if known else None
        if bounds is not None and lower[key] != upper[key]:
            chosen[lower[key]], chosen[upper[key]] = bounds
    return chosen


def _scenarios(
    chosen: Mapping[int, Picked], types: Sequence[str], guessed: bool
) -> tuple[Sample, ...]:
    """Common values together, middle ones together, rare ones together; equal ones once."""
    masses = [one.common_mass for one in chosen.values() if one.common_mass is not None]
    common = sum(masses) / len(masses) if masses else 0.0
    weights = (common, (1 - common) * _MIDDLE, (1 - common) * (1 - _MIDDLE))
    found: dict[tuple[tuple[int, str], ...], float] = defaultdict(float)
    for scenario, weight in enumerate(weights):
        if weight > 0:
            literals = tuple(
                (number, f"{quote_literal(one.values[scenario])}::{types[number - 1]}")
                for number, one in sorted(chosen.items())
            )
            found[literals] += weight
    total = sum(found.values())
    return tuple(
        Sample(literals=dict(literals), weight=weight / total, guessed=guessed)
        for literals, weight in found.items()
    )
