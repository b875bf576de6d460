"""The statements that ran, or that files hold, and what each of them weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext import is_own
from pgtune_advisor.sqltext.fingerprint import is_query

# Beyond this many the statements with the least time are not planned: they are counted.
MOST: Final = 1000
# How far the measured time of a unit of cost may differ from the workload's, either way: beyond
# that a statement waits rather than works.
_FARTHEST: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFile:
    """A statement of a file that stands in for pg_stat_statements."""

    name: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A statement with its counters in the window; `rows` are those that all calls returned."""

    name: str
    query_id: int | None
    text: str
    calls: float
    time_ms: float | None = None
    rows: float | None = None

    def subject(self, database: str) -> Subject:
        """How the report names it."""
        return Subject(
            kind="statement", label=f"{database}.{self.name}", database=database, name=self.name
        )


def queried_databases(context: Context, queries: Sequence[QueryFile] | None) -> tuple[str, ...]:
    """The databases whose tables were read and that have statements to advise on."""
    if queries is not None:
        return (context.snapshot.server.database,)
    read = {relation.database for relation in context.snapshot.relations}
    found = {row.database for row in _rows(context) if row.database in read}
    return tuple(sorted(found))


def entries(
    context: Context, database: str, queries: Sequence[QueryFile] | None
) -> tuple[list[Entry], int]:
    """The statements with the most time, and how many there are beyond them."""
    if queries is not None:
        return [Entry(name=q.name, query_id=None, text=q.text, calls=q.weight) for q in queries], 0
    texts = {text.query_id: text.text for text in context.snapshot.statement_texts}
    rows: dict[int, Entry] = {}
    for row in _rows(context):
        text = texts.get(row.query_id or 0)
        if row.database != database or text is None or not row.calls:
            continue
        if row.query_id not in rows and (is_own(text) or not is_query(text)):
            continue
        rows[row.query_id] = _added(rows.get(row.query_id), row, text)
    ranked = sorted(rows.values(), key=lambda entry: (-(entry.time_ms or 0.0), entry.name))
    return ranked[:MOST], len(ranked[MOST:])


def _rows(context: Context) -> Iterable[Any]:
    """The window's rows of pg_stat_statements."""
    return context.deltas("statements") or ()


def _added(known: Entry | None, row: Any, text: str) -> Entry:
    """A statement's counters over users and levels."""
    if known is None:
        known = Entry(
            name=str(row.query_id), query_id=row.query_id, text=text, calls=0, time_ms=0, rows=0
        )
    return replace(
        known,
        calls=known.calls + row.calls,
        time_ms=(known.time_ms or 0.0) + (row.exec_time_ms or 0.0),
        rows=(known.rows or 0.0) + (row.rows or 0),
    )


def weighed(jobs: Sequence[Job], base: Mapping[str, float]) -> list[Job]:
    """The jobs with weights that make weight times cost follow the time they took.

    A unit of cost takes about the same time everywhere; where a statement's differs, its measured
    time counts, within limits. Jobs without a time count by their calls.
    """
    timed = [job for job in jobs if job.time_ms and base.get(job.name)]
    cost = sum(job.calls * base[job.name] for job in timed)
    time = sum(job.time_ms or 0.0 for job in timed)
    if not cost or not time:
        return list(jobs)
    unit = time / cost
    found = []
    for job in jobs:
        weight = job.calls
        if job.time_ms and base.get(job.name):
            factor = job.time_ms / (job.calls * base[job.name]) / unit
            weight *= min(max(factor, 1 / _FARTHEST), _FARTHEST)
        found.append(replace(job, weight=weight))
    return found
