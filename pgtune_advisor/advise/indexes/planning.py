"""From statements to jobs: prepared, described, with values in place of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pgtune_advisor.advise.indexes.jobs import Job, Variant
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.workload import Entry
from pgtune_advisor.advise.sampling import sample
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.plans import PlanError
from pgtune_advisor.sqltext.parameters import (
    limit_parameters,
    parameters,
    preparable,
    substituted,
)
from pgtune_advisor.sqltext.unparsed import Unparsed


@dataclass(slots=True)
class Planned:
    """The jobs, the entries that have none with the reason, and which ran on generic plans."""

    jobs: list[Job] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    generic: int = 0

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
        text = preparable(entry.text)
        if isinstance(text, Unparsed):
            planned.rejected.append(_rejected(entry, site.database, text.reason, "its text"))
            continue
        try:
            job = _job(entry, text, site)
        except PlanError as error:
            if error.reason == "planner-lost":
                raise
            detail = f"{error.primary}: {error.detail}" if error.detail else error.primary
            planned.rejected.append(_rejected(entry, site.database, error.reason, detail))
            continue
        planned.generic += job.generic
        planned.jobs.append(job)
    return planned


def _job(entry: Entry, text: str, site: Site) -> Job:
    described = site.planner.describe(text)
    variants: tuple[Variant, ...] = (Variant(text=text, weight=1.0),)
    generic = guessed = False
    if parameters(text):
        clauses = limit_parameters(text)
        sampled = sample(described.plan, described.types, site.values, clauses)
        if sampled:
            variants = tuple(
                Variant(text=substituted(text, one.literals), weight=one.weight) for one in sampled
            )
            guessed = all(one.guessed for one in sampled)
        else:
            generic = True
    return Job(
        name=entry.name,
        query_id=entry.query_id,
        text=entry.text,
        calls=entry.calls,
        weight=entry.calls,
        variants=variants,
        plan=described.plan,
        time_ms=entry.time_ms,
        rows_per_call=entry.rows / entry.calls if entry.rows is not None and entry.calls else None,
        generic=generic,
        guessed=guessed,
    )


def _rejected(entry: Entry, database: str, reason: str, detail: str) -> Rejected:
    return Rejected(subject=entry.subject(database), reason=reason, detail=detail)
