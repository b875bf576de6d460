"""The parts of a shadow that need no server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgtune_advisor.advise.whatif import Fidelity
from pgtune_advisor.domain.schema import Locale
from pgtune_advisor.planner.fidelity import compare
from pgtune_advisor.planner.shadow_files import BLOCK, SEGMENT_BLOCKS, create, extend, tree_level
from pgtune_advisor.planner.shadow_locale import known_locale
from pgtune_advisor.planner.shadow_refusals import Refusal, gaps
from pgtune_advisor.planner.shadow_settings import is_planner_setting
from pgtune_advisor.plans import Node, Plan, PlanError


@pytest.mark.parametrize(
    "blocks", [0, 1, 7, SEGMENT_BLOCKS, SEGMENT_BLOCKS + 1, SEGMENT_BLOCKS * 3]
)
def test_files_are_cut_at_a_gigabyte_and_take_no_room(blocks: int, tmp_path: Path) -> None:
    path = tmp_path / "123"
    create(path, b"", blocks, tmp_path)
    pieces = sorted(tmp_path.iterdir())
    assert sum(piece.stat().st_size for piece in pieces) == blocks * BLOCK
    assert len(pieces) == max(-(-blocks // SEGMENT_BLOCKS), 1)
    assert all(p.stat().st_size == SEGMENT_BLOCKS * BLOCK for p in pieces[:-1])
    assert sum(piece.stat().st_blocks for piece in pieces) == 0


def test_what_a_file_holds_already_stays(tmp_path: Path) -> None:
    path = tmp_path / "123"
    path.write_bytes(b"x" * BLOCK * 3)
    extend(path, 2)
    assert os.path.getsize(path) == 3 * BLOCK


@pytest.mark.parametrize(
    ("blocks", "width", "level"), [(0, 4, 0), (2, 4, 0), (3, 4, 1), (276, 4, 1), (2745, 4, 2)]
)
def test_height_of_a_btree(blocks: int, width: int, level: int) -> None:
    assert tree_level(blocks, width) == level


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("enable_hashjoin", True),
        ("random_page_cost", True),
        ("cpu_tuple_cost", True),
        ("jit_above_cost", True),
        ("geqo_threshold", True),
        ("work_mem", True),
        ("vacuum_cost_page_hit", False),
        ("autovacuum_vacuum_cost_delay", False),
        ("jit_provider", False),
        ("shared_buffers", False),
    ],
)
def test_settings_that_plans_depend_on(name: str, wanted: bool) -> None:
    assert is_planner_setting(name) is wanted


def test_an_old_snapshot_has_a_locale_that_does_not_sort_by_bytes() -> None:
    assert known_locale(None, ()).collate == "C.UTF-8"
    own = Locale(database="d", encoding="UTF8", provider="icu", collate="C", ctype="C", locale="de")
    assert known_locale(own, ()) is own


def test_refusals_of_one_reason_are_one_gap() -> None:
    many = [Refusal(kind="table", subject=f"t{n}", reason="no type") for n in range(7)]
    one = Refusal(kind="extension", subject="x", reason="not installed")
    assert [gap.reason for gap in gaps([*many, one], "shop")] == [
        "the shadow of shop lacks table t0, t1, t2, t3, t4 and 2 more: no type",
        "the shadow of shop lacks extension x: not installed",
    ]


def plan(cost: float, index: str = "") -> Plan:
    kind = "Index Scan" if index else "Seq Scan"
    root = Node(
        kind=kind, startup_cost=0, total_cost=cost, rows=1, width=8, relation="t", index=index
    )
    return Plan(root=root)


def test_fidelity_is_the_share_by_weight_of_what_agrees() -> None:
    theirs = {"near": plan(100), "far": plan(100), "other": plan(10, "a"), "free": plan(0)}
    ours = {"near": plan(109), "far": plan(112), "other": plan(10, "b"), "free": plan(0)}
    found = compare(
        ours.__getitem__, theirs.__getitem__, ("near", "far", "other", "free"), (5, 1, 1, 1)
    )
    assert found.overall == 0.75
    assert [one.text for one in found.poor] == ["far", "other"]
    assert found.fidelity == Fidelity(overall=0.75, ratios=(1.09, 1.12, 1.0, 1.0))


def failing(text: str) -> Plan:
    raise PlanError("plan-denied" if text != "lost" else "planner-lost", "no")


def test_what_the_target_does_not_plan_counts_for_nothing() -> None:
    nothing = compare(lambda _: plan(1), failing, ("a",))
    assert nothing.overall is None
    assert nothing.fidelity.ratios == (None,)
    shadow_fails = compare(failing, lambda _: plan(1), ("a",))
    assert shadow_fails.overall == 0
    with pytest.raises(PlanError):
        compare(failing, lambda _: plan(1), ("lost",))
