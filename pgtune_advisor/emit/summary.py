"""What every text format says of a report: order, groups, cuts, counts, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pgtune_advisor.domain.changes import Advice
from pgtune_advisor.domain.findings import (
    SEVERITIES,
    Evidence,
    Finding,
    Rejected,
    Severity,
    Subject,
    Unknown,
)
from pgtune_advisor.domain.recommendations import (
    Recommendation,
    Report,
    ReportWindow,
    StatementImpact,
)
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.domain.units import format_bytes, format_count, format_ms
from pgtune_advisor.emit.reasons import meaning
from pgtune_advisor.emit.text import moment, one_line, plural

T = TypeVar("T")
MORE: Final = "(--format json shows all)"
_NEEDS_ORDER: Final = ("none", "reload", "restart")


def ordered_findings(report: Report) -> list[Finding]:
    """Findings by severity, then by the rank of what is recommended for them, rule and key."""
    rank: dict[str, int] = {}
    for position, one in enumerate(report.recommendations):
        for key in one.finding_keys:
            rank.setdefault(key, position)
    last = len(report.recommendations)

    def order(finding: Finding) -> tuple[int, int, str, str, str]:
        place = rank.get(finding.key, last)
        severity = SEVERITIES.index(finding.severity)
        return (severity, place, finding.rule, finding.key, finding.message.primary)

    return sorted(report.findings, key=order)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The findings of one rule at one severity: those that are shown, and how many are not."""

    rule: str
    shown: tuple[Finding, ...]
    hidden: int


def by_rule(report: Report, severity: Severity, per_rule: int) -> list[RuleGroup]:
    """The findings of a severity, cut per rule: ten thousand tables make no wall of text."""
    groups: dict[str, list[Finding]] = {}
    for finding in ordered_findings(report):
        if finding.severity == severity:
            groups.setdefault(finding.rule, []).append(finding)
    return [
        RuleGroup(rule=rule, shown=tuple(found[:per_rule]), hidden=max(len(found) - per_rule, 0))
        for rule, found in groups.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownGroup:
    """What one rule could not decide: of how many subjects, for want of which facts."""

    rule: str
    subjects: int
    example: str
    missing: tuple[tuple[str, int], ...]

    def missing_text(self, limit: int = 4) -> str:
        """`scans (9,880), stats_age_days (120)`; counts only where the subjects differ."""
        parts = [
            one_line(fact) if count == self.subjects else f"{one_line(fact)} ({count:,})"
            for fact, count in self.missing[:limit]
        ]
        hidden = len(self.missing) - limit
        return ", ".join(parts + ([f"and {hidden} more"] if hidden > 0 else [])) or "not named"


def unknown_groups(unknown: Iterable[Unknown]) -> list[UnknownGroup]:
    """The undecided by rule, those with most subjects first."""
    rules: dict[str, list[Unknown]] = {}
    for one in unknown:
        rules.setdefault(one.rule, []).append(one)
    groups = []
    for rule, found in rules.items():
        facts = Counter(fact for one in found for fact in set(one.missing))
        groups.append(
            UnknownGroup(
                rule=rule,
                subjects=len(found),
                example=min(subject_text(one.subject) for one in found),
                missing=tuple(sorted(facts.items(), key=lambda item: (-item[1], item[0]))),
            )
        )
    return sorted(groups, key=lambda group: (-group.subjects, group.rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedGroup:
    """What was turned down for one reason, and what that means where the name is a known one."""

    reason: str
    meaning: str
    shown: tuple[Rejected, ...]
    hidden: int


def rejected_groups(rejected: Iterable[Rejected], per_reason: int) -> list[RejectedGroup]:
    """The rejected by reason, the most frequent first."""
    reasons: dict[str, list[Rejected]] = {}
    for one in sorted(rejected, key=lambda r: (subject_text(r.subject), r.detail)):
        reasons.setdefault(one.reason, []).append(one)
    ranked = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        RejectedGroup(
            reason=reason,
            meaning=meaning(reason),
            shown=tuple(found[:per_reason]),
            hidden=max(len(found) - per_reason, 0),
        )
        for reason, found in ranked
    ]


def sorted_gaps(gaps: Iterable[Gap]) -> list[Gap]:
    """The gaps by source, each once."""
    return sorted(set(gaps), key=lambda gap: (gap.source, gap.reason, gap.hint))


def subject_text(subject: Subject) -> str:
    """`table public.orders`."""
    if subject.kind == subject.label:
        return one_line(subject.label)
    kind = "index" if subject.kind in ("index_candidate", "index_proposal") else subject.kind
    return one_line(f"{kind} {subject.label}")


def answers(report: Report) -> dict[str, list[str]]:
    """For each finding's key the ids of the recommendations that answer it."""
    ids: dict[str, list[str]] = {}
    for one in report.recommendations:
        for key in one.finding_keys:
            ids.setdefault(key, []).append(one.id)
    return ids


def evidence_by_key(report: Report) -> dict[str, list[Evidence]]:
    """The facts of the report's findings by the finding's key."""
    facts: dict[str, list[Evidence]] = {}
    for finding in report.findings:
        facts.setdefault(finding.key, []).extend(finding.evidence)
    return facts


def evidence_of(
    one: Recommendation, facts: Mapping[str, Sequence[Evidence]]
) -> tuple[Evidence, ...]:
    """The facts of the findings that a recommendation answers, each once."""
    found = (fact for key in one.finding_keys for fact in facts.get(key, ()))
    return tuple(dict.fromkeys(found))


def needs_of(one: Recommendation) -> str:
    """The most that its changes need: `none`, `reload` or `restart`."""
    return max((change.needs for change in one.changes), key=_NEEDS_ORDER.index, default="none")


def locks_of(one: Recommendation) -> str:
    """The locks that its changes take, each once."""
    locks = dict.fromkeys(one_line(change.lock) for change in one.changes)
    return ", ".join(lock for lock in locks if lock != "none") or "none"


def databases_of(one: Recommendation) -> str:
    """The databases in which its changes run; empty for the server as a whole."""
    return ", ".join(dict.fromkeys(one_line(c.database) for c in one.changes if c.database))


def impact_text(one: Recommendation) -> str:
    """`saves 4.2 s per hour · planner cost 60,680 to 39,259 · takes 75 MB`; empty if unknown."""
    return " · ".join(impact_parts(one))


def impact_parts(one: Recommendation) -> list[str]:
    """What is known of the impact, part by part."""
    impact = one.impact
    parts = []
    if impact.time_saved_ms_per_hour is not None:
        parts.append(f"saves {format_ms(impact.time_saved_ms_per_hour)} per hour")
    parts.append(costs_text(impact.cost_before, impact.cost_after))
    if impact.size_bytes is not None:
        verb = "frees" if impact.size_bytes < 0 else "takes"
        parts.append(f"{verb} {format_bytes(abs(impact.size_bytes))}")
    if impact.build_ms is not None:
        parts.append(f"builds in about {format_ms(impact.build_ms)}")
    if impact.statements:
        parts.append(f"touches {plural(len(impact.statements), 'statement')}")
        dearer = sum(statement.is_dearer for statement in impact.statements)
        parts += [f"makes {dearer:,} dearer"] if dearer else []
    return [part for part in parts if part]


def shown_statements(one: Recommendation, limit: int) -> tuple[list[StatementImpact], int]:
    """The statements to show, and how many are not: those that become dearer always are."""
    dearer = [statement for statement in one.impact.statements if statement.is_dearer]
    others = [statement for statement in one.impact.statements if not statement.is_dearer]
    return others[:limit] + dearer, max(len(others) - limit, 0)


def confidence_text(one: Recommendation, facts: Mapping[str, Sequence[Evidence]]) -> str:
    """`estimated (hypopg, fidelity 1)`, as the evidence names the planner; else the bare word."""
    found = {fact.fact: fact.value for fact in evidence_of(one, facts)}
    planner, fidelity = found.get("planner"), found.get("fidelity")
    if not isinstance(planner, str) or planner == "none":
        return one.confidence
    known = isinstance(fidelity, int | float)
    return f"{one.confidence} ({planner}{f', fidelity {fidelity:.2g}' if known else ''})"


def planner_text(report: Report) -> str:
    """`hypopg (fidelity 1.0), 1,636 plans in 0.8 s`; empty where none was asked."""
    use = report.planner
    if use.kind == "none":
        return ""
    fidelity = "" if use.fidelity is None else f" (fidelity {use.fidelity:.2f})"
    time = format_ms(use.elapsed_ms)
    return f"{one_line(use.kind)}{fidelity}, {plural(use.calls, 'plan')} in {time}"


def costs_text(before: float | None, after: float | None) -> str:
    """Both planner costs; empty unless both are known."""
    if before is None or after is None:
        return ""
    return f"planner cost {format_count(before)} to {format_count(after)}"


def statement_parts(statement: StatementImpact) -> list[str]:
    """`dearer: query 7`, `12 calls`, `planner cost 8 to 9`: what is known of it, part by part."""
    known = [] if statement.query_id is None else [f"query {statement.query_id}"]
    if statement.calls is not None:
        known.append(f"{format_count(statement.calls)} call{'' if statement.calls == 1 else 's'}")
    known += [costs_text(statement.cost_before, statement.cost_after), measured_text(statement)]
    known += ["uncertain: only a measurement can tell"] if statement.risky else []
    parts = [part for part in known if part]
    return [f"dearer: {parts[0]}", *parts[1:]] if statement.is_dearer else parts


def measured_text(statement: StatementImpact) -> str:
    """What was measured on a clone; empty unless both sides were."""
    before, after = statement.measured_ms_before, statement.measured_ms_after
    if before is None or after is None:
        return ""
    return f"measured {format_ms(before)} to {format_ms(after)}"


def target_text(report: Report) -> str:
    """`PostgreSQL 16.4, database shop, primary`."""
    target = report.target
    role = "standby" if target.in_recovery else "primary"
    version = one_line(target.server_version)
    version = version if version.startswith("PostgreSQL") else f"PostgreSQL {version}"
    return f"{version}, database {one_line(target.database)}, {role}"


def window_lines(report: Report) -> list[str]:
    """What time the counters cover, named lifetime totals if they are, and what breaks them."""
    lifetime = any(gap.source == "window" for gap in report.gaps)
    lines = [_window_text(report.window, lifetime=lifetime)]
    for reset in report.window.resets:
        at = f" at {moment(reset.at)}" if reset.at else ""
        lines.append(f"reset of {one_line(reset.source)}{at}: {one_line(reset.reason)}")
    return lines


def _window_text(window: ReportWindow, *, lifetime: bool) -> str:
    until = moment(window.until)
    if window.since is None:
        return f"lifetime totals since an unknown moment, until {until}"
    covered = format_ms((window.until - window.since).total_seconds() * 1000)
    if lifetime:
        return f"lifetime totals since {moment(window.since)}, until {until} ({covered})"
    return f"{moment(window.since)} to {until} ({covered})"


def counts_text(report: Report) -> str:
    """`1 critical, 2 warnings · 5 recommendations · 12 undecided · 2 gaps`."""
    count = Counter(finding.severity for finding in report.findings)
    found = [f"{count['critical']:,} critical"] if count["critical"] else []
    found += [plural(count["warning"], "warning")] if count["warning"] else []
    found += [f"{count['info']:,} info"] if count["info"] else []
    parts = [", ".join(found) or "no findings"]
    parts.append(plural(len(report.recommendations), "recommendation"))
    parts += [f"{len(report.unknown):,} undecided"] if report.unknown else []
    parts += [plural(len(report.gaps), "gap")] if report.gaps else []
    return " · ".join(parts)


def next_step(report: Report) -> str:
    """One sentence: what the reader does now."""
    changes = [change for one in report.recommendations for change in one.changes]
    runnable = sum(not isinstance(change, Advice) for change in changes)
    if runnable:
        what = plural(runnable, "change")
        return f"Next: --output-dir DIR writes the {what} as files to review, with their undo."
    if changes:
        return "Next: follow the advice above; SQL alone does not settle it."
    if report.findings:
        return "Next: follow the hints of the findings."
    if report.gaps or report.unknown:
        return "Nothing was found in what could be read. Next: close the gaps and look again."
    return "Nothing to do."
