"""Statements written anew, for the rules that advise it; or the reason why they are not."""

from __future__ import annotations

from dataclasses import dataclass

from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.tables_known import tables_known
from pgtune_advisor.sqltext.rewrites import Lookup, Refused, Rewritten, rewrite

_SHARED = "rewritings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """`text` is the statement with the same answer, `notes` what to know of it.

    Where there is none, `refused` is a name and `why` a sentence, both empty if no rewrite is
    meant for such a statement.
    """

    text: str = ""
    notes: str = ""
    refused: str = ""
    why: str = ""


NOTHING = Rewriting()


class Rewritings:
    """Each statement is written once by each of the rewrites that somebody asks for."""

    def __init__(self, context: Context) -> None:
        self._snapshot = context.snapshot
        self._lookups: dict[str, Lookup] = {}
        self._made: dict[tuple[str, int | None, str], Rewritten | Refused | None] = {}

    def of(self, statement: Statement, text: str, names: tuple[str, ...]) -> Rewriting:
        """By the first of these rewrites that does it; else the first refusal."""
        refused: Refused | None = None
        for name in names:
            made = self._one(statement, text, name)
            if isinstance(made, Rewritten):
                return Rewriting(text=made.text, notes=_notes(made))
            refused = refused or made
        if refused is None:
            return NOTHING
        return Rewriting(refused=refused.reason, why=refused.detail)

    def _one(self, statement: Statement, text: str, name: str) -> Rewritten | Refused | None:
        database = statement.database or ""
        key = (database, statement.query_id, name)
        if key not in self._made:
            if database not in self._lookups:
                self._lookups[database] = tables_known(self._snapshot, database)
            self._made[key] = rewrite(text, name, self._lookups[database])
        return self._made[key]


def rewritings_of(context: Context) -> Rewritings:
    """The rewritings of this evaluation, shared by the fact tables."""
    if _SHARED not in context.shared:
        context.shared[_SHARED] = Rewritings(context)
    found: Rewritings = context.shared[_SHARED]
    return found


def _notes(made: Rewritten) -> str:
    """In sentences: what the parameters are, what is assumed, what else to know."""
    said = []
    if made.parameters:
        said.append(f"{'; '.join(made.parameters)}.")
    if made.assumes:
        said.append(f"Provided that {' and '.join(made.assumes)}; else the server says so.")
    return " ".join([*said, *made.notes])
