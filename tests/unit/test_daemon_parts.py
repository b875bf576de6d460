"""The daemon's parts that need no process: pace, health, metrics, lock, schedule."""

from __future__ import annotations

import ast
import os
import re
import threading
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from pgtune_advisor.daemon.endpoint import Endpoint
from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.lock import only_daemon
from pgtune_advisor.daemon.metrics import Metrics, Miss
from pgtune_advisor.daemon.notify import Notifier
from pgtune_advisor.daemon.pace import SLOWEST, Pace, retry_delay_s
from pgtune_advisor.daemon.schedule import Schedule
from pgtune_advisor.domain.errors import OutputError, UsageError
from pgtune_advisor.store import Recorded

WAIT_S = 60.0


@pytest.mark.parametrize(
    ("factor", "spent_s", "then"),
    [
        (1, 0.0, 1),
        (1, 6.0, 1),
        (1, 6.01, 2),
        (2, 12.01, 4),
        (2, 12.0, 2),
        (2, 3.0, 2),
        (2, 2.99, 1),
        (SLOWEST, 1000.0, SLOWEST),
    ],
)
def test_the_pace(factor: int, spent_s: float, then: int) -> None:
    """More than a tenth of the time doubles the delay; less than a twentieth of half halves it."""
    after = Pace(interval_s=60, factor=factor).after(spent_s)
    assert (after.factor, after.delay_s) == (then, 60 * then)


def test_a_pace_settles() -> None:
    pace = Pace(interval_s=10)
    seen = [pace := pace.after(3.0) for _ in range(10)]
    assert [p.factor for p in seen[-5:]] == [4] * 5


@pytest.mark.parametrize(
    ("failures", "interval_s", "least", "most"),
    [(1, 60, 2.5, 5), (2, 60, 5, 10), (5, 60, 40, 80), (20, 60, 150, 300), (1, 1, 0.5, 1)],
)
def test_retries(failures: int, interval_s: float, least: float, most: float) -> None:
    assert retry_delay_s(failures, interval_s, 0.0) == least
    assert retry_delay_s(failures, interval_s, 1.0) == most
    assert retry_delay_s(10_000, interval_s, 1.0) <= 300


def test_health() -> None:
    health = Health()
    assert health.answer() == (True, {"status": "ok", "targets": {}})
    for name in ("a", "b"):
        health.add(name)
    assert health.counts() == (2, 2)
    health.good("a", 60)
    health.good("b", -1)
    ok, answer = health.answer()
    assert not ok
    assert answer["targets"]["a"]["ok"]
    assert answer["targets"]["b"]["error"] == "The last good cycle is too long ago."
    health.good("b", 60)
    assert health.answer()[0]
    health.bad("b", "down", "refused")
    assert health.answer()[1]["targets"]["b"]["error"] == "refused"
    health.forget("b")
    health.good("b", 60)
    assert health.counts() == (1, 0)


def test_metrics_follow_the_conventions() -> None:
    metrics = Metrics()
    metrics.cycle("shop", "full", "ok", 0.2)
    metrics.opened("shop", Recorded(findings={"critical": 2}, recommendations={"core": 1}))
    metrics.missed("shop", "missed")
    metrics.reload(1.0, ok=False)
    families = list(text_string_to_metric_families(metrics.text().decode()))
    ours = [f for f in families if not f.name.startswith("process_")]
    assert len(ours) > 15
    for family in ours:
        assert re.fullmatch(r"pgtune_advisor_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb)(_|$)", family.name)
        if family.type == "counter":
            totals = [s.name for s in family.samples if not s.name.endswith("_created")]
            assert all(name.endswith("_total") for name in totals)
    text = metrics.text().decode()
    assert 'pgtune_advisor_findings{severity="critical",target="shop"} 2.0' in text
    assert 'pgtune_advisor_findings{severity="info",target="shop"} 0.0' in text
    assert 'pgtune_advisor_recommendations{phase="quick win",target="shop"} 0.0' in text


def test_a_target_that_went_leaves_no_series() -> None:
    metrics = Metrics()
    for target in ("one", "two"):
        metrics.cycle(target, "fast", "unreachable", 1)
        metrics.opened(target, Recorded(findings={}, recommendations={}))
        metrics.missed(target, "crashed")
        metrics.up.labels(target).set(1)
        metrics.pings.labels(target).inc()
        metrics.gaps.labels(target).set(3)
        metrics.delays.labels(target, "fast").set(60)
        metrics.successes.labels(target, "fast").set(1)
        metrics.collections.labels(target, "fast").set(1)
    metrics.forget("one")
    assert b'"one"' not in metrics.text()
    assert b'"two"' in metrics.text()


def test_the_lock(tmp_path: Path) -> None:
    with only_daemon(tmp_path / "new" / "state"):
        with (
            pytest.raises(UsageError, match="another daemon") as caught,
            only_daemon(tmp_path / "new" / "state"),
        ):
            pytest.fail("it was let in")
        assert str(os.getpid()) in caught.value.detail
    with only_daemon(tmp_path / "new" / "state"):
        pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match="cannot be used") as refused,
        only_daemon(tmp_path / "file"),
    ):
        pytest.fail("it was let in")
    assert refused.value.detail
    assert refused.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[127.0.0.1]:0", "localhost:0"])
def test_addresses(address: str) -> None:
    endpoint = Endpoint.listen(address, Metrics(), Health())
    try:
        assert endpoint.port
    finally:
        endpoint.close()


def test_an_address_that_is_none() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on nowhere\.invalid:1"):
        Endpoint.listen("nowhere.invalid:1", Metrics(), Health())


def test_the_notifier_reads_its_environment() -> None:
    assert Notifier.from_environment({}) == Notifier()
    assert Notifier.from_environment({"NOTIFY_SOCKET": "vsock:2:1"}) == Notifier()
    told = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}
    assert Notifier.from_environment(told) == Notifier(address="\0x", watchdog_s=3.0)
    assert Notifier.from_environment(told | {"WATCHDOG_PID": "1"}).watchdog_s is None
    assert Notifier.from_environment(told | {"WATCHDOG_USEC": "0"}).watchdog_s is None


class Told:
    """What a schedule reports."""

    def __init__(self) -> None:
        self.misses: list[tuple[str, Miss, str]] = []
        self._news = threading.Condition()

    def hear(self, name: str, reason: Miss, trace: str) -> None:
        with self._news:
            self.misses.append((name, reason, trace))
            self._news.notify_all()

    def wait_for(self, name: str, reason: Miss) -> str:
        def found() -> list[str]:
            return [t for n, r, t in self.misses if (n, r) == (name, reason)]

        with self._news:
            assert self._news.wait_for(lambda: bool(found()), WAIT_S)
        return found()[0]


def test_a_schedule_reports_what_it_loses() -> None:
    told = Told()
    schedule = Schedule(told.hear)
    schedule.start()
    release, ran = threading.Event(), threading.Event()

    def hangs() -> float:
        release.wait(WAIT_S)
        return 0.05

    def crashes() -> float:
        raise ZeroDivisionError("on purpose")

    def runs() -> float:
        ran.set()
        return 0.05

    try:
        schedule.add("hangs", hangs, 0.05)
        schedule.add("crashes", crashes, 0.05)
        schedule.add("runs", runs, 0.05)
        told.wait_for("hangs", "overlapped")
        trace = told.wait_for("crashes", "crashed")
        assert "ZeroDivisionError('on purpose')" in trace
        assert "in crashes" in trace
        ran.clear()
        assert ran.wait(WAIT_S)
        schedule.remove("crashes")
        schedule.remove("never there")
    finally:
        release.set()
        schedule.stop()


def test_a_step_says_when_it_runs_again() -> None:
    schedule = Schedule(Told().hear)
    schedule.start()
    three = threading.Event()
    runs: list[int] = []

    def step() -> float:
        runs.append(1)
        if len(runs) == 3:
            three.set()
        return 3600.0 if len(runs) == 3 else 0.01

    try:
        schedule.add("step", step, 3600.0)
        assert three.wait(WAIT_S)
        schedule.pace("step", 0.01)
        schedule.pace("gone", 0.01)
    finally:
        schedule.stop()


ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "daemon.md").read_text(encoding="utf-8")


def test_the_documentation_names_every_metric() -> None:
    documented = dict(
        re.findall(r"^\| `(pgtune_advisor_\w+)` \| ([\w, ]*?) ?\|", DOCS, re.MULTILINE)
    )
    real = {}
    for metric in vars(Metrics()).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            suffix = "_total" if family.type == "counter" else ""
            real[family.name + suffix] = ", ".join(metric._labelnames)
    assert documented == real


def test_the_documentation_names_every_action() -> None:
    used = set()
    for source in [*(ROOT / "pgtune_advisor/daemon").glob("*.py"), ROOT / "pgtune_advisor/logs.py"]:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case ast.keyword(arg="action", value=ast.Constant(value=str(name))):
                    used.add(name)
                case ast.Assign(
                    targets=[ast.Name(id="action")],
                    value=ast.IfExp(
                        body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other))
                    ),
                ):
                    used |= {one, other}
                case ast.Dict(
                    keys=[ast.Constant(value="action"), *_],
                    values=[ast.Constant(value=str(name)), *_],
                ):
                    used.add(name)
    section = DOCS.partition("## The log")[2].partition("\n## ")[0]
    documented = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert documented == used
