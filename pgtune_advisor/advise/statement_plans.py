"""The plans of the statements that take most of the time, by the target's own EXPLAIN.

Nothing is run: a statement is prepared, and explained with values of the statistics in the place
of its parameters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pgtune_advisor.advise.indexes.planning import sampled_values
from pgtune_advisor.advise.indexes.site import Values
from pgtune_advisor.advise.indexes.values import values_of
from pgtune_advisor.advise.indexes.workload import Entry, queried_databases, workload
from pgtune_advisor.advise.whatif import Described
from pgtune_advisor.domain.plan_observations import StatementPlan, StatementPlans
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.plans import Plan, PlanError, seen
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext import preparable, substituted
from pgtune_advisor.sqltext.unparsed import Unparsed

# Each costs the target some milliseconds of planning.
MOST: Final = 50
_NAMED: Final = 5


class Explaining(Protocol):
    """A connection to one database that has statements planned. Both calls may raise PlanError."""

    def describe(self, text: str) -> Described: ...

    def explain(self, text: str, *, verbose: bool = False) -> Plan: ...


@dataclass(slots=True)
class _Found:
    plans: list[StatementPlan] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def explain_statements(
    context: Context,
    explaining: Callable[[str], Explaining | Gap],
    expired: Callable[[], bool],
    *,
    most: int = MOST,
) -> StatementPlans:
    """The plans of at most so many statements of each database, those with the most time first."""
    found = _Found()
    for database in queried_databases(context, None):
        entries = [e for e in workload(context, database, None).entries if e.query_id is not None]
        if not entries:
            continue
        connection = explaining(database)
        if isinstance(connection, Gap):
            found.gaps.append(connection)
            continue
        values = values_of(context.snapshot, database)
        plans = _planned(database, entries[:most], connection, values, expired)
        found.plans += plans
        found.gaps += _gaps(database, plans)
    return StatementPlans(plans=tuple(found.plans), gaps=tuple(found.gaps))


def _planned(
    database: str,
    entries: Sequence[Entry],
    connection: Explaining,
    values: Values,
    expired: Callable[[], bool],
) -> list[StatementPlan]:
    plans: list[StatementPlan] = []
    for entry in entries:
        if expired():
            plans.append(_without(database, entry, "not-reached"))
            continue
        prepared = preparable(entry.text)
        if isinstance(prepared, Unparsed):
            plans.append(_without(database, entry, prepared.reason))
            continue
        try:
            plans.append(_plan(database, entry, prepared.text, connection, values))
        except PlanError as error:
            plans.append(_without(database, entry, error.reason))
            if error.reason == "planner-lost":
                break
    return plans


def _plan(
    database: str, entry: Entry, text: str, connection: Explaining, values: Values
) -> StatementPlan:
    """With the values that stand for most of its calls; the generic plan where none are known."""
    described = connection.describe(text)
    variants = sampled_values(described, values) if described.types else ()
    plan = described.plan
    if variants:
        usual = max(variants, key=lambda one: one.weight)
        plan = connection.explain(substituted(described.text, usual.literals), verbose=True)
    return StatementPlan(
        database=database,
        query_id=entry.query_id or 0,
        source="explain",
        seen=seen(plan),
        generic=bool(described.types) and not variants,
    )


def _without(database: str, entry: Entry, reason: str) -> StatementPlan:
    return StatementPlan(
        database=database, query_id=entry.query_id or 0, source="explain", reason=reason
    )


def _gaps(database: str, plans: Sequence[StatementPlan]) -> list[Gap]:
    """One gap for all statements without a plan, with the reasons and some of the ids."""
    missing: dict[str, list[int]] = defaultdict(list)
    for plan in plans:
        if plan.reason:
            missing[plan.reason].append(plan.query_id)
    if not missing:
        return []
    counts = Counter({reason: len(ids) for reason, ids in missing.items()})
    told = "; ".join(
        f"{reason} {count}: query id {_named(missing[reason])}"
        for reason, count in counts.most_common()
    )
    return [
        Gap(
            source=f"statement_plans:{database}",
            reason=f"{sum(counts.values())} statements have no plan ({told})",
            hint="Rules judge these by their text and counters alone.",
        )
    ]


def _named(ids: Sequence[int]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(map(str, ids[:_NAMED])) + more
