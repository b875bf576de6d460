"""What the names of refusals mean; docs/index-advice.md says what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NO_REWRITE: Final = "no-rewrite-"

REASONS: Final[Mapping[str, str]] = {
    "already-so": "the server has it already",
    "below-bar": "it saves too little beside what is recommended",
    "cannot-prepare": "the server does not accept the statement's text on its own",
    "empty": "the statement has no text",
    "exists": "an index that is there serves it already",
    "hidden": "this role may not see the statement's text",
    "measured-build-failed": "the clone could not build it",
    "measured-no-help": "on the clone no statement became faster by it",
    "measured-slower": "on the clone a statement became slower by it",
    "measured-unused": "on the clone no plan used it",
    "no-candidate": "it has no condition that an index could serve",
    "no-help": "the planner used none of the candidates, or what it saves does not pay",
    "no-statistics": "the planner knows nothing of the table's columns",
    "not-collected": "the table was not read: temporary, foreign, or not to be seen by this role",
    "not-reached": "time was up before it was looked at",
    "object-missing": "the statement names what is not there, or not on its search_path",
    "over-budget": "the space is taken by what saves more for its size",
    "plan-denied": "this role may not plan the statement",
    "plan-failed": "the planner could not plan it",
    "plan-locked": "a table of the statement was locked",
    "plan-timeout": "planning it took too long",
    "poor-fidelity": "the planner does not agree with the server about the statement as it is now",
    "regression": "it would make another statement dearer",
    "rule-broken": "a rule's own mistake",
    "several": "the text holds more than one statement",
    "suppressed": "the configuration suppresses it",
    "syntax": "the text is no statement that PostgreSQL reads",
    "temporary-table": "the table lives for one session",
    "tiny-table": "reading the whole table is cheap",
    "too-deep": "the statement is nested too deeply to be read safely",
    "too-long": "the statement is too long to be read safely",
    "truncated": "the statement's text was cut off by the server",
    "twin-dropped": "another index of the pair is dropped instead",
    "unsupported": "the advisor's reader does not know the statement",
    "writes-cost-more": "keeping it up costs more than it saves",
}


def meaning(reason: str) -> str:
    """In words; '' where the name says it all. docs/statements.md has those of rewrites."""
    if reason.startswith(_NO_REWRITE):
        return "no other form of the statement surely gives the same answer"
    return REASONS.get(reason, "")
