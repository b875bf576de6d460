"""What a shadow does without, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.snapshot import Gap

_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A part of the original that the shadow lacks: its kind, its name, and the reason.

    `kind` is schema, extension, type, table, partition, child, index, foreign-key, view, setting,
    statistics, values, size, locale or version.
    """

    kind: str
    subject: str
    reason: str


def gaps(refusals: Iterable[Refusal], database: str) -> tuple[Gap, ...]:
    """The refusals for a report: those of one kind and reason together, the first few by name."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for refusal in refusals:
        grouped.setdefault((refusal.kind, refusal.reason), []).append(refusal.subject)
    found = []
    for (kind, reason), subjects in grouped.items():
        more = len(subjects) - _NAMED
        names = ", ".join(subjects[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        text = f"the shadow of {database} lacks {kind} {names}: {reason}"
        found.append(Gap(source=f"shadow:{database}", reason=text))
    return tuple(found)
