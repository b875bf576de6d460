"""Findings that the user knows of: matched by key or glob, with a reason and an end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from pgtune_advisor.domain.findings import Rejected, Suppression
from pgtune_advisor.rules.engine import Match


def apply(
    matches: Iterable[Match], suppressions: Sequence[Suppression], now: datetime
) -> tuple[list[Match], list[Rejected]]:
    """The matches that stand, and those that a suppression in force turned down."""
    in_force = [s for s in suppressions if s.until is None or now <= s.until]
    kept: list[Match] = []
    rejected: list[Rejected] = []
    for match in matches:
        key = match.finding.key
        found = next((s for s in in_force if key == s.key or fnmatchcase(key, s.key)), None)
        if found is None:
            kept.append(match)
            continue
        until = f", until {found.until:%Y-%m-%d}" if found.until else ""
        detail = f"{key} is suppressed by {found.key}: {found.reason}{until}"
        rejected.append(Rejected(subject=match.finding.subject, reason="suppressed", detail=detail))
    return kept, rejected
