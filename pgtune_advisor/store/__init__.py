"""What the daemon remembers of its targets, in SQLite or PostgreSQL."""

from pgtune_advisor.store.records import (
    Cadence,
    Cycle,
    CycleRecord,
    Event,
    FindingRecord,
    Outcome,
    RecommendationRecord,
    Recorded,
    TargetRecord,
)
from pgtune_advisor.store.store import Store

__all__ = [
    "Cadence",
    "Cycle",
    "CycleRecord",
    "Event",
    "FindingRecord",
    "Outcome",
    "RecommendationRecord",
    "Recorded",
    "Store",
    "TargetRecord",
]
