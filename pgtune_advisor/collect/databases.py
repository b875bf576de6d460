"""Which databases of a target are read."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.pg.rows import DatabaseName
from pgtune_advisor.pg.session import Session
from pgtune_advisor.settings import TargetSection

ALL: Final = ("*",)


def main_database(target: TargetSection) -> str | None:
    """Where queries of the whole cluster run: the first database named, or (None) the dsn's."""
    return target.databases[0] if target.databases and target.databases != ALL else None


def other_databases(target: TargetSection, session: Session, cycle: Cycle) -> list[str]:
    """The databases to read besides that of `session`; those that may not be entered are gaps."""
    here = session.database
    if target.databases != ALL:
        return [name for name in dict.fromkeys(target.databases) if name != here]
    names: list[DatabaseName] = cycle.read(session, "database_names", "database:*") or []
    role = quote_ident(cycle.capabilities.access.role)
    for one in names:
        if not one.may_connect:
            cycle.gap(
                f"database:{one.name}",
                "the role may not connect to it",
                f"GRANT CONNECT ON DATABASE {quote_ident(one.name)} TO {role};",
            )
    return [one.name for one in names if one.may_connect and one.name != here]
