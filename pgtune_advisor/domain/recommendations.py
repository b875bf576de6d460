"""Findings turned into changes, and the report that holds both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pgtune_advisor.domain.changes import Change
from pgtune_advisor.domain.findings import (
    Applicability,
    Confidence,
    Finding,
    Phase,
    Rejected,
    Unknown,
)
from pgtune_advisor.domain.snapshot import Gap

REPORT_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementImpact:
    """A statement that a change touches; costs in planner units, None where none was estimated.

    `risky`: the new plan rests on an estimate that is likely to be off. `measured_ms_*` are medians
    of executions on a clone, None where it was not run there.
    """

    query_id: int | None
    text: str | None
    calls: float | None
    cost_before: float | None = None
    cost_after: float | None = None
    risky: bool = False
    measured_ms_before: float | None = None
    measured_ms_after: float | None = None

    @property
    def is_dearer(self) -> bool:
        """Whether its cost rises by more than a rounding error."""
        before, after = self.cost_before, self.cost_after
        return before is not None and after is not None and after > before * 1.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change is expected to do; None is not known, never zero.

    `size_bytes` is what it takes, negative what it gives back.
    """

    cost_before: float | None = None
    cost_after: float | None = None
    time_saved_ms_per_hour: float | None = None
    size_bytes: int | None = None
    build_ms: float | None = None
    statements: tuple[StatementImpact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What to do about one or more findings. `id` stays while the advice stays the same."""

    id: str
    title: str
    rules: tuple[str, ...]
    finding_keys: tuple[str, ...]
    category: str
    applicability: Applicability
    confidence: Confidence
    phase: Phase
    impact: Impact
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    """Which server a report speaks of."""

    name: str
    server_version: str
    database: str
    system_identifier: str | None
    in_recovery: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Counters that began anew inside a window: whose, why, when (None: at an unknown moment)."""

    source: str
    reason: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWindow:
    """The time that the counters cover; `since` None where the server does not tell."""

    since: datetime | None
    until: datetime
    resets: tuple[Reset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerUse:
    """Which what-if planner was asked, how faithful it was (0 to 1), how often, how long."""

    kind: str = "none"
    fidelity: float | None = None
    calls: int = 0
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one evaluation: the contract behind `--format json`."""

    generated_at: datetime
    advisor_version: str
    target: ReportTarget
    window: ReportWindow
    findings: tuple[Finding, ...]
    recommendations: tuple[Recommendation, ...]
    rejected: tuple[Rejected, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    gaps: tuple[Gap, ...] = ()
    planner: PlannerUse = PlannerUse()
