"""The report as JSON, the contract that docs/report.schema.json describes."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, Final

from pgtune_advisor.domain.changes import Change
from pgtune_advisor.domain.findings import Evidence, Finding, Rejected, Subject, Unknown
from pgtune_advisor.domain.recommendations import (
    REPORT_VERSION,
    Impact,
    PlannerUse,
    Recommendation,
    Report,
    ReportTarget,
    ReportWindow,
)
from pgtune_advisor.emit.style import Style
from pgtune_advisor.emit.summary import ordered_findings

FORMAT: Final = "json"


def render(report: Report, _style: Style) -> str:
    """The report as indented JSON."""
    return dumps(report)


def dumps(report: Report) -> str:
    """The report as indented JSON, in an order that depends on nothing but its content."""
    return json.dumps(to_dict(report), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain values; recommendations keep their rank, all else is sorted."""
    rejected = sorted(report.rejected, key=lambda r: (_place(r.subject), r.reason, r.detail))
    unknown = sorted(report.unknown, key=lambda u: (u.rule, _place(u.subject), u.missing))
    gaps = sorted(report.gaps, key=lambda g: (g.source, g.reason, g.hint))
    return {
        "schema_version": REPORT_VERSION,
        "generated_at": _time(report.generated_at),
        "advisor_version": report.advisor_version,
        "target": _target(report.target),
        "window": _window(report.window),
        "findings": [_finding(finding) for finding in ordered_findings(report)],
        "recommendations": [_recommendation(one) for one in report.recommendations],
        "rejected": [_rejected(one) for one in rejected],
        "unknown": [_unknown(one) for one in unknown],
        "gaps": [{"source": g.source, "reason": g.reason, "hint": g.hint} for g in gaps],
        "planner": _planner(report.planner),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: float | None) -> float | None:
    """JSON has neither infinities nor NaN; both are unknown to a reader."""
    return value if value is None or math.isfinite(value) else None


def _place(subject: Subject) -> tuple[str, ...]:
    """A sort key over subjects; what they do not have comes first."""
    rest = (subject.database, subject.schema, subject.name)
    return (subject.kind, subject.label, *(part or "" for part in rest))


def _target(target: ReportTarget) -> dict[str, Any]:
    return {
        "name": target.name,
        "server_version": target.server_version,
        "database": target.database,
        "system_identifier": target.system_identifier,
        "in_recovery": target.in_recovery,
    }


def _window(window: ReportWindow) -> dict[str, Any]:
    return {
        "since": _time(window.since),
        "until": _time(window.until),
        "resets": [
            {"source": reset.source, "reason": reset.reason, "at": _time(reset.at)}
            for reset in window.resets
        ],
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "label": subject.label,
        "database": subject.database,
        "schema": subject.schema,
        "name": subject.name,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    message = finding.message
    return {
        "key": finding.key,
        "rule": finding.rule,
        "severity": finding.severity,
        "category": finding.category,
        "subject": _subject(finding.subject),
        "message": {"primary": message.primary, "detail": message.detail, "hint": message.hint},
        "evidence": [_evidence(one) for one in finding.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    value = evidence.value
    return {
        "fact": evidence.fact,
        "value": _number(value) if isinstance(value, float) else value,
        "unit": evidence.unit,
        "kind": evidence.kind,
        "source": evidence.source,
        "at": _time(evidence.at),
    }


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "rules": list(one.rules),
        "finding_keys": list(one.finding_keys),
        "category": one.category,
        "applicability": one.applicability,
        "confidence": one.confidence,
        "phase": one.phase,
        "impact": _impact(one.impact),
        "changes": [_change(change) for change in one.changes],
    }


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "cost_before": _number(impact.cost_before),
        "cost_after": _number(impact.cost_after),
        "time_saved_ms_per_hour": _number(impact.time_saved_ms_per_hour),
        "size_bytes": impact.size_bytes,
        "build_ms": _number(impact.build_ms),
        "statements": [
            {
                # 64 bits: as a number most readers of JSON would round it.
                "query_id": None if one.query_id is None else str(one.query_id),
                "text": one.text,
                "calls": _number(one.calls),
                "cost_before": _number(one.cost_before),
                "cost_after": _number(one.cost_after),
                "risky": one.risky,
                "measured_ms_before": _number(one.measured_ms_before),
                "measured_ms_after": _number(one.measured_ms_after),
            }
            for one in impact.statements
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "sql": change.sql,
        "inverse": change.inverse,
        "lock": change.lock,
        "transactional": change.transactional,
        "needs": change.needs,
        "duration": change.duration,
    }


def _rejected(one: Rejected) -> dict[str, Any]:
    return {"subject": _subject(one.subject), "reason": one.reason, "detail": one.detail}


def _unknown(one: Unknown) -> dict[str, Any]:
    return {"rule": one.rule, "subject": _subject(one.subject), "missing": list(one.missing)}


def _planner(use: PlannerUse) -> dict[str, Any]:
    return {
        "kind": use.kind,
        "fidelity": _number(use.fidelity),
        "calls": use.calls,
        "elapsed_ms": _number(use.elapsed_ms),
    }
