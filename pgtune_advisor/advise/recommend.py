"""Matches grouped into recommendations: one for each set of changes, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from pgtune_advisor.advise.builders import Site, builders
from pgtune_advisor.advise.ground import Ground
from pgtune_advisor.domain.changes import Advice, Change, DropIndex, SetParameter
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.findings import (
    SEVERITIES,
    Applicability,
    Confidence,
    Phase,
    Rejected,
)
from pgtune_advisor.domain.proposals import IndexAdvice, Proposal
from pgtune_advisor.domain.recommendations import Impact, Recommendation, StatementImpact
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.rules.engine import Match
from pgtune_advisor.rules.facts.base import BLOCK
from pgtune_advisor.rules.facts.proposals import ProposalFacts
from pgtune_advisor.rules.loader import RuleBook

_PHASES: Final[tuple[Phase, ...]] = ("quick win", "core", "advanced")
_CAUTION: Final[tuple[Applicability, ...]] = ("auto", "review", "advice")


@dataclass
class _Group:
    title: str
    changes: tuple[Change, ...]
    matches: list[Match] = field(default_factory=list)


def check(book: RuleBook) -> None:
    """RuleError where a rule names a change that nothing builds."""
    for loaded in book.rules:
        kind = loaded.rule.spec.change.kind
        if kind not in builders():
            raise RuleError(
                f'{loaded.rule.path}: unknown change "{kind}"',
                hint=f"Known: {', '.join(sorted(builders()))}",
            )


def recommend(
    matches: Iterable[Match], snapshot: Snapshot, advice: IndexAdvice | None = None
) -> tuple[list[Recommendation], list[Rejected]]:
    """The recommendations in the order in which they should be read, and what was turned down."""
    ground = Ground(snapshot=snapshot, proposals=advice.proposals if advice else ())
    groups: dict[str, _Group] = {}
    rejected: list[Rejected] = []
    for match in matches:
        kind = match.loaded.rule.spec.change.kind
        rejected += _not_rewritten(match)
        try:
            title, changes = builders()[kind](Site(match=match, ground=ground))
        except RuleError as error:
            rejected.append(_broken(match, error))
            continue
        if not changes:
            rejected.append(_nothing_to_change(match, title))
            continue
        key = stable_id(match, changes)
        group = groups.setdefault(key, _Group(title=title, changes=tuple(changes)))
        group.matches.append(match)
    found = [_recommendation(key, group) for key, group in groups.items()]
    severity = {key: _gravest(group) for key, group in groups.items()}
    found.sort(key=lambda one: (severity[one.id], *_rank(one)))
    return found, rejected


def _rank(one: Recommendation) -> tuple[int, str, float, str, str]:
    """By phase and category, then what saves most."""
    before, after = one.impact.cost_before, one.impact.cost_after
    saved = before - after if before is not None and after is not None else 0.0
    return _PHASES.index(one.phase), one.category, -saved, one.title, one.id


def stable_id(match: Match, changes: Sequence[Change]) -> str:
    """Twelve hex digits that stay while the advice stays the same.

    A setting's value moves with the evidence, so its name alone counts; advice without SQL is
    known by its finding.
    """
    parts = []
    for change in changes:
        match change:
            case SetParameter():
                parts.append(f"{change.kind} {change.name}")
            case Advice():
                parts.append(f"{change.kind} {match.finding.key}")
            case _:
                parts.append(f"{change.kind} {change.database} {change.sql}")
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def _not_rewritten(match: Match) -> list[Rejected]:
    """A rewrite that the finding asks for and that cannot be given, by the name of its reason."""
    reason = match.names.get("rewrite_refused")
    if not reason:
        return []
    detail = f"no other form of the statement is given: {match.names['rewrite_why']}"
    subject = match.finding.subject
    return [Rejected(subject=subject, reason=f"no-rewrite-{reason}", detail=detail)]


def _nothing_to_change(match: Match, title: str) -> Rejected:
    return Rejected(
        subject=match.finding.subject,
        reason="already-so",
        detail=f"{title}: the server has that value, or does not know the setting",
    )


def _broken(match: Match, error: RuleError) -> Rejected:
    """One rule's mistake costs its own advice, not the report."""
    detail = f"{error.primary}: {error.detail}" if error.detail else error.primary
    return Rejected(subject=match.finding.subject, reason="rule-broken", detail=detail)


def _gravest(group: _Group) -> int:
    return min(SEVERITIES.index(match.finding.severity) for match in group.matches)


def _recommendation(key: str, group: _Group) -> Recommendation:
    specs = [match.loaded.rule.spec for match in group.matches]
    first = group.matches[0]
    return Recommendation(
        id=key,
        title=group.title,
        rules=tuple(dict.fromkeys(spec.id for spec in specs)),
        finding_keys=tuple(dict.fromkeys(m.finding.key for m in group.matches)),
        category=first.finding.category,
        applicability=_applicability(group, [s.applicability for s in specs]),
        confidence=_confidence(group, specs[0].confidence),
        phase=min((s.phase for s in specs), key=_PHASES.index),
        impact=_impact(group),
        changes=group.changes,
    )


def _applicability(group: _Group, wanted: Sequence[Applicability]) -> Applicability:
    """The most cautious of the rules; what has no SQL is never more than advice."""
    if all(isinstance(change, Advice) for change in group.changes):
        return "advice"
    return max(wanted, key=_CAUTION.index)


def _proposal(group: _Group) -> Proposal | None:
    """What the index advisor knows of the index that the group creates."""
    rows = (match.row for match in group.matches)
    return next((row.proposal for row in rows if isinstance(row, ProposalFacts)), None)


def _confidence(group: _Group, otherwise: Confidence) -> Confidence:
    proposal = _proposal(group)
    return proposal.confidence if proposal else otherwise


def _impact(group: _Group) -> Impact:
    """What a planner said; else the space that drops free and the statements concerned."""
    proposal = _proposal(group)
    if proposal is not None:
        freed_pages = sum(max(old.pages, 0) for old in proposal.replaces)
        return Impact(
            cost_before=proposal.cost_before,
            cost_after=proposal.cost_after,
            time_saved_ms_per_hour=proposal.time_saved_ms_per_hour,
            size_bytes=proposal.size_bytes - freed_pages * BLOCK,
            build_ms=proposal.build_ms,
            statements=tuple(
                replace(effect.statement, risky=effect.risky) for effect in proposal.effects
            ),
        )
    # Two rules that want the same index dropped free its space once.
    freed = {
        match.finding.subject.label: match.row.size_bytes
        for match in group.matches
        if any(isinstance(change, DropIndex) for change in group.changes)
    }
    statements: dict[tuple[int | None, str], StatementImpact] = {}
    for match in group.matches:
        query_id = match.names.get("query_id")
        if "statement_text" in match.names:
            impact = StatementImpact(
                query_id=query_id,
                text=match.names["statement_text"],
                calls=match.names.get("calls"),
            )
            statements[query_id, match.names["statement_text"]] = impact
    return Impact(
        size_bytes=-sum(freed.values()) if freed else None, statements=tuple(statements.values())
    )
