"""A report after its indexes were tried on a clone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pgtune_advisor.domain.changes import CreateIndex
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.measurement import Dropped, DropReason, Measured, Measurement
from pgtune_advisor.domain.recommendations import Impact, Recommendation, Report, StatementImpact

# What the clone speaks against; what was not reached stays as it was estimated.
_REASONS: Final[Mapping[DropReason, str]] = {
    "no-help": "measured-no-help",
    "made-slower": "measured-slower",
    "unused": "measured-unused",
    "build-failed": "measured-build-failed",
}


def apply_measurement(report: Report, measurement: Measurement) -> Report:
    """The report with what was confirmed marked so, and what was refuted among the rejected."""
    against = {one.id: one for one in measurement.dropped if one.reason in _REASONS}
    times = _times(measurement.probes.values())
    kept, rejected = [], []
    for one in report.recommendations:
        if one.id in against:
            rejected.append(_rejected(one, against[one.id]))
        elif one.id in measurement.kept:
            impact = _impact(one.impact, times, measurement.size_bytes.get(one.id))
            kept.append(replace(one, confidence="measured", impact=impact))
        else:
            kept.append(one)
    return replace(
        report,
        recommendations=tuple(kept),
        rejected=(*report.rejected, *rejected),
        gaps=(*report.gaps, *measurement.gaps),
    )


Times = Mapping[int, tuple[float, float]]
"""By query id: milliseconds of one call before and after, over its probes by their weight."""


def _times(probes: Iterable[Measured]) -> Times:
    found: dict[int, list[Measured]] = defaultdict(list)
    for one in probes:
        if one.query_id is not None:
            found[one.query_id].append(one)
    return {key: mean for key, several in found.items() if (mean := _mean(several))}


def _mean(probes: Sequence[Measured]) -> tuple[float, float] | None:
    """None where a probe did not finish: a mean of the others would say too little."""
    total = sum(one.weight for one in probes)
    before = after = 0.0
    for one in probes:
        if one.before_ms is None or one.after_ms is None or total <= 0:
            return None
        before += one.before_ms * one.weight / total
        after += one.after_ms * one.weight / total
    return before, after


def _impact(impact: Impact, times: Times, size_bytes: int | None) -> Impact:
    return replace(
        impact,
        size_bytes=impact.size_bytes if size_bytes is None else size_bytes,
        statements=tuple(_statement(one, times) for one in impact.statements),
    )


def _statement(statement: StatementImpact, times: Times) -> StatementImpact:
    if statement.query_id is None or statement.query_id not in times:
        return statement
    before, after = times[statement.query_id]
    return replace(statement, measured_ms_before=before, measured_ms_after=after)


def _rejected(one: Recommendation, dropped: Dropped) -> Rejected:
    return Rejected(
        subject=_subject(one),
        reason=_REASONS[dropped.reason],
        detail=f"{one.title}: {dropped.detail}",
    )


def _subject(one: Recommendation) -> Subject:
    for change in one.changes:
        if isinstance(change, CreateIndex):
            return Subject(
                kind="index",
                label=qualified(change.schema, change.name),
                database=change.database,
                schema=change.schema,
                name=change.name,
            )
    database = next((change.database for change in one.changes if change.database), None)
    return Subject(kind="recommendation", label=one.id, database=database)
