"""Facts that a user's own query brings, and how a fact is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pgtune_advisor.domain.findings import EvidenceKind, Value

FactType = Literal["text", "integer", "real", "boolean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactColumn:
    """A fact of a subject: its type, unit, meaning, and where it comes from."""

    name: str
    type: FactType
    meaning: str
    unit: str = ""
    source: str = ""
    kind: EvidenceKind = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFact:
    """A row of the user's fact table `table`; `label` names its subject, `values` by column."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "table", "label")

    database: str
    table: str
    label: str
    values: tuple[tuple[str, Value], ...]
