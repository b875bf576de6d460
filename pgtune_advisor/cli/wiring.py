"""How the parts meet: settings to rules, targets to collectors, snapshots to reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from pgtune_advisor import __version__
from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.advise.indexes.advisor import WhatIf, advise_indexes
from pgtune_advisor.advise.recommend import check
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.plan_observations import StatementPlans
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.loader import RuleBook, load_rules
from pgtune_advisor.settings import Settings, TargetSection


class Reporter(Protocol):
    """Evaluates a snapshot and its window; with `tables`, only what is made of these."""

    def __call__(
        self,
        snapshot: Snapshot,
        window: Window,
        tables: frozenset[str] | None = None,
        what_if: WhatIf | None = None,
        advice: IndexAdvice | None = None,
        plans: StatementPlans | None = None,
    ) -> Report: ...


def query_book(settings: Settings) -> QueryBook:
    """The shipped collection queries and the user's."""
    return QueryBook.load([settings.rules.sql_directory])


def rule_book(settings: Settings, extra: Sequence[Path] = ()) -> RuleBook:
    """The shipped rules and the user's, checked whole."""
    catalogue = Catalogue(custom=query_book(settings).custom_tables())
    book = load_rules(
        [rules_dir(), settings.rules.directory, *extra],
        catalogue,
        disabled=settings.rules.disabled,
        params=settings.rules.params,
    )
    check(book)
    return book


def collector(settings: Settings, target: TargetSection) -> Collector:
    """A collector for one target."""
    return Collector(target, query_book(settings), keep_literals=settings.privacy.keep_literals)


def reporter(settings: Settings) -> Reporter:
    """A function that evaluates a snapshot and its window under these settings."""
    book = rule_book(settings)
    suppress = tuple(item.suppression() for item in settings.suppress)

    def report(
        snapshot: Snapshot,
        window: Window,
        tables: frozenset[str] | None = None,
        what_if: WhatIf | None = None,
        advice: IndexAdvice | None = None,
        plans: StatementPlans | None = None,
    ) -> Report:
        return evaluate(
            snapshot,
            window,
            book,
            now=datetime.now(UTC),
            advisor_version=__version__,
            suppress=suppress,
            tables=tables,
            what_if=what_if,
            advice=advice,
            plans=plans,
        )

    return report


def advice(snapshot: Snapshot, window: Window, what_if: WhatIf) -> IndexAdvice:
    """What the index advisor says of a snapshot and its window."""
    context = Context(snapshot=snapshot, window=window, now=datetime.now(UTC))
    return advise_indexes(context, what_if)


def chosen_target(settings: Settings, name: str | None, dsn: str | None) -> TargetSection:
    """The target that the command line means; UsageError where that is not one."""
    names = [target.name for target in settings.targets]
    if name and dsn:
        raise UsageError("give either a target's name or --dsn, not both")
    if dsn is not None:
        return TargetSection.model_construct(name="cli", dsn=dsn)
    if name is None and len(names) == 1:
        return settings.targets[0]
    if name is None:
        raise UsageError(
            "no target was given" if not names else "which target is meant?",
            detail=f"The configuration has: {', '.join(names)}" if names else "",
            hint="Give a target's name, or --dsn 'host=… dbname=…' (libpq).",
        )
    for target in settings.targets:
        if target.name == name:
            return target
    raise UsageError(
        f'there is no target "{name}"',
        detail=f"The configuration has: {', '.join(names) or 'no targets'}",
        hint="A connection string goes after --dsn.",
    )
