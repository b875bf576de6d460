"""A superuser's connection to a private cluster, which may change whatever it likes there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus

from pgtune_advisor.domain.errors import ClusterError

_BATCH: Final = 64
_GOOD: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_PRIMARY: Final = DiagnosticField.MESSAGE_PRIMARY


class ScratchSession:
    """Runs SQL of ours in one database of a private cluster. ClusterError where that fails."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @classmethod
    def connect(cls, dsn: str) -> ScratchSession:
        """Connect. ClusterError where the cluster does not answer."""
        try:
            return cls(psycopg.connect(dsn, autocommit=True, prepare_threshold=None))
        except psycopg.Error as error:
            raise ClusterError(
                "the private cluster does not answer", detail=str(error).strip()
            ) from None

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

    def execute(self, text: str) -> None:
        """Run SQL; several statements in one text are one transaction. ClusterError."""
        failure = self._failure(text)
        if failure is not None:
            raise ClusterError("a private cluster refused what was asked of it", detail=failure)

    def rows(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query with `%s` for the parameters. ClusterError."""
        try:
            return self._connection.execute(query.encode(), params or None).fetchall()
        except psycopg.Error as error:
            raise self._error(error) from None

    def change(self, statement: str, params: Sequence[Any] = ()) -> str | None:
        """Run one statement with parameters: None, or why it failed."""
        try:
            self._connection.execute(statement.encode(), params or None)
        except psycopg.Error as error:
            return self._reason(error)
        return None

    def must(self, statement: str, params: Sequence[Any] = ()) -> None:
        """Run one statement with parameters. ClusterError where it fails."""
        failure = self.change(statement, params)
        if failure is not None:
            raise ClusterError("a private cluster refused what was asked of it", detail=failure)

    def single(self, statement: str) -> str | None:
        """Run one statement that holds text from outside: None, or why it failed.

        The protocol's message takes one statement alone: no second can hide behind it.
        """
        try:
            result = self._connection.pgconn.exec_params(statement.encode(), None)
        except psycopg.Error as error:
            raise self._error(error) from None
        if result.status in _GOOD:
            return None
        message = result.error_field(_PRIMARY)
        if self._connection.pgconn.status != ConnStatus.OK:
            raise _gone((message or b"").decode("utf-8", "replace"))
        return (message or b"it is empty").decode("utf-8", "replace")

    def attempt(self, groups: Iterable[Sequence[str]]) -> list[str | None]:
        """Run each group's statements, as single() does, in a transaction: None, or why not.

        Many groups share a transaction as long as none fails.
        """
        waiting = list(groups)
        answers: list[str | None] = []
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            if self._together(statement for group in batch for statement in group) is None:
                answers += [None] * len(batch)
            else:
                answers += [self._together(group) for group in batch]
        return answers

    def _together(self, statements: Iterable[str]) -> str | None:
        self.execute("BEGIN")
        for statement in statements:
            reason = self.single(statement)
            if reason is not None:
                self.execute("ROLLBACK")
                return reason
        return self._failure("COMMIT")

    def _failure(self, text: str) -> str | None:
        try:
            self._connection.execute(text.encode())
        except psycopg.Error as error:
            return self._reason(error)
        return None

    def _reason(self, error: psycopg.Error) -> str:
        if self._connection.closed:
            raise self._error(error) from None
        return error.diag.message_primary or str(error).strip()

    def _error(self, error: psycopg.Error) -> ClusterError:
        if self._connection.closed:
            return _gone(str(error))
        return ClusterError(
            "a private cluster refused what was asked of it",
            detail=error.diag.message_primary or str(error).strip(),
        )


def _gone(detail: str) -> ClusterError:
    return ClusterError("the connection to the private cluster was lost", detail=detail.strip())
