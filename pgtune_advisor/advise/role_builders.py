"""Builders of changes to one role's settings."""

from __future__ import annotations

from pgtune_advisor.advise.builders import Built, Site, advice, builds
from pgtune_advisor.domain.changes import Script
from pgtune_advisor.domain.identifiers import quote_ident, quote_literal


@builds("set-role-parameter")
def _set_role_parameter(site: Site) -> Built:
    """ALTER ROLE … SET; advice where the templates of `role` or `value` give nothing.

    The role's former value is not known, so the inverse is RESET.
    """
    role, name, value = site.text("role"), site.text("name"), site.text("value")
    if not role or not value:
        return advice(site)
    target = f"ALTER ROLE {quote_ident(role)}"
    database = site.text("in_database") if site.has("in_database") else ""
    target += f" IN DATABASE {quote_ident(database)}" if database else ""
    change = Script(
        database=site.match.finding.subject.database,
        up=f"{target} SET {name} = {quote_literal(value)}",
        down=f"{target} RESET {name}",
        lock="none on user tables",
        transactional=True,
        duration="instant",
    )
    return f"Set {name} to {value} for role {quote_ident(role)}", [change]
