"""What can go wrong with a change, in one sentence, for the files' headers and the index."""

from __future__ import annotations

from typing import Final, assert_never

from pgtune_advisor.domain.changes import (
    Advice,
    Change,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    Maintain,
    Reindex,
    Script,
    SetParameter,
    SetStorage,
)
from pgtune_advisor.domain.findings import Applicability

_BUILD: Final = (
    "Reads the table twice and waits for older transactions; blocks no write. Needs the disk that "
    "the index takes. A build that is interrupted leaves an INVALID index behind"
)
MEANING: Final[dict[Applicability, str]] = {
    "auto": "may be applied by policy",
    "review": "a person approves it",
    "advice": "never applied by the program",
}


def risk(change: Change) -> str:
    """What can go wrong, and what it costs while it runs."""
    match change:
        case SetParameter(needs="restart"):
            return "Takes effect at a restart; a value that the host cannot hold stops the start."
        case SetParameter():
            return "Takes effect in all sessions at the next reload, for every database."
        case CreateIndex():
            return f"{_BUILD}. Later each write to the table maintains it."
        case DropIndex():
            return (
                "Waits for older transactions; blocks no write. Statements that need the index get "
                "slower, on standbys too; the statistics of an expression go with it."
            )
        case Reindex():
            return f"{_BUILD}, named with the suffix _ccnew."
        case SetStorage():
            return "Waits at most 2 s for its lock, then fails and changes nothing."
        case CreateStatistics():
            return (
                "Reads a sample of the table; plans may change. Later each ANALYZE of the table, "
                "and each plan over it, takes a little longer."
            )
        case Maintain(command="ANALYZE"):
            return "Reads a sample of the table; plans may change."
        case Maintain():
            return (
                "Reads the table and its indexes, which loads the disk; may lock the table for "
                "moments to give its empty end back."
            )
        case Script():
            return "Written for review: read it, and try it on a copy first."
        case Advice():
            return "Nothing is run."
        case _:
            assert_never(change)


def without_inverse(change: Change) -> str:
    """Why a change that has no inverse has none."""
    match change:
        case Reindex():
            return "nothing to undo: REINDEX leaves the same index"
        case Maintain():
            return f"nothing to undo: {change.command} changes no definition"
        case DropIndex():
            return "cannot be undone: the index's definition could not be read"
        case SetParameter():
            return "cannot be undone: what was set before is not known"
        case Advice():
            return "nothing to undo: nothing was run"
        case CreateIndex() | SetStorage() | CreateStatistics() | Script():
            return "cannot be undone: its statements have no inverse"
        case _:
            assert_never(change)
