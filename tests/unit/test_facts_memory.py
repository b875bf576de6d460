"""Facts of memory: what may be set never contradicts what is risky."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.domain.units import GB, KB, MB
from pgtune_advisor.rules.facts.memory import MemoryFacts
from pgtune_advisor.rules.facts.spills import Spills, work_mem_room
from unit.fact_contexts import make_context


def facts(**given: Any) -> MemoryFacts:
    (row,) = MemoryFacts.build(make_context(**given))
    return row


@pytest.mark.parametrize("memory", [1 * GB, 4 * GB, 16 * GB, 256 * GB])
@pytest.mark.parametrize("connections", [20, 100, 1000])
@pytest.mark.parametrize("work_mem", ["64kB", "4MB", "32MB", "96MB", "1GB"])
def test_what_can_be_raised_is_not_risky(memory: int, connections: int, work_mem: str) -> None:
    row = facts(
        host={"memory_bytes": memory},
        server={"max_connections": connections, "reserved_connections": 3},
        settings={"work_mem": work_mem},
    )
    assert row.work_mem is not None
    assert row.work_mem_safe is not None
    assert row.work_mem_worst_case is not None
    low = row.work_mem_safe >= 2 * row.work_mem
    risky = row.work_mem_worst_case > memory
    assert not (low and risky)


def test_a_raised_work_mem_is_not_risky_either() -> None:
    first = facts(settings={"work_mem": "4MB"}).work_mem_target
    assert first == 16 * MB
    row = facts(settings={"work_mem": "16MB"})
    assert row.work_mem_worst_case is not None
    assert row.work_mem_worst_case < 16 * GB


def test_without_memory_no_value_is_given() -> None:
    row = facts(host={"memory_bytes": "?"})
    assert row.work_mem_worst_case is not None
    values = (
        row.shared_buffers_target,
        row.cache_target,
        row.work_mem_safe,
        row.work_mem_bounded,
        row.work_mem_target,
        row.vacuum_target,
    )
    assert values == (None,) * 6


def test_small_values_stay_above_zero() -> None:
    room = work_mem_room(make_context(settings={"work_mem": "64kB"}))
    assert room.target == 256 * KB


def test_sessions_at_work_narrow_what_is_safe() -> None:
    quiet = facts(server={"max_connections": 30, "reserved_connections": 3})
    active = [{"pid": pid, "state": "active"} for pid in range(1, 25)]
    busy = facts(server={"max_connections": 30, "reserved_connections": 3}, backends=active)
    assert quiet.work_mem_safe is not None
    assert busy.work_mem_safe is not None
    assert busy.work_mem_safe < quiet.work_mem_safe


@pytest.mark.parametrize(
    ("data", "target"), [(10 * GB, 4 * GB), (1 * GB, 1 * GB), (10 * MB, 128 * MB)]
)
def test_shared_buffers_follow_memory_and_data(data: int, target: int) -> None:
    assert facts(database_sizes=[{"size_bytes": data}]).shared_buffers_target == target


def test_spills_leave_out_maintenance_and_our_own() -> None:
    blocks = {"calls": 10, "temp_blocks_written": 1000}
    context = make_context(
        statements=[{"query_id": number, **blocks} for number in (1, 2, 3)],
        statement_texts=[
            {"query_id": 1, "text": "SELECT * FROM orders ORDER BY note"},
            {"query_id": 2, "text": "CREATE INDEX ON orders (note)"},
            {"query_id": 3, "text": "SELECT /* pgtune-advisor: statements */ 1"},
        ],
        before={"statements": [{"calls": 0, "temp_blocks_written": 0}] * 3},
    )
    spills = Spills.of(context, safe=None)
    assert spills.total == 1000 * 8192
    assert spills.per_day == pytest.approx(1000 * 8192 * 144)


def test_statements_that_were_not_read_spill_nobody_knows_what() -> None:
    context = make_context(not_collected=["statements"])
    assert Spills.of(context, safe=None) == Spills(total=None, per_day=None)


@pytest.mark.parametrize(
    ("phase", "done", "passes"),
    [
        ("scanning heap", 0, 0),
        ("vacuuming indexes", 0, 0),
        ("vacuuming heap", 1, 1),
        ("cleaning up indexes", 1, 1),
        ("scanning heap", 1, 2),
        ("vacuuming indexes", 1, 2),
    ],
)
def test_passes_of_a_vacuum(phase: str, done: int, passes: int) -> None:
    assert facts(vacuums=[{"phase": phase, "index_passes": done}]).vacuum_index_passes == passes


def test_a_manual_vacuum_is_not_limited_by_the_workers_setting() -> None:
    row = facts(
        settings={"autovacuum_work_mem": "16MB"},
        vacuums=[{"phase": "scanning heap", "index_passes": 1, "is_autovacuum": False}],
    )
    assert (row.vacuum_setting, row.vacuum_work_mem) == ("maintenance_work_mem", 64 * MB)


def test_vacuums_target_has_a_ceiling() -> None:
    row = facts(host={"memory_bytes": 1024 * GB}, settings={"maintenance_work_mem": "512MB"})
    assert row.vacuum_target == 1 * GB
