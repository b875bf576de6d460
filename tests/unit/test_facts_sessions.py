"""Facts of sessions."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.rules.facts.sessions import ApplicationFacts, BackendFacts, LockWaitFacts
from unit.fact_contexts import make_context

_MINUTE = 60_000


@pytest.mark.parametrize(
    ("idle", "minutes"),
    [("-61s", 5), ("-19m", 5), ("-20m", 10), ("-41m", 15), ("-2h", 60), ("-9d", 60)],
)
def test_the_timeout_is_half_of_what_was_seen(idle: str, minutes: int) -> None:
    context = make_context(backends=[{"state": "idle in transaction", "state_changed_at": idle}])
    (row,) = BackendFacts.build(context)
    assert row.idle_timeout_target_ms == minutes * _MINUTE


def test_a_role_has_one_timeout() -> None:
    context = make_context(
        backends=[
            {"pid": 1, "state": "idle in transaction", "state_changed_at": "-41m"},
            {"pid": 2, "state": "idle in transaction", "state_changed_at": "-2m"},
            {"pid": 3, "state": "active", "state_changed_at": "-9d"},
            {"pid": 4, "user": "batch", "state": "idle", "state_changed_at": "-9d"},
        ]
    )
    targets = [row.idle_timeout_target_ms for row in BackendFacts.build(context)]
    assert targets == [15 * _MINUTE, 15 * _MINUTE, 15 * _MINUTE, None]


def test_sessions_in_the_way_are_counted() -> None:
    context = make_context(
        backends=[
            {"pid": 1},
            {"pid": 2, "blocked_by": [1, 1]},
            {"pid": 3, "blocked_by": [2, 1]},
            {"pid": 4, "backend_type": "autovacuum worker", "blocked_by": [1]},
        ]
    )
    waiting = {row.pid: row.blocks_others for row in BackendFacts.build(context)}
    assert waiting == {1: 3, 2: 1, 3: 0}


def applications(
    now: list[dict[str, Any]], before: list[Any]
) -> dict[str, tuple[int, int | None, int | None]]:
    context = make_context(backends=now, before={"backends": before})
    rows = ApplicationFacts.build(context)
    return {row.application: (row.idle, row.idle_before, row.idle_reused) for row in rows}


def test_reused_sessions_are_the_same_process_that_worked_since() -> None:
    now = [
        {"pid": 1, "started_at": "-3h", "state_changed_at": "-2h"},
        {"pid": 2, "started_at": "-3h", "state_changed_at": "-1s"},
        {"pid": 3, "started_at": "-1m", "state_changed_at": "-1s"},
    ]
    before = [{}, {"state_changed_at": "-1h"}, {"started_at": "-9h", "state_changed_at": "-8h"}]
    assert applications(now, before) == {"shop": (3, 3, 1)}


def test_a_single_look_knows_no_before() -> None:
    (row,) = ApplicationFacts.build(make_context(backends=[{}]))
    assert (row.idle, row.idle_before, row.idle_reused) == (1, None, None)


def test_the_blocker_is_named() -> None:
    context = make_context(
        backends=[
            {"pid": 1, "state": "idle in transaction", "user": "batch", "query": "LOCK TABLE t"},
            {"pid": 2, "blocked_by": [1, 1, 3]},
        ],
        lock_waits=[{"pid": 2, "waiting_since": "-4s"}, {"pid": 9, "relation": "?"}],
    )
    known, gone = LockWaitFacts.build(context)
    assert (known.blocker_pid, known.blockers, known.wait_ms) == (1, 2, 4000)
    assert (known.blocker_user, known.blocker_query) == ("batch", "LOCK TABLE t")
    assert (gone.blocker_pid, gone.blockers, gone.query) == (None, 0, "")
    assert gone.subject().label == "shop/relation/9"
