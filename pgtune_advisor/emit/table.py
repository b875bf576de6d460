"""The report for a terminal: the gravest first, numbers with units, long lists cut."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from tabulate import tabulate

from pgtune_advisor.domain.changes import Advice, Change, SetParameter
from pgtune_advisor.domain.findings import SEVERITIES, Finding, Severity
from pgtune_advisor.domain.recommendations import Recommendation, Report, StatementImpact
from pgtune_advisor.emit.style import Style
from pgtune_advisor.emit.summary import (
    MORE,
    answers,
    by_rule,
    confidence_text,
    counts_text,
    databases_of,
    evidence_by_key,
    impact_parts,
    locks_of,
    needs_of,
    next_step,
    planner_text,
    rejected_groups,
    shown_statements,
    sorted_gaps,
    statement_parts,
    subject_text,
    target_text,
    unknown_groups,
    window_lines,
)
from pgtune_advisor.emit.text import cut, flow, one_line, plural, short_evidence, wrap, wrap_sql

FORMAT: Final = "table"
PER_RULE: Final[dict[Severity, int]] = {"critical": 10, "warning": 5, "info": 3}
RECOMMENDATIONS: Final = 20
CHANGES: Final = 4
EVIDENCE: Final = 6
STATEMENTS: Final = 3
PER_REASON: Final = 3
ROWS: Final = 12
_INDENT: Final = "  "
_INNER: Final = "    "


def render(report: Report, style: Style) -> str:
    """The whole report as text, in colour only where the style says so."""
    blocks = [
        _header(report, style),
        *_findings(report, style),
        *_recommendations(report, style),
        _rejected(report, style),
        _unknown(report, style),
        _gaps(report, style),
        wrap(f"{counts_text(report)}. {next_step(report)}", style.columns),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _header(report: Report, style: Style) -> list[str]:
    title = f"{one_line(report.target.name)}: {target_text(report)}"
    window, *notes = window_lines(report)
    planner = planner_text(report)
    return [
        *wrap(f"{title} (pgtune-advisor {report.advisor_version})", style.columns, rest=_INDENT),
        *wrap(f"counters: {window}", style.columns, rest=_INDENT),
        *(line for note in notes for line in wrap(note, style.columns, _INDENT)),
        *(wrap(f"planner: {planner}", style.columns, rest=_INDENT) if planner else []),
    ]


def _findings(report: Report, style: Style) -> Iterator[list[str]]:
    fixes = answers(report)
    for severity in SEVERITIES:
        groups = by_rule(report, severity, PER_RULE[severity])
        if not groups:
            continue
        total = sum(len(group.shown) + group.hidden for group in groups)
        yield [style.severity(f"{severity.upper()} ({total:,})", severity)]
        for group in groups:
            for finding in group.shown:
                yield _finding(finding, fixes.get(finding.key, []), style)
            if group.hidden:
                yield [f"{_INNER}and {group.hidden:,} more of {group.rule} {MORE}"]


def _finding(finding: Finding, fixes: Sequence[str], style: Style) -> list[str]:
    message, columns = finding.message, style.columns
    lines = [style.bold(line) for line in wrap(message.primary, columns, "  - ")]
    if message.detail:
        lines += wrap(message.detail, columns, _INNER)
    if message.hint:
        lines += wrap(f"hint: {message.hint}", columns, _INNER)
    facts = short_evidence(finding.evidence, EVIDENCE)
    key = [one_line(finding.key), *(f"see {fix}" for fix in fixes)]
    dimmed = flow(facts, columns, _INNER) + flow(key, columns, _INNER)
    return lines + [style.dim(line) for line in dimmed]


def _recommendations(report: Report, style: Style) -> Iterator[list[str]]:
    found = report.recommendations
    if found:
        yield [style.bold(f"RECOMMENDATIONS ({len(found):,})")]
    facts = evidence_by_key(report)
    for number, one in enumerate(found[:RECOMMENDATIONS], start=1):
        yield _recommendation(number, one, confidence_text(one, facts), style)
    if len(found) > RECOMMENDATIONS:
        yield [f"{_INNER}and {len(found) - RECOMMENDATIONS:,} more {MORE}"]


def _recommendation(number: int, one: Recommendation, confidence: str, style: Style) -> list[str]:
    columns, database = style.columns, databases_of(one)
    facts = [
        one.id,
        one.phase,
        f"apply: {one.applicability}",
        f"confidence: {confidence}",
        f"needs: {needs_of(one)}",
        *([f"database: {database}"] if database else []),
        f"lock: {locks_of(one)}",
    ]
    lines = [style.bold(line) for line in wrap(one.title, columns, f"{number:>2}. ")]
    lines += flow(facts, columns, _INNER) + flow(impact_parts(one), columns, _INNER)
    statements, hidden = shown_statements(one, STATEMENTS)
    for statement in statements:
        lines += [style.dim(line) for line in _statement(statement, columns)]
    lines += [f"{_INNER}and {plural(hidden, 'statement')} more {MORE}"] if hidden > 0 else []
    for change in one.changes[:CHANGES]:
        lines += _change(change, style)
    hidden = len(one.changes) - CHANGES
    return lines + ([f"{_INNER}and {plural(hidden, 'change')} more {MORE}"] if hidden > 0 else [])


def _statement(statement: StatementImpact, columns: int) -> list[str]:
    text = cut(statement.text or "a statement whose text is unknown", columns - len(_INNER) - 2)
    facts = flow(statement_parts(statement), columns, f"{_INNER}  ")
    return [*facts, f"{_INNER}  {text}"]


def _change(change: Change, style: Style) -> list[str]:
    match change:
        case Advice():
            return wrap(f"advice: {change.text}", style.columns, _INNER)
        case SetParameter():
            note = style.dim(f"-- now {one_line(change.current) or 'empty'}")
            *lines, last = wrap_sql(change.sql, style.columns, _INNER)
            return [*lines, f"{last}  {note}"]
        case _:
            return wrap_sql(change.sql, style.columns, _INNER)


def _rejected(report: Report, style: Style) -> list[str]:
    groups = rejected_groups(report.rejected, PER_REASON)
    if not groups:
        return []
    lines = [style.bold(f"CONSIDERED AND REJECTED ({len(report.rejected):,})")]
    for group in groups[:ROWS]:
        total = len(group.shown) + group.hidden
        meaning = f": {group.meaning}" if group.meaning else ""
        lines += wrap(f"{one_line(group.reason)} ({total:,}){meaning}", style.columns, _INDENT)
        for one in group.shown:
            text = f"{subject_text(one.subject)}: {one.detail}"
            lines += wrap(text, style.columns, "  - ")
        if group.hidden:
            lines.append(f"{_INDENT}  and {group.hidden:,} more {MORE}")
    return [*lines, *_rest(len(groups), "reasons")]


def _unknown(report: Report, style: Style) -> list[str]:
    groups = unknown_groups(report.unknown)
    if not groups:
        return []
    # Two columns of blanks in front, two between columns.
    rule, of = min(style.columns // 3, 28), min(style.columns // 4, 20)
    missing = style.columns - rule - of - 6
    rows = [
        [
            _cell(group.rule, rule),
            _cell(group.example if group.subjects == 1 else f"{group.subjects:,} subjects", of),
            _cell(group.missing_text(), missing),
        ]
        for group in groups[:ROWS]
    ]
    heading = style.bold(f"UNDECIDED ({len(report.unknown):,}), for want of facts")
    return [heading, *_grid(rows, ("rule", "of", "missing")), *_rest(len(groups), "rules")]


def _gaps(report: Report, style: Style) -> list[str]:
    gaps = sorted_gaps(report.gaps)
    if not gaps:
        return []
    lines = [style.bold(f"GAPS ({len(gaps):,}): what could not be read")]
    for gap in gaps[:ROWS]:
        lines += wrap(f"{one_line(gap.source)}: {gap.reason}", style.columns, "  - ", _INNER)
        lines += wrap(f"hint: {gap.hint}", style.columns, _INNER) if gap.hint else []
    return [*lines, *_rest(len(gaps), "gaps")]


def _cell(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(one_line(text), width))


def _grid(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> list[str]:
    grid = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    return [f"{_INDENT}{line}".rstrip() for line in grid.split("\n")]


def _rest(count: int, noun: str) -> list[str]:
    return [f"{_INDENT}and {count - ROWS:,} more {noun} {MORE}"] if count > ROWS else []
