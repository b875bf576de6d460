"""One connection's use: each message carries its own guards and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from pgtune_advisor.domain.errors import RuleError, TargetError
from pgtune_advisor.pg.conninfo import APPLICATION
from pgtune_advisor.pg.custom_facts import fact_builder
from pgtune_advisor.pg.errors import QueryError, connection_lost, query_error
from pgtune_advisor.pg.loaders import be_lenient
from pgtune_advisor.pg.queries import MARK, Query
from pgtune_advisor.pg.rows import builder, columns

LOCK_TIMEOUT_MS: Final = 100
_CHUNK: Final = 2000

# The guards travel with the query in one simple-protocol message, which is one transaction of its
# own: nothing outlives it, so a transaction pooler cannot hand our settings to an application,
# pg_settings.reset_val still shows what the server gives to others, and a failure leaves no
# transaction open.
_GUARDS: Final[LiteralString] = (
    f"SELECT /* {MARK} guards */"
    " pg_catalog.set_config('transaction_read_only', 'on', true),"
    " pg_catalog.set_config('statement_timeout', %(guard_timeout)s, true),"
    " pg_catalog.set_config('lock_timeout', %(guard_lock_timeout)s, true),"
    " pg_catalog.set_config('search_path', 'pg_catalog', true),"
    " pg_catalog.set_config('work_mem', '16MB', true),"
    " pg_catalog.set_config('jit', 'off', true),"
    " pg_catalog.set_config('max_parallel_workers_per_gather', '0', true),"
    " pg_catalog.set_config('TimeZone', 'UTC', true),"
    " pg_catalog.set_config('DateStyle', 'ISO, MDY', true);\n"
)


class Session:
    """Runs collection queries on a connection that the pool lends."""

    def __init__(
        self, connection: psycopg.Connection[Any], where: str, stopped: Callable[[], bool]
    ) -> None:
        self._connection = connection
        self._where = where
        self._stopped = stopped
        # One builder a type: what is read in parts shares its texts over all of them.
        self._builders: dict[Any, Callable[[Sequence[Any]], Any]] = {}

    @property
    def database(self) -> str:
        return self._connection.info.dbname

    @property
    def server_version(self) -> int:
        """As server_version_num: 180006."""
        return self._connection.info.server_version

    @property
    def peer(self) -> tuple[str, str]:
        """The host of the connection (a folder for a Unix socket) and its address, "" if none."""
        return self._connection.info.host, self._connection.info.hostaddr

    def rows(
        self, query: Query, params: Mapping[str, Any] | None = None, *, schema: str | None = None
    ) -> list[Any]:
        """The query's rows, of its row type or CustomFact. `schema` is where its extension lies.

        QueryError where the query fails, TargetError where the connection does, RuleError where
        the query returns other columns than it should.
        """
        text: LiteralString | sql.Composed = _GUARDS + query.text
        lead, placeholder, rest = query.text.partition("{schema}")
        if placeholder and schema is not None:
            text = sql.Composed([sql.SQL(_GUARDS + lead), sql.Identifier(schema), sql.SQL(rest)])
        guards = {
            "guard_timeout": f"{query.timeout_ms}ms",
            "guard_lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
            "application": APPLICATION,
        }
        began = monotonic()
        try:
            with psycopg.ClientCursor(self._connection) as cursor:
                if query.scope == "cluster":
                    be_lenient(cursor)
                cursor.execute(text, {**guards, **(params or {})})
                cursor.nextset()
                build = self._builder(query, [c.name for c in cursor.description or ()])
                rows: list[Any] = []
                while records := cursor.fetchmany(_CHUNK):
                    rows += map(build, records)
                return rows
        except psycopg.Error as error:
            raise self._failure(error, query, (monotonic() - began) * 1000) from None
        except (UnicodeDecodeError, UnicodeEncodeError) as error:
            raise QueryError("failed", f"a text cannot be read or sent: {error.reason}") from None

    def _builder(self, query: Query, names: list[str]) -> Callable[[Sequence[Any]], Any]:
        """What makes rows of the query's records; RuleError where it returns other columns."""
        expected: Sequence[str]
        if query.custom:
            expected = query.custom.result
            build = fact_builder(query.path, query.custom, names, self.database)
        else:
            expected = columns(query.row_type)
            build = self._builders.setdefault(query.row_type, builder(query.row_type))
        if sorted(names) != sorted(expected) or not (query.custom or names == list(expected)):
            raise RuleError(
                f"the collection query {query.path} returns other columns than it says",
                detail=f"It returns {', '.join(names)}; expected are {', '.join(expected)}.",
            )
        return build

    def _failure(self, error: psycopg.Error, query: Query, elapsed_ms: float) -> Exception:
        if self._stopped():
            return TargetError(f"{self._where}: the collection was stopped")
        if self._connection.closed:
            return connection_lost(error, self._where)
        return query_error(error, timeout_ms=query.timeout_ms, elapsed_ms=elapsed_ms)
