"""A superuser's connection to a private cluster, which may change whatever it likes there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from pgtune_advisor.domain.errors import ClusterError

_BATCH: Final = 64


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

    def attempt(self, statements: Iterable[str]) -> list[str | None]:
        """Run each statement in a transaction of its own: None for each, or why it failed."""
        waiting = list(statements)
        answers: list[str | None] = []
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            if self._failure(";\n".join(batch)) is None:
                answers += [None] * len(batch)
            else:
                answers += [self._failure(statement) for statement in batch]
        return answers

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
            return ClusterError(
                "the connection to the private cluster was lost", detail=str(error).strip()
            )
        return ClusterError(
            "a private cluster refused what was asked of it",
            detail=error.diag.message_primary or str(error).strip(),
        )
