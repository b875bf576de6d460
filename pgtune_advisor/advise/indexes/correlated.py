"""Columns that depend on each other, told by rows that the planner did not expect.

The planner multiplies the selectivities of conditions as if they were independent. A statement
that reads one table by several equalities and returns far more rows than planned says that they
are not: CREATE STATISTICS lets ANALYZE see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pgtune_advisor.advise.indexes.access import Access
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.domain.proposals import StatisticsProposal
from pgtune_advisor.domain.recommendations import StatementImpact

# How many times more rows than planned, and how many rows a call at least.
FACTOR: Final = 10.0
LEAST_ROWS: Final = 100.0
LEAST_CALLS: Final = 20
# EXPLAIN's nodes that hand on as many rows as they get.
_PLAIN: Final = frozenset(
    {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Sort", "Gather"}
    | {"Gather Merge", "Incremental Sort"}
)


def correlated(
    site: Site, jobs: Sequence[Job], accessed: Mapping[str, tuple[Access, ...]]
) -> tuple[StatisticsProposal, ...]:
    """For each set of columns the statement that tells most."""
    known = {
        (e.table_schema, e.table, frozenset(e.columns))
        for e in site.context.snapshot.extended_statistics
        if e.database == site.database
    }
    best: dict[tuple[str, str, tuple[str, ...]], StatisticsProposal] = {}
    for job in jobs:
        found = _of(site, job, accessed[job.name])
        if found is None or (found.schema, found.table, frozenset(found.columns)) in known:
            continue
        key = (found.schema, found.table, found.columns)
        if key not in best or best[key].actual < found.actual:
            best[key] = found
    return tuple(best[key] for key in sorted(best))


def _of(site: Site, job: Job, accesses: Sequence[Access]) -> StatisticsProposal | None:
    if len(accesses) != 1 or job.rows_per_call is None or job.calls < LEAST_CALLS:
        return None
    (access,) = accesses
    if not {node.kind for node in job.plan.root.walk()} <= _PLAIN:
        return None
    terms = [t for t in access.terms if t.use in ("equal", "any") and t.column and not t.group]
    columns = tuple(sorted({term.column for term in terms}))
    others = [t for t in access.terms if t.column not in columns or t.group]
    estimated = max(job.plan.root.rows, 1.0)
    actual = job.rows_per_call
    if len(columns) < 2 or others or actual < LEAST_ROWS or actual < estimated * FACTOR:
        return None
    schema, table = access.place
    return StatisticsProposal(
        database=site.database,
        schema=schema,
        table=table,
        columns=columns,
        statement=StatementImpact(query_id=job.query_id, text=job.text, calls=job.calls),
        estimated=estimated,
        actual=actual,
    )
