"""Makes a snapshot's schema in an empty database, as far as it goes, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner import shadow_schema as schema
from pgtune_advisor.planner.shadow_refusals import Refusal
from pgtune_advisor.planner.shadow_schema import Source, Step

_ROUNDS: Final = 40
_UNKNOWN: Final = {
    "extension": "it is not installed for the PostgreSQL that the shadow runs on",
    "index": "its definition could not be read",
    "view": "its query could not be read",
}


def build(session: ScratchSession, source: Source) -> list[Refusal]:
    """Make the schema. ClusterError where the cluster is lost."""
    session.execute("SET search_path = pg_catalog; SET check_function_bodies = off")
    available = frozenset(
        str(name) for (name,) in session.rows("SELECT name FROM pg_available_extensions()")
    )
    refusals: list[Refusal] = []
    for steps in (
        schema.schemas(source),
        schema.extensions(source, available),
        schema.types(source),
        schema.tables(source),
        schema.children(source),
        schema.indexes(source),
        schema.foreign_keys(source),
        schema.views(source),
    ):
        refusals += _make(session, list(steps))
    return refusals


def _make(session: ScratchSession, steps: Sequence[Step]) -> list[Refusal]:
    """Make these things, again as long as some that failed can be made after all."""
    refusals = [
        Refusal(kind=step.kind, subject=step.subject, reason=_UNKNOWN.get(step.kind, "unknown"))
        for step in steps
        if not step.statement
    ]
    waiting = [step for step in steps if step.statement]
    reasons: dict[Step, str] = {}
    for _ in range(_ROUNDS):
        answers = session.attempt(step.statement for step in waiting)
        reasons = _failed(waiting, answers)
        if not reasons or len(reasons) == len(waiting):
            break
        waiting = list(reasons)
    return refusals + [
        Refusal(kind=step.kind, subject=step.subject, reason=reason)
        for step, reason in reasons.items()
    ]


def _failed(steps: Iterable[Step], answers: Iterable[str | None]) -> dict[Step, str]:
    pairs = zip(steps, answers, strict=True)
    return {step: reason for step, reason in pairs if reason is not None}
