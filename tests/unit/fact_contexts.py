"""What facts are made from, described as the cases of rules describe it."""

from __future__ import annotations

from typing import Any

from pgtune_advisor.rules.facts.base import Context
from rules import world
from rules.casefile import Case


def make_context(
    *,
    before: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    **snapshot: Any,
) -> Context:
    """The context of a snapshot; with `before` a window of ten minutes ends with it."""
    case = {"about": "facts", "expect": "silent", "snapshot": snapshot, "settings": settings or {}}
    return world.context(Case.model_validate(case | ({} if before is None else {"before": before})))
