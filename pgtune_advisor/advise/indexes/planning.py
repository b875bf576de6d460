"""From statements to jobs: prepared, described, with values in place of parameters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.advise.indexes.jobs import Job, Variant
from pgtune_advisor.advise.indexes.site import Site, Values
from pgtune_advisor.advise.indexes.workload import Entry
from pgtune_advisor.advise.sampling import Variant as Sampled
from pgtune_advisor.advise.sampling import sample
from pgtune_advisor.advise.whatif import Described
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.plans import PlanError
from pgtune_advisor.sqltext import Preparable, preparable, returned, roles, substituted
from pgtune_advisor.sqltext.unparsed import Unparsed

_UNPARSED: Final = {
    "empty": "there is no statement in it",
    "hidden": "this role may not see its text",
    "too-long": "its text is longer than is read safely",
    "too-deep": "it is nested deeper than is read safely",
    "truncated": "its text ends in the middle",
    "syntax": "it is no SQL that PostgreSQL reads",
    "several": "it is more than one statement",
}


# Statements on these alone are tools', not the application's.
_SYSTEM: Final = frozenset({"pg_catalog", "information_schema", "pg_toast"})


@dataclass(slots=True)
class Planned:
    """The jobs, the entries that have none with the reason, how many have generic plans, and how
    many read system catalogues alone or no table at all."""

    jobs: list[Job] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    generic: int = 0
    system: int = 0
    bare: int = 0

    def drop(self, site: Site, poor: Mapping[str, float]) -> None:
        """Leave out jobs for which the planner is not believed."""
        for name, ratio in sorted(poor.items()):
            subject = Subject(
                kind="statement",
                label=f"{site.database}.{name}",
                database=site.database,
                name=name,
            )
            detail = f"the {site.planner.kind} planner's cost is {ratio:.3g} times the server's own"
            self.rejected.append(Rejected(subject=subject, reason="poor-fidelity", detail=detail))
        self.jobs = [job for job in self.jobs if job.name not in poor]


def plan_entries(site: Site, entries: Sequence[Entry]) -> Planned:
    """Describe each statement; one that cannot be planned is named and the rest goes on."""
    planned = Planned()
    for entry in entries:
        if site.expired():
            planned.rejected.append(_rejected(entry, site.database, "not-reached", "time was up"))
            continue
        prepared = preparable(entry.text)
        if isinstance(prepared, Unparsed):
            detail = _UNPARSED.get(prepared.reason, "its text cannot be read")
            planned.rejected.append(_rejected(entry, site.database, prepared.reason, detail))
            continue
        try:
            job = _job(entry, prepared, site)
        except PlanError as error:
            if error.reason == "planner-lost":
                raise
            detail = f"{error.primary}: {error.detail}" if error.detail else error.primary
            planned.rejected.append(_rejected(entry, site.database, error.reason, detail))
            continue
        if not job.relations:
            planned.bare += 1
            continue
        if all(schema in _SYSTEM for schema, _ in job.relations):
            planned.system += 1
            continue
        planned.generic += job.generic
        planned.jobs.append(job)
    return planned


def _job(entry: Entry, prepared: Preparable, site: Site) -> Job:
    described = site.planner.describe(prepared.text)
    text = described.text
    variants: tuple[Variant, ...] = (Variant(text=text, weight=1.0),)
    generic = guessed = False
    if prepared.count:
        sampled = sampled_values(described, site.values)
        generic = not sampled
        guessed = any(one.guessed for one in sampled)
        variants = variants[: not sampled] + tuple(
            Variant(text=substituted(text, one.literals), weight=one.weight) for one in sampled
        )
    return Job(
        name=entry.name,
        query_id=entry.query_id,
        text=entry.text,
        calls=entry.calls,
        weight=entry.calls,
        variants=variants,
        plan=described.plan,
        relations=frozenset(map(site.tables.root, described.plan.relations())),
        time_ms=entry.time_ms,
        rows_per_call=entry.rows / entry.calls if entry.rows is not None and entry.calls else None,
        generic=generic,
        guessed=guessed,
    )


def sampled_values(described: Described, values: Values) -> tuple[Sampled, ...]:
    """Values for the statement's parameters; none where nothing is known of any."""
    conditions: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    nodes = list(described.plan.root.walk())
    first = next((n for n in nodes if n.relation), None)
    for node in nodes:
        # A join's conditions name their aliases; any table of the plan may hold them.
        owner = node if node.relation else first
        if owner is not None:
            place = (owner.schema, owner.relation, owner.alias)
            conditions[place] += node.conditions.values()
    return sample(
        conditions,
        described.types,
        lambda schema, table, column: values.get((schema, table, column)),
        roles=roles(described.text),
        internal=returned([str(node.extra.get("Subplan Name", "")) for node in nodes]),
    )


def _rejected(entry: Entry, database: str, reason: str, detail: str) -> Rejected:
    return Rejected(subject=entry.subject(database), reason=reason, detail=detail)
