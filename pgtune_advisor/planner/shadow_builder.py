"""Makes a snapshot's schema in an empty database, as far as it goes, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner import shadow_schema as schema
from pgtune_advisor.planner.shadow_refusals import Refusal
from pgtune_advisor.planner.shadow_schema import Source, Step

# The role that makes the schema: no superuser.
BUILDER: Final = "shadow_builder"
_ROUNDS: Final = 40
_UNKNOWN: Final = {
    "extension": "it is not installed for the PostgreSQL that the shadow runs on",
    "index": "its definition could not be read",
    "view": "its query could not be read",
}


def build(admin: ScratchSession, builder: ScratchSession, source: Source) -> list[Refusal]:
    """Make the schema. ClusterError where the cluster is lost.

    Names come from the snapshot, and so do types, expressions and queries, as SQL: a file may be
    anyone's. What contains them is run by BUILDER, who may do nothing outside the database.
    """
    available = frozenset(
        str(name) for (name,) in admin.rows("SELECT name FROM pg_available_extensions()")
    )
    refusals = _make(admin, list(schema.schemas(source, BUILDER)))
    refusals += _make(admin, list(schema.extensions(source, available)))
    builder.execute(
        "SET search_path = pg_catalog; SET check_function_bodies = off;"
        " SET statement_timeout = '60s'"
    )
    for steps in (
        schema.types(source),
        schema.tables(source),
        schema.children(source),
        schema.indexes(source),
        schema.foreign_keys(source),
        schema.views(source),
    ):
        refusals += _make(builder, list(steps))
    return refusals


def _make(session: ScratchSession, steps: Sequence[Step]) -> list[Refusal]:
    """Make these things, again as long as some that failed can be made after all."""
    refusals = [
        Refusal(kind=step.kind, subject=step.subject, reason=_UNKNOWN.get(step.kind, "unknown"))
        for step in steps
        if not step.statements
    ]
    waiting = [step for step in steps if step.statements]
    reasons: dict[Step, str] = {}
    for _ in range(_ROUNDS):
        answers = session.attempt(step.statements for step in waiting)
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
