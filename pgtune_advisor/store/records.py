"""What goes into the store, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pgtune_advisor.domain.findings import Message, Phase, Severity, Subject

Cadence = Literal["fast", "full"]
Outcome = Literal["ok", "unreachable", "failed"]
EventKind = Literal["appeared", "resolved", "recommended", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One look at a target: when, for how long, and how it ended."""

    target: str
    started_at: datetime
    duration_ms: float
    cadence: Cadence
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is open on a target after a cycle, and which findings came and went with it."""

    findings: Mapping[Severity, int]
    recommendations: Mapping[Phase, int]
    appeared: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecord:
    """A target that was seen at least once; the server is None until it has answered."""

    name: str
    system_identifier: str | None
    server_version: str | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """A cycle as it was kept; `gaps` counts what could not be read."""

    target: str
    started_at: datetime
    duration_ms: float
    cadence: Cadence
    outcome: Outcome
    gaps: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One life of a finding, from the first cycle that had it to the one that resolved it."""

    key: str
    rule: str
    severity: Severity
    category: str
    subject: Subject
    message: Message
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationRecord:
    """One life of a recommendation; `sql` holds its changes, empty where none has any."""

    id: str
    title: str
    phase: Phase
    sql: str
    finding_keys: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A moment of a target's history; `key` is a finding's key or a recommendation's id."""

    at: datetime
    kind: EventKind
    key: str
    severity: Severity | None
    text: str
