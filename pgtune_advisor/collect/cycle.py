"""One cycle's harvest: rows by table, and a gap for each query that gave none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pgtune_advisor.domain.errors import AdvisorError, RuleError
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.pg.capabilities import EXTENSION, Capabilities
from pgtune_advisor.pg.errors import QueryError
from pgtune_advisor.pg.queries import Query, QueryBook
from pgtune_advisor.pg.session import Session

_NAMED: Final = 5


class Cycle:
    """Collects rows and gaps; a query that fails never ends it."""

    def __init__(self, book: QueryBook, capabilities: Capabilities) -> None:
        self.book = book
        self.capabilities = capabilities
        self.tables: dict[str, list[Any]] = {}
        self._gaps: dict[tuple[str, str], Gap] = {}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps.values())

    def add(self, table: str, rows: list[Any]) -> None:
        """These rows belong to the table, which counts as collected from now on."""
        self.tables.setdefault(table, []).extend(rows)

    def gap(self, source: str, reason: str, hint: str = "") -> None:
        self._gaps.setdefault((source, reason), Gap(source=source, reason=reason, hint=hint))

    def gap_of(self, source: str, error: AdvisorError) -> None:
        """A gap that says what the error says."""
        reason = f"{error.primary}: {error.detail}" if error.detail else error.primary
        self.gap(source, reason.rstrip("."), error.hint)

    def read(
        self,
        session: Session,
        name: str,
        source: str,
        params: Mapping[str, Any] | None = None,
    ) -> list[Any] | None:
        """The rows of a query, or None and a gap. TargetError where the connection is lost."""
        query = self.variant(name, source)
        if query is None:
            return None
        statements = self.capabilities.statements
        schema = statements.statements_schema if statements and _of_extension(query) else None
        try:
            return session.rows(query, params, schema=schema)
        except QueryError as error:
            hint = error.hint or self._hint(query, error)
            self.gap(source, error.primary, hint)
        except RuleError as error:
            self.gap_of(source, error)
        return None

    def variant(self, name: str, source: str) -> Query | None:
        """The query for this server, or None and a gap that names what it would take."""
        variants = self.book.variants(name)
        version = self.capabilities.version_of(variants[0].version_of)
        query = self.book.find(name, version)
        if query is None:
            lowest = ".".join(map(str, variants[-1].floor))
            what = EXTENSION if _of_extension(variants[-1]) else "PostgreSQL"
            have = ".".join(map(str, version)) or "none"
            self.gap(source, f"{what} {have} does not have it", f"{what} {lowest} and newer do.")
        return query

    def _hint(self, query: Query, error: QueryError) -> str:
        if error.kind != "denied" or query.needs == "nothing":
            return ""
        if query.needs.startswith("role "):
            role = query.needs.split()[1].rstrip(",")
            return f"GRANT {role} TO {quote_ident(self.capabilities.access.role)};"
        return f"It needs {query.needs}."


def _of_extension(query: Query) -> bool:
    return query.version_of == EXTENSION


def listed(names: Iterable[tuple[str, str]]) -> str:
    """Qualified names in order, the first few of many."""
    texts = [qualified(schema, name) for schema, name in sorted(names)]
    more = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
