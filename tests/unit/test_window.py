"""Windows: growth between two snapshots, with every way in which counters begin anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgtune_advisor.domain.row import identity
from pgtune_advisor.domain.server import Checkpointer
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statements import Statement, StatementsInfo
from pgtune_advisor.domain.window import Window, between, lifetime
from unit.snapshots import TAKEN, make_server, make_snapshot

BEFORE = TAKEN - timedelta(minutes=10)
RESET = datetime(2026, 4, 1, tzinfo=UTC)


def statement(query_id: int, calls: int, **changes: Any) -> Statement:
    values: dict[str, Any] = dict.fromkeys(Statement.__dataclass_fields__)
    del values["IDENTITY"]
    values |= {
        "database": "shop",
        "user": "app",
        "query_id": query_id,
        "toplevel": True,
        "calls": calls,
        "exec_time_ms": calls * 2.0,
        "rows": calls,
    }
    return Statement(**(values | changes))


def pair(old: dict[str, Any], new: dict[str, Any]) -> Window:
    return between(make_snapshot(taken_at=BEFORE, **old), make_snapshot(**new))


def growth(window: Window, row: Statement) -> int | None:
    delta = window.delta("statements", row)
    return None if delta is None else delta.calls


def test_counters_are_differenced_and_states_are_not() -> None:
    row = statement(1, 150, max_time_ms=9.0)
    window = pair({"statements": (statement(1, 100),)}, {"statements": (row,)})
    delta = window.delta("statements", row)
    assert delta is not None
    assert (delta.calls, delta.exec_time_ms, delta.max_time_ms) == (50, 100.0, 9.0)
    assert delta.plans is None
    assert window.seconds("statements", row) == 600
    assert not window.resets


def test_a_new_id_counts_from_zero_and_a_vanished_one_is_gone() -> None:
    new = statement(2, 7)
    window = pair({"statements": (statement(1, 100),)}, {"statements": (new,)})
    assert growth(window, new) == 7
    assert list(window.deltas["statements"]) == [identity(new)]


def test_the_same_id_at_both_levels_is_two_statements() -> None:
    inner, outer = statement(1, 30, toplevel=False), statement(1, 500)
    window = pair(
        {"statements": (statement(1, 10, toplevel=False), statement(1, 400))},
        {"statements": (inner, outer)},
    )
    assert (growth(window, inner), growth(window, outer)) == (20, 100)


def test_a_counter_that_fell_was_reset() -> None:
    row = statement(1, 5)
    window = pair({"statements": (statement(1, 100),)}, {"statements": (row,)})
    assert growth(window, row) is None
    assert [reset.source for reset in window.resets] == ["statements"]


def test_a_later_stats_reset_is_seen_even_when_the_counter_grew() -> None:
    old = statement(1, 100, since=RESET)
    row = statement(1, 5000, since=RESET + timedelta(days=1))
    window = pair({"statements": (old,)}, {"statements": (row,)})
    assert growth(window, row) is None
    assert window.resets[0].at == RESET + timedelta(days=1)


def test_evictions_are_said() -> None:
    def info(evictions: int) -> tuple[StatementsInfo, ...]:
        return (StatementsInfo(evictions=evictions, stats_reset=RESET),)

    row = statement(1, 150)
    window = pair(
        {"statements": (statement(1, 100),), "statements_info": info(3)},
        {"statements": (row,), "statements_info": info(8)},
    )
    assert growth(window, row) == 50
    assert "5 evictions" in window.resets[0].reason


def test_a_restart_breaks_every_counter() -> None:
    again = TAKEN - timedelta(minutes=1)
    row = statement(1, 150)
    window = pair(
        {"statements": (statement(1, 100),)},
        {"statements": (row,), "server": make_server(started_at=again)},
    )
    assert window.deltas == {}
    assert (window.resets[0].reason, window.resets[0].at) == ("restart", again)


def test_another_cluster_is_not_compared() -> None:
    row = statement(1, 150)
    window = pair(
        {"statements": (statement(1, 100),)},
        {"statements": (row,), "server": make_server(system_identifier="1")},
    )
    assert growth(window, row) is None
    assert window.resets


def test_a_table_that_one_end_did_not_read_is_unknown() -> None:
    row = statement(1, 150)
    window = pair({"collected": frozenset({"wal"})}, {"statements": (row,)})
    assert "statements" not in window.deltas
    assert growth(window, row) is None


def test_the_wrong_order_is_refused() -> None:
    with pytest.raises(ValueError, match="must come first"):
        between(make_snapshot(), make_snapshot(taken_at=BEFORE))


def test_lifetime_totals_know_their_own_begin() -> None:
    checkpoints = Checkpointer(
        timed=9,
        requested=1,
        write_time_ms=0.0,
        sync_time_ms=0.0,
        buffers_written=0,
        buffers_clean=0,
        maxwritten_clean=0,
        buffers_backend=0,
        stats_reset=RESET,
    )
    row = statement(1, 150)
    snapshot: Snapshot = make_snapshot(
        checkpointer=(checkpoints,),
        statements=(row,),
        statements_info=(StatementsInfo(evictions=0, stats_reset=RESET + timedelta(days=1)),),
    )
    window = lifetime(snapshot)
    assert window.lifetime
    assert growth(window, row) == 150
    assert window.seconds("checkpointer", checkpoints) == (TAKEN - RESET).total_seconds()
    assert window.seconds("statements", row) == (TAKEN - RESET).total_seconds() - 86_400
    assert window.seconds("databases") is None
