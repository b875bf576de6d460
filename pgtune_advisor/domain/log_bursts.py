"""Statements that a log shows again and again within one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBurst:
    """A statement (the child) that ran in bursts after another one (the parent).

    A burst is several runs of the child in one transaction, or in one session without a pause;
    the parent ran before it, much less often. Counts are of the stretch of the log that was read.

    `bursts` units of work had one, `transactions` of these were a single transaction;
    `bursts_without` is the number of bursts of the child that this parent had no part in. `calls`
    are the child's runs inside the bursts and `parent_runs` the parent's, `child_seen` and
    `parent_seen` all runs in that stretch, whether or not in bursts. `total_ms` is the child's time
    inside the bursts and `elapsed_ms` the time from the first run's end to the last one's, so that
    the difference is what the application waited for beside it. `sampled`: the log holds only some
    statements, so that shares mean little. `fingerprint` is this program's own, `query_id` the
    server's.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = (
        "database",
        "user",
        "application",
        "route",
        "child_fingerprint",
        "child_query_id",
        "parent_fingerprint",
        "parent_query_id",
    )

    database: str | None
    user: str | None
    application: str | None
    route: str | None
    child_fingerprint: str | None
    child_query_id: int | None
    child_text: str | None
    parent_fingerprint: str | None
    parent_query_id: int | None
    parent_text: str | None
    bursts: int
    bursts_without: int
    calls: int
    transactions: int
    parent_runs: int
    child_seen: int
    parent_seen: int
    total_ms: float
    elapsed_ms: float
    sampled: bool
