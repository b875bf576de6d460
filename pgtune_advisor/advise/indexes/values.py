"""Column statistics with values, as the sampling of parameters wants them."""

from __future__ import annotations

from pgtune_advisor.advise.sampling import ValueStatistics
from pgtune_advisor.domain.snapshot import Snapshot


def values_of(snapshot: Snapshot, database: str) -> dict[tuple[str, str, str], ValueStatistics]:
    """By schema, table and column; empty where values were not collected."""
    return {}
