"""The exact GRANTs that would let a role see more."""

from __future__ import annotations

from dataclasses import dataclass

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.pg.capabilities import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Statements that a superuser runs, what they show, and which tables' gaps they close.

    `helper` names the helper functions that show the same with fewer rights.
    """

    statements: tuple[str, ...]
    shows: str
    closes: tuple[str, ...]
    helper: str | None = None


def missing_grants(capabilities: Capabilities) -> tuple[Grant, ...]:
    """What the role lacks, the least powerful first; nothing for a superuser."""
    access = capabilities.access
    role = quote_ident(access.role)
    if access.is_superuser:
        return ()
    found = []
    if not (access.read_all_stats and access.read_all_settings):
        found.append(
            Grant(
                statements=(f"GRANT pg_monitor TO {role};",),
                shows="statements and sessions of every role, all settings and where they are set",
                closes=("backends", "statements", "statement_texts", "settings", "database_sizes"),
            )
        )
    if not access.execute_control_system:
        call = "pg_catalog.pg_control_system()"
        found.append(
            Grant(
                statements=(f"GRANT EXECUTE ON FUNCTION {call} TO {role};",),
                shows="the system identifier, by which standbys are recognised",
                closes=("server",),
            )
        )
    if not access.read_all_data:
        found.append(
            Grant(
                statements=(f"GRANT pg_read_all_data TO {role};",),
                shows="column statistics and values of sequences; it can read every row, too",
                closes=("columns", "sequences"),
                helper="column_statistics and sequence_value",
            )
        )
    if not capabilities.has_server_files():
        call = "pg_catalog.pg_read_file(text, bigint, bigint, boolean)"
        found.append(
            Grant(
                statements=(
                    f"GRANT pg_read_server_files TO {role};",
                    f"GRANT EXECUTE ON FUNCTION {call} TO {role};",
                ),
                shows="memory and processors of the host; it can read every file there, too",
                closes=("host",),
                helper="host_files",
            )
        )
    return tuple(found)
