"""What auto_explain logged, in either of its formats that people use, to a plan; or why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pgtune_advisor.domain.plan_observations import PlanSeen
from pgtune_advisor.plans.nodes import Plan
from pgtune_advisor.plans.observing import seen
from pgtune_advisor.plans.redaction import redacted
from pgtune_advisor.plans.text_format import raw_of

MOST_BYTES: Final = 5_000_000
MOST_LINES: Final = 50_000
UnreadableReason = Literal["empty", "too-long", "truncated", "too-deep", "not-a-plan"]

# Each part has an end: a text of digits alone would be tried from every one of them.
_DURATION: Final = re.compile(
    r"[^\n{\[]{0,200}?(\d{1,15}(?:[.,]\d{1,9})?) ms\b[^\n]{0,200}:[ \t]*\n"
)
_JSON: Final = re.compile(r"^[ \t]*[{\[]", re.MULTILINE)
_IDENTIFIER: Final = re.compile(r"-?\d{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A text of which no plan can be made, and why."""

    reason: UnreadableReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPlan:
    """A plan that was logged. `plan` and `seen` hold no literal and may be kept.

    `statement` is the text as the client sent it: data, to be fingerprinted and let go.
    `query_id` is None where the log does not say it (VERBOSE, compute_query_id).
    """

    plan: Plan
    seen: PlanSeen
    duration_ms: float | None
    query_id: int | None
    statement: str = field(repr=False)


def read_logged(text: bytes) -> LoggedPlan | Unreadable:
    """The plan in a message of auto_explain, as JSON or as text, with or without its first line.

    Never raises: what is no plan says why. Tabs that the log puts before lines are taken off.
    """
    if len(text) > MOST_BYTES or text.count(b"\n") > MOST_LINES:
        return Unreadable(reason="too-long")
    told = _without_tabs(text.decode("utf-8", "replace").replace("\r\n", "\n").strip())
    if not told:
        return Unreadable(reason="empty")
    duration = _DURATION.match(told)
    body = told[duration.end() :] if duration else told
    try:
        raw = _raw(body)
        if raw is None:
            return Unreadable(reason="not-a-plan")
        if isinstance(raw, Unreadable):
            return raw
        plan = Plan.of([raw])
        milliseconds = float(duration[1].replace(",", ".")) if duration else None
        return _logged(plan, raw, milliseconds)
    except RecursionError:
        return Unreadable(reason="too-deep")
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
        # JSON of another shape than EXPLAIN's: a text where a list is due, and the like.
        return Unreadable(reason="not-a-plan")


def _raw(body: str) -> Mapping[str, Any] | Unreadable | None:
    if _JSON.match(body):
        return _of_json(body)
    return raw_of(body)


def _of_json(body: str) -> Mapping[str, Any] | Unreadable | None:
    """auto_explain writes braces in the place of the brackets that EXPLAIN has."""
    try:
        found = json.loads(body)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(body.rstrip()) or error.msg.startswith("Unterminated")
        return Unreadable(reason="truncated" if at_end else "not-a-plan")
    if isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, Mapping) and "Plan" in found else None


def _logged(plan: Plan, raw: Mapping[str, Any], duration_ms: float | None) -> LoggedPlan:
    identifier = str(raw.get("Query Identifier", ""))
    return LoggedPlan(
        plan=redacted(plan),
        seen=seen(plan, raw),
        duration_ms=duration_ms,
        query_id=int(identifier) if _IDENTIFIER.fullmatch(identifier) else None,
        statement=str(raw.get("Query Text", "")),
    )


def _without_tabs(text: str) -> str:
    first, *rest = text.split("\n")
    if rest and all(line.startswith("\t") or not line for line in rest):
        return "\n".join([first, *(line[1:] for line in rest)])
    return text
