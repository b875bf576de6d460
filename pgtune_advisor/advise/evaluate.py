"""One evaluation: a snapshot and its window in, a report out. No clock, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pgtune_advisor.advise.indexes.advisor import WhatIf, advise_indexes
from pgtune_advisor.advise.joint import solve_drops
from pgtune_advisor.advise.recommend import recommend
from pgtune_advisor.domain.findings import SEVERITIES, Subject, Suppression, Unknown
from pgtune_advisor.domain.plan_observations import StatementPlans
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report, ReportTarget, ReportWindow
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.rules import engine, suppressions
from pgtune_advisor.rules.factbase import FactBase
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.lookups import LookupFacts
from pgtune_advisor.rules.facts.proposals import ProposalFacts
from pgtune_advisor.rules.facts.row_estimates import RowEstimateFacts
from pgtune_advisor.rules.facts.shapes import omissions
from pgtune_advisor.rules.loader import Loaded, RuleBook

# The subjects that are made of index advice.
ADVISED: Final = frozenset({ProposalFacts.KIND, RowEstimateFacts.KIND})


def evaluate(
    snapshot: Snapshot,
    window: Window,
    book: RuleBook,
    *,
    now: datetime,
    advisor_version: str,
    suppress: Sequence[Suppression] = (),
    tables: frozenset[str] | None = None,
    what_if: WhatIf | None = None,
    advice: IndexAdvice | None = None,
    plans: StatementPlans | None = None,
) -> Report:
    """Run the rules and turn what they find into recommendations.

    `what_if` is asked for indexes first, or `advice` is what it said before; without either no
    rule speaks of indexes that are not there. `plans` are those of the statements, where somebody
    asked the server for them.
    With `tables`, only rules whose subject is made of these snapshot tables alone: what a fast
    cycle has just read.
    """

    def fresh(loaded: Loaded) -> bool:
        return tables is None or tables.issuperset(book.catalogue.needs(loaded.rule.spec.subject))

    context = Context(snapshot=snapshot, window=window, now=now)
    if what_if is not None and tables is None:
        advice = advise_indexes(context, what_if)
    context = replace(context, advice=advice, plans=plans)
    advice = advice or IndexAdvice()
    facts = FactBase(context, book.catalogue)
    try:
        outcome = engine.run(book, facts, fresh)
    finally:
        facts.close()
    standing, suppressed = suppressions.apply(outcome.matches, suppress, now)
    kept, solved = solve_drops(standing)
    recommendations, refused = recommend(kept, snapshot, advice)
    findings = [match.finding for match in kept]
    findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.category, f.key))
    return Report(
        generated_at=now,
        advisor_version=advisor_version,
        target=_target(snapshot),
        window=ReportWindow(since=window.since, until=window.until, resets=window.resets),
        findings=tuple(findings),
        recommendations=tuple(recommendations),
        rejected=(*solved, *refused, *suppressed, *advice.rejected),
        unknown=(*outcome.unknown, *_undecided(book, advice)),
        gaps=(
            *_window_gaps(window),
            *_short_window_gaps(window, outcome.unknown),
            *_text_gaps(context),
            *advice.gaps,
            *_plan_gaps(plans),
            *snapshot.gaps,
        ),
        planner=advice.planner,
    )


def _target(snapshot: Snapshot) -> ReportTarget:
    server = snapshot.server
    return ReportTarget(
        name=snapshot.target,
        server_version=server.version,
        database=server.database,
        system_identifier=server.system_identifier,
        in_recovery=server.in_recovery,
    )


def _undecided(book: RuleBook, advice: IndexAdvice) -> list[Unknown]:
    """The rules about index advice, where there is none for want of a planner that lasts."""
    missing = tuple(f"planner of database {database}" for database in advice.undecided)
    return [
        Unknown(rule=loaded.id, subject=Subject(kind=kind, label="*"), missing=missing)
        for loaded in book.rules
        if missing and (kind := loaded.rule.spec.subject) in ADVISED
    ]


def _text_gaps(context: Context) -> list[Gap]:
    """Statements whose text no rule could judge are counted, not dropped silently."""
    hint = "Rules about a statement's text do not cover them; those about its counters do."
    return [
        Gap(source="statement_texts", reason=reason, hint=hint) for reason in omissions(context)
    ]


def _plan_gaps(plans: StatementPlans | None) -> tuple[Gap, ...]:
    return plans.gaps if plans is not None else ()


def _short_window_gaps(window: Window, unknown: Sequence[Unknown]) -> list[Gap]:
    """Why it is not known which look-ups follow another statement's rows."""
    if not any(one.subject.kind == LookupFacts.KIND for one in unknown):
        return []
    known = f"{len(window.statement_windows)} short windows"
    return [
        Gap(
            source="statement_windows",
            reason=f"{known} of statements' counters were read: that does not tell whether some"
            " look-ups follow the rows of another statement (N+1)",
            hint="The daemon reads them all the time; --window 10m reads 24 of them.",
        )
    ]


def _window_gaps(window: Window) -> list[Gap]:
    """A report says by itself when its figures are lifetime totals, or lost to a restart."""
    if window.lifetime:
        return [
            Gap(
                source="window",
                reason="figures are lifetime totals, since each counter's own reset",
                hint="--window 10m compares two readings; the daemon does so all the time.",
            )
        ]
    if not window.deltas:
        return [
            Gap(
                source="counters",
                reason="the server restarted inside the window: no counter has a known growth",
                hint="Ask again when the window lies wholly after the restart.",
            )
        ]
    return []
