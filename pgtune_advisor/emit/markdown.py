"""The report as Markdown, for a pull request or a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pgtune_advisor.domain.changes import Advice, SetParameter
from pgtune_advisor.domain.findings import SEVERITIES, Finding, Severity
from pgtune_advisor.domain.recommendations import Recommendation, Report, StatementImpact
from pgtune_advisor.domain.units import format_count
from pgtune_advisor.emit.markdown_text import cell, code, escape, fence, table
from pgtune_advisor.emit.migration_sql import Migration
from pgtune_advisor.emit.risk import without_inverse
from pgtune_advisor.emit.style import Style
from pgtune_advisor.emit.summary import (
    MORE,
    answers,
    by_rule,
    confidence_text,
    counts_text,
    databases_of,
    evidence_by_key,
    impact_text,
    locks_of,
    measured_text,
    needs_of,
    planner_text,
    rejected_groups,
    shown_statements,
    sorted_gaps,
    subject_text,
    target_text,
    unknown_groups,
    window_lines,
)
from pgtune_advisor.emit.text import full_evidence, moment, one_line, plural, terminated

FORMAT: Final = "markdown"
Statement = SetParameter | Migration
"""A change that has SQL."""

PER_RULE: Final[dict[Severity, int]] = {"critical": 20, "warning": 10, "info": 5}
RECOMMENDATIONS: Final = 50
CHANGES: Final = 10
STATEMENTS: Final = 5
EVIDENCE: Final = 12
PER_REASON: Final = 5
ROWS: Final = 30


def render(report: Report, _style: Style) -> str:
    """The whole report as GitHub-flavoured Markdown."""
    blocks = [
        *_header(report),
        *_findings(report),
        *_recommendations(report),
        *_rejected(report),
        *_unknown(report),
        *_gaps(report),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _header(report: Report) -> Iterator[list[str]]:
    yield [f"# Tuning report: {escape(report.target.name)}"]
    window, *notes = window_lines(report)
    planner = planner_text(report)
    yield [
        f"- Server: {escape(target_text(report))}",
        f"- Counters: {escape(window)}",
        *(f"  - {escape(note)}" for note in notes),
        *([f"- Planner: {escape(planner)}"] if planner else []),
        f"- Written {moment(report.generated_at)} by pgtune-advisor "
        f"{escape(report.advisor_version)}",
    ]
    yield [f"**{escape(counts_text(report))}**"]


def _findings(report: Report) -> Iterator[list[str]]:
    if report.findings:
        yield ["## Findings"]
    fixes = answers(report)
    for severity in SEVERITIES:
        groups = by_rule(report, severity, PER_RULE[severity])
        if not groups:
            continue
        total = sum(len(group.shown) + group.hidden for group in groups)
        yield [f"### {severity.capitalize()} ({total:,})"]
        for group in groups:
            for finding in group.shown:
                yield _finding(finding, fixes.get(finding.key, []))
            if group.hidden:
                yield [f"And {group.hidden:,} more of {code(group.rule)} {MORE}."]


def _finding(finding: Finding, fixes: list[str]) -> list[str]:
    message = finding.message
    lines = [f"- **{escape(message.primary)}**"]
    lines += ["", f"  {escape(message.detail)}"] if message.detail else []
    lines += ["", f"  Hint: {escape(message.hint)}"] if message.hint else []
    answer = f", see {', '.join(code(fix) for fix in fixes)}" if fixes else ""
    lines += ["", f"  {code(finding.key)}{answer}"]
    if finding.evidence:
        lines.append("")
        lines += [f"  - {escape(full_evidence(one))}" for one in finding.evidence[:EVIDENCE]]
        hidden = len(finding.evidence) - EVIDENCE
        lines += [f"  - and {hidden} more {MORE}"] if hidden > 0 else []
    return lines


def _recommendations(report: Report) -> Iterator[list[str]]:
    found = report.recommendations
    if not found:
        return
    yield ["## Recommendations"]
    facts = evidence_by_key(report)
    for number, one in enumerate(found[:RECOMMENDATIONS], start=1):
        yield from _recommendation(number, one, confidence_text(one, facts))
    if len(found) > RECOMMENDATIONS:
        yield [f"And {len(found) - RECOMMENDATIONS:,} more {MORE}."]


def _recommendation(number: int, one: Recommendation, confidence: str) -> Iterator[list[str]]:
    yield [f"### {number}. {escape(one.title)}"]
    rules = ", ".join(code(rule) for rule in one.rules) or "none"
    lines = [
        f"- {code(one.id)}, {one.phase}, rules: {rules}",
        f"- Apply: {one.applicability}. Confidence: {escape(confidence)}. Needs: {needs_of(one)}.",
        f"- Lock: {escape(locks_of(one))}",
    ]
    database = databases_of(one)
    lines += [f"- Database: {code(database)}"] if database else []
    impact = impact_text(one)
    lines += [f"- Impact: {escape(impact)}"] if impact else []
    yield lines
    yield _statements(one)
    for change in one.changes:
        if isinstance(change, Advice):
            yield [escape(change.text)]
    yield from _changes([change for change in one.changes if not isinstance(change, Advice)])


def _statements(one: Recommendation) -> list[str]:
    shown, hidden = shown_statements(one, STATEMENTS)
    heads = ["query id", "calls", "cost before", "cost after"]
    rows = [
        [
            "" if s.query_id is None else str(s.query_id),
            *("unknown" if n is None else format_count(n) for n in _figures(s)),
        ]
        for s in shown
    ]
    if any(measured_text(s) for s in shown):
        heads.append("on a clone")
        rows = [[*row, measured_text(s)] for row, s in zip(rows, shown, strict=True)]
    rows = [
        [*row, _mark(s) + (cell(one_line(s.text)) if s.text else "unknown")]
        for row, s in zip(rows, shown, strict=True)
    ]
    lines = table((*heads, "statement"), rows)
    return lines + (["", f"And {hidden:,} more {MORE}."] if hidden > 0 else [])


def _mark(statement: StatementImpact) -> str:
    words = ["dearer"] if statement.is_dearer else []
    words += ["uncertain"] if statement.risky else []
    return f"**{', '.join(words)}**: " if words else ""


def _figures(statement: StatementImpact) -> tuple[float | None, ...]:
    return statement.calls, statement.cost_before, statement.cost_after


def _changes(changes: Sequence[Statement]) -> Iterator[list[str]]:
    """All statements, then all inverses, from the last to the first."""
    if not changes:
        return
    shown = changes[:CHANGES]
    yield fence("\n".join(terminated(change.sql) for change in shown))
    yield ["Undo:"]
    yield fence("\n".join(_undo(change) for change in reversed(shown)))
    if len(changes) > CHANGES:
        yield [f"And {plural(len(changes) - CHANGES, 'change')} more {MORE}."]


def _undo(change: Statement) -> str:
    if change.inverse is None:
        return f"-- {change.kind}: {without_inverse(change)}"
    return terminated(change.inverse)


def _rejected(report: Report) -> Iterator[list[str]]:
    groups = rejected_groups(report.rejected, PER_REASON)
    if not groups:
        return
    yield [f"## Considered and rejected ({len(report.rejected):,})"]
    lines = []
    for group in groups[:ROWS]:
        total = len(group.shown) + group.hidden
        meaning = f": {group.meaning}" if group.meaning else ""
        lines.append(f"- **{escape(group.reason)}** ({total:,}){meaning}")
        lines += [
            f"  - {escape(subject_text(one.subject))}: {escape(one.detail)}" for one in group.shown
        ]
        lines += [f"  - and {group.hidden:,} more {MORE}"] if group.hidden else []
    yield lines + _rest(len(groups), "reasons")


def _unknown(report: Report) -> Iterator[list[str]]:
    groups = unknown_groups(report.unknown)
    if not groups:
        return
    yield [f"## Undecided for want of facts ({len(report.unknown):,})"]
    rows = [
        [cell(group.rule), f"{group.subjects:,}", escape(group.missing_text())]
        for group in groups[:ROWS]
    ]
    yield table(("rule", "subjects", "missing"), rows) + _rest(len(groups), "rules")


def _gaps(report: Report) -> Iterator[list[str]]:
    gaps = sorted_gaps(report.gaps)
    if not gaps:
        return
    yield [f"## Gaps: what could not be read ({len(gaps):,})"]
    rows = [[escape(g.source), escape(g.reason), escape(g.hint)] for g in gaps[:ROWS]]
    yield table(("source", "reason", "hint"), rows) + _rest(len(gaps), "gaps")


def _rest(count: int, noun: str) -> list[str]:
    return ["", f"And {count - ROWS:,} more {noun} {MORE}."] if count > ROWS else []
