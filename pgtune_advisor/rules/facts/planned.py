"""What the statements' plans add to what their texts and counters tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.domain.plan_observations import (
    ColumnCast,
    MemoryNeed,
    PlanSeen,
    Scan,
    Skipped,
    StatementPlan,
)
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.domain.units import format_bytes, format_count
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext import Predicate, atoms, cast_keeps_index

_SHARED: Final = "plans"
# Rows by estimate up to which an index look-up is one that finds little.
_FEW: Final = 10
_BOUND: Final = ("Index Cond", "Recheck Cond")


class Plans:
    """The plan of each statement by its database and id."""

    def __init__(self, context: Context) -> None:
        listed = context.plans.plans if context.plans is not None else ()
        self._asked = context.plans is not None
        self._by_id: Mapping[tuple[str, int], StatementPlan] = {
            (plan.database, plan.query_id): plan for plan in listed
        }
        self._parents = {
            (r.database, r.schema, r.name): (r.parent_schema or "", r.parent_name)
            for r in context.snapshot.relations
            if r.is_partition and r.parent_name
        }

    def of(self, statement: Statement) -> StatementPlan | None:
        """The plan, or the reason why there is none; None where it was not asked for."""
        return self._by_id.get((statement.database or "", statement.query_id or 0))

    def seen(self, statement: Statement) -> PlanSeen | None:
        plan = self.of(statement)
        return plan.seen if plan is not None else None

    def missing(self, statement: Statement) -> str:
        """Why there is no plan; '' where there is one."""
        plan = self.of(statement)
        if plan is None:
            return "not among those planned" if self._asked else "nobody asked the server"
        return plan.reason

    def scans(self, statement: Statement, relation: Relation) -> list[Scan] | None:
        """How the plan reads a table, its partitions included; None without a plan."""
        seen = self.seen(statement)
        if seen is None:
            return None
        wanted = (relation.schema, relation.name)
        return [
            one
            for one in seen.scans
            if self._root(relation.database, (one.place.schema, one.place.table)) == wanted
        ]

    def _root(self, database: str, place: tuple[str, str]) -> tuple[str, str]:
        while (parent := self._parents.get((database, *place))) is not None:
            place = parent
        return place


def plans_of(context: Context) -> Plans:
    """The plans of this evaluation, shared by the fact tables."""
    if _SHARED not in context.shared:
        context.shared[_SHARED] = Plans(context)
    plans: Plans = context.shared[_SHARED]
    return plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a plan treats one condition: `reads` is whole, index, other, or '' without a plan.

    whole: the table is read from end to end and the condition passes over every row. index: an
    index serves it. other: it is tested on rows that something else has found.
    """

    reads: str
    cast: str | None
    is_lookup: bool


def reading(
    plans: Plans, statement: Statement, predicate: Predicate, relation: Relation, kind: str
) -> Reading:
    """What the plan says of a predicate on a column of this type."""
    scans = plans.scans(statement, relation)
    if not scans or predicate.column is None:
        return Reading(reads="", cast=None, is_lookup=False)
    bare = not predicate.functions and not predicate.cast_types
    if any(_mentions(scan, _BOUND, predicate, bare=bare) for scan in scans):
        reads = "index"
    elif any(s.is_whole and _mentions(s, ("Filter",), predicate, bare=False) for s in scans):
        reads = "whole"
    else:
        reads = "whole" if _joined_whole(scans, predicate) else "other"
    few = len(scans) == 1 and scans[0].rows <= _FEW
    return Reading(
        reads=reads,
        cast=next(_casts(plans, statement, predicate, scans, kind), None),
        is_lookup=reads == "index" and bare and few and predicate.operator == "=",
    )


def _mentions(scan: Scan, labels: tuple[str, ...], predicate: Predicate, *, bare: bool) -> bool:
    """Whether one of the conditions is about the predicate's column, wrapped as it is there."""
    for label in labels:
        for atom in atoms(scan.conditions.get(label, "")):
            if predicate.column in atom.columns and (not bare or atom.column is not None):
                wrapped = all(name in atom.expression for name in predicate.functions)
                if bare or wrapped:
                    return True
    return False


def _joined_whole(scans: list[Scan], predicate: Predicate) -> bool:
    """A join's condition stands at the join: then it counts whether the table is read whole."""
    return predicate.other == "column" and all(scan.is_whole for scan in scans)


def _casts(
    plans: Plans, statement: Statement, predicate: Predicate, scans: list[Scan], kind: str
) -> Iterator[str]:
    """The type to which the plan casts the column outside of index conditions."""
    seen = plans.seen(statement)
    aliases = {scan.place.alias for scan in scans}
    for one in seen.observations if seen is not None else ():
        if isinstance(one, ColumnCast) and one.role in ("filter", "join"):
            place = one.alias or one.place.alias
            of_table = one.column == predicate.column and place in aliases
            if of_table and not cast_keeps_index(kind, one.target):
                yield one.target


def paging(seen: PlanSeen | None) -> Skipped | None:
    """What the plan says of its LIMIT."""
    found = seen.observations if seen is not None else ()
    return next((one for one in found if isinstance(one, Skipped)), None)


def largest_need(seen: PlanSeen | None) -> MemoryNeed | None:
    """The sort or hash that by estimate holds most."""
    found = seen.observations if seen is not None else ()
    needs = [one for one in found if isinstance(one, MemoryNeed)]
    return max(needs, key=lambda one: one.bytes, default=None)


def in_words(need: MemoryNeed | None) -> str:
    """`Sort of 100,000 rows, about 12 MB`; '' for none."""
    if need is None:
        return ""
    return f"{need.place.node} of {format_count(need.rows)} rows, about {format_bytes(need.bytes)}"
