"""A private connection that has statements planned and runs none of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from pgtune_advisor.advise.whatif import Described
from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.domain.redaction import redact
from pgtune_advisor.pg.conninfo import connection_string
from pgtune_advisor.pg.errors import connect_error
from pgtune_advisor.pg.queries import MARK
from pgtune_advisor.plans import FailureReason, Plan, PlanError
from pgtune_advisor.sqltext import repaired

LOCK_TIMEOUT_MS: Final = 100
_FAILED: Final = frozenset(
    {ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.EMPTY_QUERY}
)
_MOST_REPAIRS: Final = 30
_PREPARED: Final = "pgtune_advisor_statement"
_TYPES: Final = (
    "SELECT /* pgtune-advisor: types */ pg_catalog.format_type(t.type, NULL)"
    " FROM pg_catalog.pg_prepared_statements AS p,"
    " pg_catalog.unnest(p.parameter_types::pg_catalog.oid[]) WITH ORDINALITY AS t (type, position)"
    " WHERE p.name = $1 ORDER BY t.position"
)

# By SQLSTATE, or by its class; the longest that fits wins.
_REASONS: Final[Mapping[str, tuple[FailureReason, str]]] = {
    "55P03": ("plan-locked", "a table that the statement names is locked"),
    "57014": ("plan-timeout", "planning took too long and was given up"),
    "42501": ("plan-denied", "this role may not plan the statement"),
    "42P01": ("object-missing", "the statement names a table that is not there"),
    "42703": ("object-missing", "the statement names a column that is not there"),
    "3F000": ("object-missing", "the statement names a schema that is not there"),
    "42883": ("object-missing", "the statement calls what is not there"),
    "42704": ("object-missing", "the statement names what is not there"),
    "42": ("cannot-prepare", "the server cannot prepare the statement"),
    "22": ("cannot-prepare", "a value does not fit the statement"),
    "0A": ("cannot-prepare", "the server cannot prepare the statement"),
    "57": ("planner-lost", "the server ended the planner's connection"),
    "08": ("planner-lost", "the planner's connection was lost"),
}


class Explainer:
    """One connection to one database. Each message is one statement: nothing can hide behind it."""

    def __init__(self, connection: psycopg.Connection[Any], timeout_ms: int) -> None:
        self._connection = connection
        self.timeout_ms = timeout_ms
        self.calls = 0

    @classmethod
    def connect(
        cls,
        dsn: str,
        *,
        database: str | None = None,
        where: str = "the planner's server",
        timeout_ms: int = 2000,
        settings: Mapping[str, str] | None = None,
        read_only: bool = True,
    ) -> Explainer:
        """Connect; `settings` are set for the session. TargetError where that fails."""
        try:
            connection = psycopg.connect(
                connection_string(dsn, database), autocommit=True, prepare_threshold=None
            )
        except psycopg.Error as error:
            raise connect_error(error, where) from None
        explainer = cls(connection, timeout_ms)
        wanted = {
            "default_transaction_read_only": "on" if read_only else "off",
            "statement_timeout": f"{timeout_ms}ms",
            "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
            "DateStyle": "ISO, MDY",
            **(settings or {}),
        }
        explainer.configure(wanted)
        return explainer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def server_version(self) -> int:
        """As server_version_num."""
        return self._connection.info.server_version

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set parameters for the session. PlanError where the server refuses one."""
        calls = ", ".join(
            f"pg_catalog.set_config({quote_literal(name)}, {quote_literal(value)}, false)"
            for name, value in settings.items()
        )
        if calls:
            self.ask(f"SELECT /* {MARK} settings */ {calls}")

    def ask(self, query: str, params: Sequence[str | None] | None = None) -> list[tuple[Any, ...]]:
        """The rows of one statement of ours, all values as text. PlanError as explain()."""
        values = None if params is None else [p if p is None else p.encode() for p in params]
        result = self._sent(query, values)
        if result.status in _FAILED:
            raise self._failure(_field(result, "C"), _field(result, "M"))
        return [
            tuple(_text(result.get_value(row, column)) for column in range(result.nfields))
            for row in range(result.ntuples)
        ]

    def explain(self, text: str, *, verbose: bool = False) -> Plan:
        """The plan of a statement without parameters, which is not run.

        PlanError with the reason where there is none.
        """
        options = "FORMAT JSON, VERBOSE" if verbose else "FORMAT JSON"
        self.calls += 1
        return self._parsed(self.ask(f"EXPLAIN /* {MARK} plan */ ({options}) {text}"))

    def describe(self, text: str) -> Described:
        """The generic plan (VERBOSE) of a statement with parameters, and their types."""
        text = self._prepared(text)
        try:
            types = self.ask(_TYPES, [_PREPARED])
            # The NULLs below would prune all partitions where the plan starts.
            self.configure(
                {"plan_cache_mode": "force_generic_plan", "enable_partition_pruning": "off"}
            )
            values = ", ".join(["NULL"] * len(types))
            execute = f"EXECUTE {_PREPARED}({values})" if types else f"EXECUTE {_PREPARED}"
            plan = self.explain(execute, verbose=True)
        finally:
            if not self._connection.closed:
                self.ask("RESET enable_partition_pruning")
                self.configure({"plan_cache_mode": "auto"})
                self.ask(f"DEALLOCATE {_PREPARED}")
        return Described(text=text, plan=plan, types=tuple(row[0] for row in types))

    def _prepared(self, text: str) -> str:
        """Prepare the statement, with casts where the server cannot tell a parameter's type.

        It asks for one after the other. Returns the text with which it succeeded.
        """
        lead = f"PREPARE /* {MARK} describe */ {_PREPARED} AS "
        for _ in range(_MOST_REPAIRS):
            result = self._sent(lead + text, None)
            if result.status not in _FAILED:
                return text
            code, message = _field(result, "C"), _field(result, "M")
            position = _field(result, "P")
            at = int(position) - len(lead) if position else None
            better = repaired(text, code, message, at)
            if better is None or better == text:
                raise self._failure(code, message)
            text = better
        raise PlanError("cannot-prepare", "the types of its parameters cannot be told")

    def _sent(self, query: str, values: list[bytes | None] | None) -> PGresult:
        try:
            return self._connection.pgconn.exec_params(query.encode(), values)
        except psycopg.Error as error:
            raise self._lost(error) from None

    def _parsed(self, rows: list[tuple[Any, ...]]) -> Plan:
        try:
            return Plan.of(json.loads(rows[0][0]))
        except (ValueError, IndexError):
            raise PlanError(
                "plan-failed", "the server's EXPLAIN gave no plan", detail="It is no query."
            ) from None

    def _failure(self, code: str, message: str) -> PlanError:
        if self._connection.pgconn.status != 0:
            return self._lost(None)
        text = redact(message)
        known = next((_REASONS[key] for key in (code, code[:2]) if key in _REASONS), None)
        if known is None:
            detail = f"{text} (SQLSTATE {code})"
            return PlanError("plan-failed", "the server did not plan the statement", detail=detail)
        return PlanError(*known, detail=text)

    def _lost(self, error: psycopg.Error | None) -> PlanError:
        return PlanError(
            "planner-lost",
            "the planner's connection was lost",
            detail=redact(str(error).strip()) if error else "",
        )


def _field(result: PGresult, field: str) -> str:
    """A field of an error by its letter in the protocol: C is SQLSTATE, M the message, P where."""
    return _text(result.error_field(ord(field))) or ""


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
