"""Short windows of statements' counters: what breaks one, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.daemon.statement_history import StatementHistory
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import (
    MOST_WINDOWS,
    Count,
    StatementReading,
    windows_of,
)
from pgtune_advisor.domain.statements import Statement, StatementsInfo
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Cycle, Store
from rules.defaults import domain_row
from unit.snapshots import make_snapshot

START = datetime(2027, 1, 1, tzinfo=UTC)
KEY = ("shop", "app", 1, True)


def snapshot(minute: int, calls: int, rows: int = 0, **changes: Any) -> Snapshot:
    statement = domain_row(
        Statement, {"query_id": 1, "database": "shop", "user": "app", "calls": calls, "rows": rows}
    )
    made = make_snapshot(
        taken_at=START + timedelta(minutes=minute),
        statements=(statement,),
        statements_info=(StatementsInfo(evictions=0, stats_reset=START),),
    )
    return replace(made, **changes)


def counts(*snapshots: Snapshot) -> list[Count | None]:
    windows = windows_of(StatementReading.of(one) for one in snapshots)
    return [window.counts.get(KEY) for window in windows]


def test_growth_from_reading_to_reading() -> None:
    found = counts(snapshot(0, 5, 10), snapshot(2, 9, 50), snapshot(1, 6, 20), snapshot(3, 9, 50))
    assert found == [Count(1, 10), Count(3, 30), None]


def test_a_new_statement_counts_from_zero() -> None:
    empty = replace(snapshot(0, 0), statements=())
    assert counts(empty, snapshot(1, 7, 8)) == [Count(7, 8)]


@pytest.mark.parametrize(
    "changes",
    [
        {"statements_info": (StatementsInfo(evictions=3, stats_reset=START),)},
        {"statements_info": (StatementsInfo(evictions=0, stats_reset=START + timedelta(1)),)},
        {"server": replace(make_snapshot().server, started_at=START)},
    ],
    ids=["eviction", "reset", "restart"],
)
def test_what_breaks_a_window(changes: dict[str, Any]) -> None:
    assert counts(snapshot(0, 5), snapshot(1, 6, **changes)) == []


def test_a_statement_that_was_reset_alone_is_left_out() -> None:
    assert counts(snapshot(0, 50), snapshot(1, 6)) == [None]


def test_a_cycle_without_statements_is_no_reading() -> None:
    blind = replace(snapshot(1, 9), collected=frozenset({"backends"}))
    assert counts(snapshot(0, 5), blind, snapshot(2, 8, 3)) == [Count(3, 3)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSection(), tmp_path) as opened:
        yield opened


def kept(store: Store, *snapshots: Snapshot) -> None:
    for number, one in enumerate(snapshots):
        cycle = Cycle(
            target=one.target,
            started_at=one.taken_at,
            duration_ms=1.0,
            cadence="full" if number % 3 == 0 else "fast",
            outcome="ok",
        )
        store.record_cycle(cycle, one)


def test_the_store_gives_the_last_readings_of_any_cadence(store: Store) -> None:
    made = [snapshot(minute, minute * 2, minute * 6) for minute in range(6)]
    kept(store, *made)
    readings = store.statement_readings(made[0].target, made[5].taken_at, 3)
    assert [one.taken_at for one in readings] == [one.taken_at for one in made[2:5]]
    assert counts(*made[2:5]) == [w.counts[KEY] for w in windows_of(readings)]


def test_a_daemon_that_starts_again_goes_on(store: Store) -> None:
    made = [snapshot(minute, minute * 2, minute * 6) for minute in range(MOST_WINDOWS + 5)]
    kept(store, *made[:4])

    def older(now: Snapshot, limit: int) -> list[StatementReading]:
        return store.statement_readings(now.target, now.taken_at, limit)

    history = StatementHistory(older)
    assert len(history.add(made[4])) == 4
    for one in made[5:]:
        found = history.add(one)
    assert len(found) == MOST_WINDOWS
    assert {window.counts[KEY] for window in found} == {Count(2, 6)}
