"""Facts of checkpoints, connections and of what the server lets us see."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.domain.units import GB, MB
from pgtune_advisor.rules.facts.load import busy_sessions, pool_size
from pgtune_advisor.rules.facts.monitoring import MonitoringFacts
from pgtune_advisor.rules.facts.workload import CheckpointFacts, ConnectionFacts
from unit.fact_contexts import make_context


def checkpoint(wal: int, **given: Any) -> CheckpointFacts:
    context = make_context(
        checkpointer=[{"requested": 4}],
        wal=[{"bytes": wal}],
        before={"checkpointer": [{"requested": 0}], "wal": [{"bytes": 0}]},
        **given,
    )
    (row,) = CheckpointFacts.build(context)
    return row


def monitoring(**given: Any) -> MonitoringFacts:
    (row,) = MonitoringFacts.build(make_context(**given))
    return row


@pytest.mark.parametrize(
    ("wal", "target"),
    [(1 * MB, 2 * GB), (3 * GB, 3 * GB), (4 * GB - 1, 4 * GB), (500 * GB, 8 * GB)],
)
def test_max_wal_size_holds_two_timeouts(wal: int, target: int) -> None:
    assert checkpoint(wal).max_wal_size_target == target


def test_no_checkpoint_on_request_has_no_wal_of_its_own() -> None:
    context = make_context(checkpointer=[{"timed": 4}], wal=[{"bytes": 10}])
    (row,) = CheckpointFacts.build(context)
    assert row.wal_per_requested is None
    assert row.requested_ratio == 0


def test_busy_time_over_elapsed_time() -> None:
    context = make_context(
        databases=[{"active_time_ms": 1_200_000.0}, {"name": "b", "active_time_ms": 600_000.0}],
        before={"databases": [{"active_time_ms": 0.0}, {"active_time_ms": 0.0}]},
    )
    assert busy_sessions(context) == pytest.approx(3.0)
    assert pool_size(context) == 6


def test_a_pool_can_use_every_processor() -> None:
    assert pool_size(make_context(host={"cpus": 32})) == 32
    assert pool_size(make_context(host={"cpus": "?"})) == 4


def test_without_sessions_or_times_no_pool_is_sized() -> None:
    assert pool_size(make_context(not_collected=["backends", "databases"])) is None


def test_hidden_sessions_are_not_counted_as_none() -> None:
    (row,) = ConnectionFacts.build(make_context(backends=[{"backend_type": ""}, {"pid": 2}]))
    assert (row.used, row.used_ratio) == (None, None)


@pytest.mark.parametrize(
    ("libraries", "loaded"),
    [
        ("", False),
        ("auto_explain, pg_stat_statements", True),
        ('"pg_stat_statements"', True),
        ("pg_stat_statements_ext", False),
        ("?", None),
    ],
)
def test_preloaded_libraries(libraries: str, loaded: bool | None) -> None:
    row = monitoring(settings={"shared_preload_libraries": libraries})
    assert row.statements_preloaded is loaded


def test_extensions_that_could_be_created_are_available() -> None:
    row = monitoring(extensions=[{"name": "pg_stat_statements", "installed_version": "?"}])
    assert (row.statements_available, row.statements_installed) == (True, False)
    row = monitoring(not_collected=["extensions"])
    assert (row.statements_available, row.statements_installed) == (None, None)


def test_evictions_by_the_hour() -> None:
    row = monitoring(
        statements_info=[{"evictions": 10}], before={"statements_info": [{"evictions": 5}]}
    )
    assert (row.evictions, row.evictions_per_hour) == (5, 30.0)
