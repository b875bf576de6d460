"""EXPLAIN on the target for the statements that rules judge: few, short, and never run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Final

from pgtune_advisor.advise.statement_plans import Explaining, explain_statements
from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.domain.plan_observations import StatementPlans
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.planner.open import search_path
from pgtune_advisor.rules.facts.base import Context

SECONDS: Final = 10.0
# Of one statement: what takes longer to plan is left out.
TIMEOUT_MS: Final = 1000


def statement_plans(
    snapshot: Snapshot, window: Window, dsn: str, *, seconds: float = SECONDS
) -> StatementPlans:
    """The plans of the statements with the most time, one connection at a time."""
    began = time.monotonic()
    with _connections(snapshot, dsn) as explaining:
        return explain_statements(
            Context(snapshot=snapshot, window=window, now=datetime.now(UTC)),
            explaining.of,
            lambda: time.monotonic() - began > seconds,
        )


class _Connections:
    """The connection to a database, closed when the next one is asked for."""

    def __init__(self, snapshot: Snapshot, dsn: str, stack: ExitStack) -> None:
        self._snapshot = snapshot
        self._dsn = dsn
        self._open = stack.enter_context(ExitStack())

    def of(self, database: str) -> Explaining | Gap:
        self._open.close()
        where = f'target "{self._snapshot.target}", database "{database}"'
        try:
            explainer = Explainer.connect(
                self._dsn,
                database=database,
                where=where,
                timeout_ms=TIMEOUT_MS,
                settings=search_path(self._snapshot, database),
            )
        except AdvisorError as error:
            reason = f"{error.primary}: {error.detail}" if error.detail else error.primary
            return Gap(source=f"statement_plans:{database}", reason=reason, hint=error.hint)
        return self._open.enter_context(explainer)


@contextmanager
def _connections(snapshot: Snapshot, dsn: str) -> Iterator[_Connections]:
    with ExitStack() as stack:
        yield _Connections(snapshot, dsn, stack)
