"""Index advice from cycle to cycle: when it is asked for anew, and what holds in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from daemon_lab import facts
from pgtune_advisor.daemon import index_plans
from pgtune_advisor.daemon.index_plans import IndexPlans, standing
from pgtune_advisor.daemon.wiring import Stopped
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.measurement import Probe
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.proposals import IndexAdvice, Proposal
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.domain.window import Window, lifetime
from rules.defaults import domain_row

HOUR = timedelta(hours=1)


def relation(name: str) -> Any:
    return domain_row(Relation, {"name": name})


def index(name: str, key: str) -> Any:
    return domain_row(Index, {"name": name, "table": "orders", "keys": [key]})


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1e6

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(index_plans, "time", clock)
    return clock


def proposal(column: str, database: str = "shop", **fields: Any) -> Proposal:
    made = Proposal(
        database=database,
        index=IndexDef(schema="public", table="orders", keys=(IndexKey.of(column),)),
        replaces=(),
        size_bytes=1,
        build_ms=1.0,
        upkeep=0.0,
        upkeep_note="no writes",
        table_rows=1e6,
        table_bytes=1,
        cost_before=100.0,
        cost_after=1.0,
        effects=(),
        confidence="estimated",
        planner="hypopg",
    )
    return replace(made, **fields)


class Target:
    """A target with a planner that the test answers for."""

    def __init__(self) -> None:
        self.answer = IndexAdvice(proposals=(proposal("user_id"),))
        self.error: TargetError | None = None
        self.planned = 0
        self.stopped = False
        self.pages = 1000
        self.times: dict[int, float] = {1: 100.0, 2: 100.0}
        self.tables: dict[str, Any] = {"relations": (relation("orders"),), "indexes": ()}
        self.plans = IndexPlans("shop", self, HOUR)

    def plan(self, snapshot: Snapshot, window: Window, stopped: Stopped) -> IndexAdvice:
        del snapshot, window, stopped
        self.planned += 1
        if self.error is not None:
            raise self.error
        return self.answer

    def close(self) -> None:
        self.planned = -1

    def cycle(self) -> IndexAdvice | None:
        values = self.plans.begin()
        taken = replace(
            facts.snapshot(),
            collected=frozenset({"column_values"} if values else ()),
            **{**self.tables, "relations": tuple(self._relations())},
        )
        return self.plans.advice(taken, self._window(taken), lambda: self.stopped)

    def _relations(self) -> Iterator[Any]:
        for one in self.tables["relations"]:
            yield replace(one, pages=self.pages)

    def _window(self, taken: Snapshot) -> Window:
        rows = [statement(number, ms) for number, ms in self.times.items()]
        deltas: dict[str, dict[tuple[object, ...], Any]] = {
            "statements": {(row.query_id,): row for row in rows}
        }
        at = taken.taken_at
        return Window(since=at, until=at, lifetime=False, deltas=deltas)


def statement(number: int, ms: float) -> Any:
    return domain_row(Statement, {"query_id": number, "exec_time_ms": ms})


def names(advice: IndexAdvice | None) -> list[str]:
    assert advice is not None
    return [one.index.keys[0].column for one in advice.proposals]


def test_the_choice_holds_until_the_interval_is_over(clock: Clock) -> None:
    target = Target()
    assert names(target.cycle()) == ["user_id"]
    target.times = {3: 50.0}
    target.answer = IndexAdvice(proposals=(proposal("status"),))
    clock.now += 3599
    assert names(target.cycle()) == ["user_id"]
    assert not target.plans.begin()
    clock.now += 1
    assert names(target.cycle()) == ["status"]
    assert target.planned == 2


@pytest.mark.parametrize(
    ("change", "planned"),
    [
        ({}, 1),
        ({"times": {1: 118.0, 2: 82.0}}, 1),
        ({"times": {1: 122.0, 2: 78.0}}, 2),
        ({"times": {1: 1000.0, 2: 1000.0}}, 1),
        ({"times": {}}, 2),
        ({"pages": 1090}, 1),
        ({"pages": 1200}, 2),
        ({"tables": {"relations": (relation("orders"), relation("other"))}}, 2),
    ],
)
def test_only_what_changed_is_planned_anew(
    clock: Clock, change: dict[str, Any], planned: int
) -> None:
    target = Target()
    target.cycle()
    clock.now += 3600
    for name, value in change.items():
        setattr(target, name, value)
    target.cycle()
    assert target.planned == planned
    # Having looked, it reads no values until the next hour.
    assert not target.plans.begin()
    clock.now += index_plans.KEPT.total_seconds()
    target.cycle()
    assert target.planned == planned + 1


def test_an_index_that_was_made_is_proposed_no_more(clock: Clock) -> None:
    """And the others are weighed anew at the next full cycle, whatever the interval."""
    target = Target()
    target.answer = IndexAdvice(proposals=(proposal("user_id"), proposal("status")))
    assert names(target.cycle()) == ["user_id", "status"]
    target.tables["indexes"] = (index("orders_user_id_idx", "user_id"),)
    target.answer = IndexAdvice(proposals=(proposal("status"),))
    assert names(target.cycle()) == ["status"]
    assert target.planned == 1
    assert names(target.cycle()) == ["status"]
    assert target.planned == 2
    assert not target.plans.begin()


def test_what_lost_its_table_or_its_old_index_is_left_out() -> None:
    old = index("orders_old", "user_id")
    advice = IndexAdvice(proposals=(proposal("user_id", replaces=(old,)),))
    there = replace(facts.snapshot(), relations=(relation("orders"),))
    (one,) = standing(advice, there).proposals
    assert one.replaces == ()
    assert standing(advice, replace(there, indexes=(old,))).proposals == ()
    assert standing(advice, facts.snapshot()).proposals == ()


def test_a_planner_that_fails_is_a_gap_and_the_last_choice_stays(clock: Clock) -> None:
    target = Target()
    target.cycle()
    clock.now += 3600
    target.times = {3: 1.0}
    target.error = TargetError("refused", detail="too many connections", hint="wait")
    advice = target.cycle()
    assert advice is not None
    assert names(advice) == ["user_id"]
    (gap,) = advice.gaps
    assert (gap.head, gap.reason, gap.hint) == ("planner", "refused: too many connections", "wait")
    assert advice.undecided == ("shop",)
    target.error = None
    target.answer = IndexAdvice(proposals=(proposal("status"),))
    assert names(target.cycle()) == ["status"]
    assert target.planned == 3


def test_a_planner_that_is_gone_is_believed_for_a_day(clock: Clock) -> None:
    """Structural advice does not push out what a planner said, until that is old."""
    target = Target()
    target.cycle()
    guessed = proposal("guess", confidence="heuristic", planner="none")
    target.answer = IndexAdvice(
        proposals=(guessed,), gaps=(Gap(source="planner:shop", reason="no extension"),)
    )
    clock.now += 3600
    target.times = {3: 1.0}
    assert names(target.cycle()) == ["user_id"]
    clock.now += index_plans.KEPT.total_seconds()
    assert names(target.cycle()) == ["guess"]


def test_a_stop_while_planning_keeps_the_last_choice(clock: Clock) -> None:
    target = Target()
    target.cycle()
    clock.now += 3600
    target.times = {3: 1.0}
    target.answer = IndexAdvice(undecided=("shop",))
    target.stopped = True
    assert names(target.cycle()) == ["user_id"]


def test_no_planner_no_advice() -> None:
    plans = IndexPlans("shop", None, HOUR)
    assert not plans.begin()
    taken = facts.snapshot()
    assert plans.advice(taken, lifetime(taken), lambda: False) is None
    plans.close()


def test_why_values_are_missing_is_said_as_long_as_the_choice_holds() -> None:
    target = Target()
    gap = Gap(source="column_values:shop", reason="hidden", hint="GRANT")
    target.plans.begin()
    taken = replace(facts.snapshot(), relations=(relation("orders"),), gaps=(gap,))
    for _ in range(2):
        advice = target.plans.advice(taken, target._window(taken), lambda: False)
        assert advice is not None
        assert gap in advice.gaps
    assert taken.without_data().gaps == ()


def test_statements_with_values_are_let_go() -> None:
    target = Target()
    probe = Probe(id="1/0", query_id=1, text="SELECT 'mustermann'", weight=1.0)
    target.answer = replace(target.answer, probes={"shop": (probe,)})
    advice = target.cycle()
    assert names(advice) == ["user_id"]
    assert "mustermann" not in repr(advice)


def test_each_choice_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    target = Target()
    target.cycle()
    (record,) = [r for r in caplog.records if getattr(r, "action", "") == "indexes_planned"]
    assert (vars(record)["proposals"], vars(record)["target"]) == (1, "shop")
