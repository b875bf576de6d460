"""The statements that ran, or that files hold, and what each of them weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.sqltext import is_own, kin
from pgtune_advisor.sqltext.fingerprint import is_query
from pgtune_advisor.sqltext.library import refused

# More than this are not planned: the others stand behind one of their kind, or are counted.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The statements to plan, the most time first, and what became of the others.

    `left_out` counts them by what they are; `beside` stand behind one of their kind that is
    planned, with their calls and time; `beyond` are the least of what is left.
    """

    entries: tuple[Entry, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    beside: int = 0
    beyond: int = 0


def workload(
    context: Context, database: str, queries: Sequence[QueryFile] | None, *, most: int = MOST
) -> Workload:
    """The statements of the window, or of the files."""
    if queries is not None:
        files = (Entry(name=q.name, query_id=None, text=q.text, calls=q.weight) for q in queries)
        return Workload(entries=tuple(files))
    texts = {text.query_id: text.text for text in context.snapshot.statement_texts}
    rows: dict[int, Entry] = {}
    left_out: dict[int, str] = {}
    for row in _rows(context):
        if row.database != database or not row.calls:
            continue
        number = row.query_id or 0
        text = texts.get(number)
        if text is None or number in left_out:
            left_out[number] = left_out.get(number, "without a text")
        elif number not in rows and (reason := _unfit(text)):
            left_out[number] = reason
        else:
            rows[number] = _added(rows.get(number), row, text)
    ranked = sorted(rows.values(), key=lambda entry: (-(entry.time_ms or 0.0), entry.name))
    return _compressed(ranked, Counter(left_out.values()), most)


def _unfit(text: str) -> str:
    """What a statement is that no index is sought for; empty for the others."""
    if is_own(text):
        return "of the advisor itself"
    if is_query(text):
        return ""
    found = refused(text)
    hidden = found is not None and found.reason == "hidden"
    return "whose text this role may not see" if hidden else "utility commands"


def _compressed(ranked: Sequence[Entry], left_out: Mapping[str, int], most: int) -> Workload:
    """At most so many entries; of more than that, one stands for all of its kind."""
    if len(ranked) <= most:
        return Workload(entries=tuple(ranked), left_out=left_out)
    found: dict[str, Entry] = {}
    beside = beyond = 0
    for entry in ranked:
        kind = kin(entry.text) or entry.name
        known = found.get(kind)
        if known is not None:
            beside += 1
            found[kind] = _summed(known, entry.calls, entry.time_ms, entry.rows)
        elif len(found) < most:
            found[kind] = entry
        else:
            beyond += 1
    return Workload(entries=tuple(found.values()), left_out=left_out, beside=beside, beyond=beyond)


def _rows(context: Context) -> Iterable[Any]:
    """The window's rows of pg_stat_statements."""
    return context.deltas("statements") or ()


def _added(known: Entry | None, row: Any, text: str) -> Entry:
    """A statement's counters over users and levels."""
    if known is None:
        known = Entry(
            name=str(row.query_id), query_id=row.query_id, text=text, calls=0, time_ms=0, rows=0
        )
    return _summed(known, row.calls, row.exec_time_ms, row.rows)


def _summed(known: Entry, calls: float, time_ms: float | None, rows: float | None) -> Entry:
    return replace(
        known,
        calls=known.calls + calls,
        time_ms=(known.time_ms or 0.0) + (time_ms or 0.0),
        rows=(known.rows or 0.0) + (rows or 0),
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
