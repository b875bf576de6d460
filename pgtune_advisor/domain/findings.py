"""What a rule says of a subject, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Severity = Literal["critical", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "info")
Confidence = Literal["heuristic", "estimated", "measured"]
Applicability = Literal["auto", "review", "advice"]
Phase = Literal["quick win", "core", "advanced"]
EvidenceKind = Literal["observed", "derived", "declared", "parameter"]
Value = str | int | float | bool | None


def at_least(severity: Severity, bar: Severity) -> bool:
    """Whether `severity` is as grave as `bar` or graver."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(bar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact behind a finding; `unit` is empty for a count or a text."""

    fact: str
    value: Value
    unit: str
    kind: EvidenceKind
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """As PostgreSQL words it: the fact in one line, the facts behind it, what to try."""

    primary: str
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a finding is about. `label` is unique among the subjects of its kind on a target."""

    kind: str
    label: str
    database: str | None = None
    schema: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that fired. `key` is `rule:label`, stable for suppression and history."""

    key: str
    rule: str
    category: str
    severity: Severity
    subject: Subject
    message: Message
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A rule that could not decide on a subject, and the facts that were missing."""

    rule: str
    subject: Subject
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Something that was considered and turned down: `reason` is a name, `detail` a sentence."""

    subject: Subject
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """The user's word that a finding is known: a key or a glob, why, and until when."""

    key: str
    reason: str
    until: datetime | None = None
