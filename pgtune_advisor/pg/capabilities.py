"""What a server and a role let us see: each ability is a yes, or an error that explains the no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.server import Platform
from pgtune_advisor.pg.errors import CapabilityError
from pgtune_advisor.pg.helpers import SIGNATURES
from pgtune_advisor.pg.platforms import PLACEHOLDERS, PREFIXES, ROLES, SETTINGS, recognise
from pgtune_advisor.pg.queries import QueryBook, Version, parse_version
from pgtune_advisor.pg.rows import Access, DatabaseAccess
from pgtune_advisor.pg.session import Session

NEWEST_KNOWN: Final = 19
EXTENSION: Final = "pg_stat_statements"
OLDEST_EXTENSION: Final = (1, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What may be read; `databases` holds those that were entered, in the order of preference.

    Each `has_…` is a bool; with check=True a no is a CapabilityError with fact, detail and hint.
    """

    access: Access
    databases: Mapping[str, DatabaseAccess] = field(default_factory=dict)

    @property
    def major(self) -> int:
        return self.access.version_num // 10000

    @property
    def platform(self) -> tuple[Platform, str | None]:
        """The managed platform, and what gave it away."""
        access = self.access
        return recognise(
            access.platform_roles, access.platform_settings, access.command_line_settings
        )

    @property
    def statements(self) -> DatabaseAccess | None:
        """The first database that has a pg_stat_statements that can be read, or None."""
        if not self.access.statements_preloaded:
            return None
        return next((one for one in self.databases.values() if _readable(one)), None)

    def version_of(self, what: str) -> Version:
        """The version that `version-of` of a query speaks of; empty where it is not there."""
        if what != EXTENSION:
            return (self.major,)
        found = self.statements
        return parse_version(found.statements_version or "") if found else ()

    def has_known_version(self, *, check: bool = False) -> bool:
        """Whether this release knows the server's version."""
        return _answer(
            self.major <= NEWEST_KNOWN,
            check,
            f"PostgreSQL {self.major} is newer than this release knows",
            f"It is read as PostgreSQL {NEWEST_KNOWN}; what differs is missing or not seen.",
            "Look for a newer release of pgtune-advisor.",
        )

    def has_all_statistics(self, *, check: bool = False) -> bool:
        """Whether the sessions and statements of other roles can be seen."""
        return _answer(
            self.access.read_all_stats,
            check,
            "the statements of other roles are hidden from this role",
            f"{self._role} is not a member of pg_read_all_stats.",
            f"GRANT pg_monitor TO {self._role};",
        )

    def has_all_settings(self, *, check: bool = False) -> bool:
        """Whether every setting and the file it comes from can be seen."""
        return _answer(
            self.access.read_all_settings,
            check,
            "some settings, and the files that settings come from, are hidden from this role",
            f"{self._role} is not a member of pg_read_all_settings.",
            f"GRANT pg_monitor TO {self._role};",
        )

    def has_statements(self, *, check: bool = False) -> bool:
        """Whether pg_stat_statements is preloaded, created, recent enough and may be called."""
        if self.statements is not None:
            return True
        return _answer(False, check, *self._why_no_statements())

    def has_server_files(self, *, check: bool = False) -> bool:
        """Whether the role may read files of the server's host."""
        return _answer(
            self.access.is_superuser
            or (self.access.read_server_files and self.access.execute_read_file),
            check,
            "the memory and processors of the server's host cannot be read",
            f"{self._role} may not call pg_read_file for absolute paths.",
            f"GRANT pg_read_server_files TO {self._role}; GRANT EXECUTE ON FUNCTION"
            f" pg_catalog.pg_read_file(text, bigint, bigint, boolean) TO {self._role};"
            " or declare memory and cpus under [targets.host].",
        )

    @property
    def _role(self) -> str:
        return quote_ident(self.access.role)

    def _why_no_statements(self) -> tuple[str, str, str]:
        created = [one for one in self.databases.values() if one.statements_version is not None]
        names = ", ".join(self.databases) or self.access.database
        if not self.access.statements_preloaded:
            create = "" if created else f", then CREATE EXTENSION {EXTENSION} in database {names}"
            return (
                f"{EXTENSION} is not preloaded",
                "No statement is counted.",
                f"Add {EXTENSION} to shared_preload_libraries and restart the server{create}.",
            )
        if not created:
            return (
                f"the extension {EXTENSION} is not created in {names}",
                "The library is loaded and counts; only its view is missing.",
                f"CREATE EXTENSION {EXTENSION}; in one of: {names}.",
            )
        first = created[0]
        if not first.statements_usable:
            schema = quote_ident(first.statements_schema or "")
            return (
                f"{EXTENSION} may not be called",
                f"{self._role} has no USAGE on schema {schema} of database {first.database}.",
                f"GRANT USAGE ON SCHEMA {schema} TO {self._role}; in database {first.database}.",
            )
        return (
            f"{EXTENSION} {first.statements_version} is too old",
            f"Version {'.'.join(map(str, OLDEST_EXTENSION))} is the oldest that can be read.",
            f"ALTER EXTENSION {EXTENSION} UPDATE; in database {first.database}.",
        )


def _readable(one: DatabaseAccess) -> bool:
    return (
        one.statements_version is not None
        and bool(one.statements_usable)
        and parse_version(one.statements_version) >= OLDEST_EXTENSION
    )


def _answer(ok: bool, check: bool, primary: str, detail: str, hint: str) -> bool:
    if check and not ok:
        raise CapabilityError(primary, detail=detail, hint=hint)
    return ok


def read_access(session: Session, book: QueryBook) -> Access:
    """What the role may do on the server of this session."""
    query = book.variants("access")[-1]
    params = {
        "platform_roles": list(ROLES),
        "platform_settings": list(SETTINGS),
        "platform_prefixes": list(PREFIXES),
        "platform_placeholders": list(PLACEHOLDERS),
    }
    rows: list[Access] = session.rows(query, params)
    return rows[0]


def read_database(session: Session, book: QueryBook) -> DatabaseAccess:
    """What the database of this session has for us."""
    query = book.variants("database_access")[-1]
    rows: list[DatabaseAccess] = session.rows(query, {"helpers": list(SIGNATURES)})
    return rows[0]
