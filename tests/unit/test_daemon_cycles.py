"""One target's cycles in this process: windows, failures, cancellation, new configurations."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from daemon_lab import facts
from pgtune_advisor.daemon import CollectorLike, Wiring
from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.metrics import Metrics
from pgtune_advisor.daemon.telling import Teller
from pgtune_advisor.daemon.watch import Watch
from pgtune_advisor.daemon.wiring import Stopped
from pgtune_advisor.domain.errors import OutputError, TargetError
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.settings import DaemonSection, StoreSection, TargetSection
from pgtune_advisor.store import Store


@dataclass
class Lab:
    """A target whose clock and facts the test sets; it remembers what was asked and judged."""

    store: Store
    daemon: DaemonSection
    calls: list[str] = field(default_factory=list)
    judged: list[tuple[Snapshot, Window, bool]] = field(default_factory=list)
    advised: list[IndexAdvice | None] = field(default_factory=list)
    planning: Callable[[Stopped], IndexAdvice] | None = None
    published: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: datetime = facts.START
    commits: int = 0
    down: bool = False
    answers: bool = True
    gate: threading.Event | None = None
    findings: tuple[str, ...] = ()
    takes_s: float = 0.0
    publish_error: Exception | None = None
    health: Health = field(default_factory=Health)
    metrics: Metrics = field(default_factory=Metrics)

    def wiring(self) -> Wiring:
        planning = (lambda target: LabPlanning(self, target)) if self.planning else None
        return Wiring(
            collector=self.collector,
            evaluate=self.judge,
            publish=self.publish,
            planning=planning,
        )

    def watch(self, patience_s: float = 300.0) -> Watch:
        teller = Teller("shop", self.metrics, self.health, lambda: None)
        section = TargetSection(name="shop", dsn="service=shop")
        wiring = self.wiring()
        return Watch(section, wiring, self.daemon, self.store, teller, patience_s=patience_s)

    def collector(self, target: TargetSection) -> CollectorLike:
        self.calls.append("open")
        return LabCollector(self, target.name)

    def judge(
        self, snapshot: Snapshot, window: Window, full: bool, advice: IndexAdvice | None
    ) -> Report:
        self.judged.append((snapshot, window, full))
        self.advised.append(advice)
        found = [facts.finding(label) for label in self.findings]
        made = [facts.recommendation(label, ()) for label in self.findings]
        return facts.report(snapshot.taken_at, found, made)

    def publish(self, report: Report, folder: Path) -> None:
        if self.publish_error:
            raise self.publish_error
        self.published += 1
        folder.mkdir(exist_ok=True)
        (folder / "title").write_text(report.target.name)


class LabPlanning:
    def __init__(self, lab: Lab, target: TargetSection) -> None:
        self._lab = lab
        self._target = target

    def plan(self, snapshot: Snapshot, window: Window, stopped: Stopped) -> IndexAdvice:
        del window
        assert self._target.name == snapshot.target
        assert "column_values" in snapshot.collected
        assert self._lab.planning is not None
        self._lab.calls.append("plan")
        return self._lab.planning(stopped)

    def close(self) -> None:
        self._lab.calls.append("forget")


class LabCollector:
    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self._name = name
        self.cancelled = threading.Event()

    def full(self, *, values: bool = False) -> Snapshot:
        tables = {"databases", "statement_texts", "relations"}
        return self._collect("full", tables | {"column_values"} if values else tables)

    def fast(self) -> Snapshot:
        return self._collect("fast", {"databases"})

    def ping(self) -> None:
        self._lab.calls.append("ping")
        if not self._lab.answers:
            raise TargetError("no answer")

    def cancel(self) -> None:
        self._lab.calls.append("cancel")
        self.cancelled.set()

    def close(self) -> None:
        self._lab.calls.append("close")

    def _collect(self, cadence: str, collected: set[str]) -> Snapshot:
        lab = self._lab
        lab.calls.append(cadence)
        time.sleep(lab.takes_s)
        if lab.down:
            raise TargetError("refused")
        if lab.gate is not None:
            lab.gate.set()
            self.cancelled.wait()
            raise TargetError("cancelled")
        texts = [(1, "SELECT 1")] if cadence == "full" else []
        taken = facts.snapshot(
            target=self._name, started=lab.started, commits=lab.commits, texts=texts
        )
        return replace(taken, taken_at=lab.now, collected=frozenset(collected))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    # So long that the clock makes no full cycle due by itself.
    times = {"interval": timedelta(hours=1), "slow_interval": timedelta(hours=10)}
    daemon = DaemonSection(state_dir=tmp_path, **times)
    with Store.open(StoreSection(), tmp_path) as store:
        yield Lab(store=store, daemon=daemon)


def commits(window: Window, snapshot: Snapshot) -> int | None:
    """How many commits the window counts."""
    row = window.delta("databases", snapshot.databases[0])
    return None if row is None else row.commits


def test_windows(lab: Lab) -> None:
    watch = lab.watch()
    lab.commits = 100
    watch.step()
    snapshot, window, full = lab.judged[-1]
    assert full
    assert window.lifetime
    lab.now += timedelta(minutes=1)
    lab.commits = 110
    watch.step()
    fast, window, full = lab.judged[-1]
    assert not full
    assert fast.collected == snapshot.collected
    assert fast.statement_texts == snapshot.statement_texts
    assert window.since == snapshot.taken_at
    assert commits(window, fast) == 10
    assert "relations" not in window.deltas
    lab.now += timedelta(minutes=1)
    lab.commits = 115
    watch.step()
    assert commits(lab.judged[-1][1], fast) == 5
    assert lab.calls == ["open", "full", "fast", "fast"]


def test_a_full_window_goes_on_after_a_restart_of_the_daemon(lab: Lab) -> None:
    lab.commits = 100
    lab.watch().step()
    lab.now += timedelta(hours=40)
    lab.commits = 150
    lab.watch().step()
    snapshot, window, full = lab.judged[-1]
    assert full
    assert not window.lifetime
    assert commits(window, snapshot) == 50


def test_a_window_is_broken_once_by_a_restart_of_the_server(lab: Lab) -> None:
    lab.watch().step()
    lab.now += timedelta(hours=40)
    lab.started = facts.after(60)
    lab.watch().step()
    window = lab.judged[-1][1]
    assert window.deltas == {}
    assert [reset.reason for reset in window.resets] == ["restart"]
    lab.now += timedelta(hours=1)
    lab.commits = 7
    lab.watch().step()
    snapshot, window, _ = lab.judged[-1]
    assert commits(window, snapshot) == 7


def test_a_fast_cycle_needs_a_full_one(lab: Lab) -> None:
    """One that is in the store will do, if this process has none."""
    lab.watch().step()
    watch = lab.watch()
    watch.rewire(lab.wiring(), lab.daemon)
    lab.now += timedelta(minutes=1)
    watch.step()
    lab.now += timedelta(minutes=1)
    watch.rewire(lab.wiring(), lab.daemon)
    watch.step()
    assert lab.calls == ["open", "full", "open", "full", "close", "open", "fast"]
    assert lab.judged[-1][0].statement_texts


def test_one_pinger_while_it_is_down(lab: Lab) -> None:
    watch = lab.watch()
    lab.down, lab.answers = True, False
    delays = [watch.step() for _ in range(3)]
    assert 2.5 <= delays[0] <= 5 <= delays[1] <= 10 <= delays[2] <= 20
    assert lab.calls == ["open", "full", "close"] + ["open", "ping", "close"] * 2
    lab.answers = True
    assert 20 <= watch.step() <= 40
    assert lab.calls[-4:] == ["open", "ping", "full", "close"]
    lab.down = False
    assert watch.step() == 3600
    assert lab.calls[-3:] == ["open", "ping", "full"]
    assert lab.health.answer()[0]
    (kept, *_) = [c for c in lab.store.cycles("shop") if c.outcome == "unreachable"]
    assert kept.error == "refused"


def test_advice_is_written_when_it_changes(lab: Lab, tmp_path: Path) -> None:
    lab.watch().step()
    assert lab.published == 1
    lab.findings = ("a",)
    for expected in (2, 2):
        lab.now += timedelta(minutes=1)
        lab.watch().step()
        assert lab.published == expected
    lab.findings = ("a", "b")
    lab.publish_error = OutputError("no room left", detail="d", hint="h")
    watch = lab.watch()
    for _ in range(2):
        lab.now += timedelta(minutes=1)
        watch.step()
    answer = lab.health.answer()[1]["targets"]["shop"]
    assert (answer["state"], answer["error"]) == ("failing", "no room left")
    lab.publish_error = None
    lab.now += timedelta(minutes=1)
    lab.watch().step()
    assert lab.published == 3


def test_fast_successes_do_not_hide_that_full_cycles_fail(lab: Lab) -> None:
    lab.publish_error = OutputError("no room left")
    watch = lab.watch()
    watch.step()
    lab.now += timedelta(minutes=1)
    watch.step()
    assert lab.calls == ["open", "full", "fast"]
    assert not lab.health.answer()[0]


def test_a_cycle_that_hangs_is_cancelled(lab: Lab) -> None:
    lab.gate = threading.Event()
    watch = lab.watch(patience_s=0.0)
    runner = threading.Thread(target=watch.step)
    runner.start()
    assert lab.gate.wait(60)
    watch.missed("overlapped", "")
    runner.join(60)
    assert not runner.is_alive()
    assert "cancel" in lab.calls
    assert lab.health.answer()[1]["targets"]["shop"]["state"] == "down"


def test_a_removed_target_is_not_spoken_of(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """What its last cycle still does reaches neither the log nor the metrics nor the health."""
    caplog.set_level(logging.DEBUG)
    lab.gate = threading.Event()
    watch = lab.watch()
    runner = threading.Thread(target=watch.step)
    runner.start()
    assert lab.gate.wait(60)
    watch.stop()
    lab.health.forget("shop")
    lab.metrics.forget("shop")
    assert watch.join(60)
    runner.join(60)
    assert lab.calls[-1] == "close"
    assert b'"shop"' not in lab.metrics.text()
    assert caplog.records == []
    assert lab.store.cycles("shop") == ()
    watch.step()
    assert lab.calls[-1] == "close"


def test_new_intervals(lab: Lab) -> None:
    watch = lab.watch()
    assert watch.step() == 3600
    shorter = lab.daemon.model_copy(update={"interval": timedelta(minutes=5)})
    assert not watch.rewire(lab.wiring(), lab.daemon)
    assert watch.rewire(lab.wiring(), shorter)
    assert watch.delay_s == 300
    lab.now += timedelta(minutes=1)
    assert watch.step() == 300


def test_a_slow_target_is_asked_less(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    lab.daemon = lab.daemon.model_copy(update={"interval": timedelta(seconds=1)})
    watch = lab.watch()
    assert watch.step() == 1
    lab.takes_s = 0.15
    lab.now += timedelta(minutes=1)
    assert watch.step() == 2
    lab.takes_s = 0.0
    lab.now += timedelta(minutes=1)
    assert watch.step() == 1
    actions = [vars(record)["action"] for record in caplog.records]
    assert [a for a in actions if a.startswith("target")] == ["target_slow", "target_faster"]


def test_a_full_disk_fails_the_cycle_and_no_more(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    watch = lab.watch()

    def no_more_pages(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    event.listen(lab.store._engine, "begin", no_more_pages)
    lab.findings = tuple(f"x{number}" for number in range(500))
    for _ in range(2):
        watch.step()
        lab.now += timedelta(minutes=1)
    failed = [r for r in caplog.records if getattr(r, "action", "") == "cycle_failed"]
    assert len(failed) == 2
    assert {vars(r)["cadence"] for r in failed} == {"full", "fast"}
    assert "no room left for the store" in failed[0].getMessage()
    answer = lab.health.answer()[1]["targets"]["shop"]
    assert answer["state"] == "failing"


def advice(*undecided: str) -> IndexAdvice:
    return IndexAdvice(undecided=undecided)


def test_a_full_cycle_asks_for_indexes_and_keeps_no_values(lab: Lab) -> None:
    lab.planning = lambda _stopped: advice("shop")
    watch = lab.watch()
    watch.step()
    lab.now += timedelta(minutes=1)
    watch.step()
    assert lab.calls == ["open", "full", "plan", "fast"]
    assert lab.advised == [advice("shop"), None]
    assert all("column_values" not in judged.collected for judged, _, _ in lab.judged)
    kept = lab.store.latest_snapshot("shop", full=True)
    assert kept is not None
    assert "column_values" not in kept.collected
    watch.rewire(lab.wiring(), lab.daemon)
    watch.step()
    assert "forget" in lab.calls


def test_a_stop_ends_planning(lab: Lab) -> None:
    """The planner asks whether it is to go on; what the cycle had is kept, and nothing resolved."""
    began = threading.Event()

    def planning(stopped: Stopped) -> IndexAdvice:
        began.set()
        while not stopped():
            threading.Event().wait(0.01)
        return advice("shop")

    lab.planning = planning
    watch = lab.watch()
    runner = threading.Thread(target=watch.step)
    runner.start()
    assert began.wait(60)
    watch.stop()
    assert watch.join(60)
    runner.join(60)
    assert lab.advised == [advice("shop")]
    assert lab.calls[-1] == "forget"


def test_a_cycle_that_plans_for_too_long_is_cancelled(lab: Lab) -> None:
    began = threading.Event()

    def planning(stopped: Stopped) -> IndexAdvice:
        began.set()
        while not stopped():
            threading.Event().wait(0.01)
        return advice()

    lab.planning = planning
    watch = lab.watch(patience_s=0.0)
    runner = threading.Thread(target=watch.step)
    runner.start()
    assert began.wait(60)
    watch.missed("overlapped", "")
    runner.join(60)
    assert not runner.is_alive()
