"""The statements that advice is given for, each with what it weighs and texts to plan."""

from __future__ import annotations

from dataclasses import dataclass

from pgtune_advisor.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A statement with values in place of its parameters; the weights of one job sum to 1."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A statement of the workload.

    `name` tells it from the others. `relations` are the tables that it reads as (schema, name),
    a partition by the table that it is part of. `weight` is how often it counts: its calls in the
    window, corrected so that weight times cost is in proportion to the time that it took (see
    workload.py). `plan` is its generic plan. `generic`: the variants are a generic plan's, since no
    values could be had.
    """

    name: str
    query_id: int | None
    text: str
    calls: float
    weight: float
    variants: tuple[Variant, ...]
    plan: Plan
    relations: frozenset[tuple[str, str]]
    time_ms: float | None = None
    rows_per_call: float | None = None
    generic: bool = False
    guessed: bool = False
