"""The daemon as a process: start, reload, stop, and what it says of its targets."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from daemon_lab.process import PATIENCE_S, Daemon, write_config
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store


def test_it_looks_keeps_and_writes(tmp_path: Path) -> None:
    (tmp_path / "shop.findings").write_text("a b")
    with Daemon(write_config(tmp_path, "shop")) as daemon:
        daemon.ready().wait_for("cycle", cadence="full", findings=2)
        assert (tmp_path / "state/advice/shop/ids").read_text() == "a b"
        daemon.wait_for("cycle", cadence="fast")
        (tmp_path / "shop.findings").write_text("b c")
        daemon.wait_for("advice_written", count=2)
        assert (tmp_path / "state/advice/shop/ids").read_text() == "b c"
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert daemon.noise == []
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        assert {f.key for f in store.findings("shop", open_only=True)} >= {"index-unused:b"}
        assert {c.outcome for c in store.cycles("shop")} == {"ok"}


def test_the_pages(tmp_path: Path) -> None:
    (tmp_path / "shop.findings").write_text("a b")
    with Daemon(write_config(tmp_path, "shop")) as daemon:
        daemon.ready().wait_for("cycle", cadence="full")
        assert daemon.get("/healthz") == (200, daemon.get("/healthz")[1])
        answer = json.loads(daemon.get("/healthz")[1])
        assert answer["status"] == "ok"
        assert answer["targets"]["shop"]["state"] == "up"
        assert daemon.metric('pgtune_advisor_findings{severity="warning",target="shop"}') == 2
        assert daemon.metric('pgtune_advisor_findings{severity="critical",target="shop"}') == 0
        assert daemon.metric('pgtune_advisor_recommendations{phase="core",target="shop"}') == 2
        assert daemon.metric('pgtune_advisor_target_up{target="shop"}') == 1
        assert daemon.metric("pgtune_advisor_store_size_bytes") > 10_000  # type: ignore[operator]
        series = 'pgtune_advisor_cycles_total{cadence="full",outcome="ok",target="shop"}'
        assert daemon.metric(series) >= 1  # type: ignore[operator]
        assert daemon.get("/")[0] == 404


@pytest.mark.parametrize("behaviour", ["ok", "hang", "stuck", "down"])
def test_it_stops_within_five_seconds(tmp_path: Path, behaviour: str) -> None:
    """With nothing in flight, with a query that can be cancelled, and with one that cannot."""
    (tmp_path / "shop").write_text(behaviour)
    with Daemon(write_config(tmp_path, "shop")) as daemon:
        daemon.ready()
        match behaviour:
            case "ok":
                daemon.wait_for("cycle")
            case "down":
                daemon.wait_for("target_down")
            case _:
                daemon.wait_for("cycle_overlapped")
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert time.monotonic() - began < 5
        assert len(daemon.matching("cycle_abandoned")) == (behaviour == "stuck")
        assert len(daemon.matching("target_down")) == (behaviour == "down")


def test_one_that_hangs_does_not_delay_another(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("stuck")
    with Daemon(write_config(tmp_path, "bad", "good")) as daemon:
        daemon.ready().wait_for("cycle_overlapped", target="bad")
        daemon.wait_for("cycle", count=5, target="good")
        status, body = daemon.get("/healthz")
        assert status == 503
        states = {name: target["ok"] for name, target in json.loads(body)["targets"].items()}
        assert states == {"bad": False, "good": True}
        series = 'pgtune_advisor_scheduler_misses_total{reason="overlapped",target="bad"}'
        assert daemon.metric(series) >= 2  # type: ignore[operator]
        assert len(daemon.matching("cycle_overlapped")) == 1
        assert daemon.matching("cycle", target="bad") == []


def test_a_target_goes_and_comes_back(tmp_path: Path) -> None:
    """Its going and its coming are said once each, however often it is asked between."""
    (tmp_path / "shop").write_text("down")
    with Daemon(write_config(tmp_path, "shop", "other")) as daemon:
        down = daemon.ready().wait_for("target_down", target="shop")
        assert down["detail"] == "lab"
        assert down["hint"] == "wait"
        series = 'pgtune_advisor_failed_pings_total{target="shop"}'
        daemon.wait_until(lambda: (daemon.metric(series) or 0) >= 2)
        assert daemon.metric('pgtune_advisor_target_up{target="shop"}') == 0
        assert json.loads(daemon.get("/healthz")[1])["targets"]["shop"]["state"] == "down"
        (tmp_path / "shop").write_text("ok")
        up = daemon.wait_for("target_up", target="shop")
        assert up["failures"] >= 3
        daemon.wait_for("cycle", target="shop", cadence="full")
        assert daemon.metric('pgtune_advisor_target_up{target="shop"}') == 1
        assert daemon.get("/healthz")[0] == 200
        assert len(daemon.matching("target_down")) == len(daemon.matching("target_up")) == 1
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        outcomes = [cycle.outcome for cycle in store.cycles("shop")]
        assert outcomes.count("unreachable") == 1


@pytest.mark.parametrize("behaviour", ["broken", "crash"])
def test_a_judgement_that_fails_loses_no_facts(tmp_path: Path, behaviour: str) -> None:
    (tmp_path / "shop").write_text(behaviour)
    with Daemon(write_config(tmp_path, "shop")) as daemon:
        action = "cycle_failed" if behaviour == "broken" else "cycle_crashed"
        record = daemon.ready().wait_for(action)
        if behaviour == "crash":
            assert "ZeroDivisionError" in record["traceback"]
        else:
            assert record["message"].endswith("the rules cannot be applied")
        daemon.wait_until(
            lambda: json.loads(daemon.get("/healthz")[1])["targets"]["shop"]["state"] == "failing"
        )
        (tmp_path / "shop").write_text("ok")
        daemon.wait_for("cycle", cadence="full")
        assert daemon.get("/healthz")[0] == 200
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        first = store.cycles("shop")[-1]
        assert first.outcome == "failed"
        assert store.snapshot_before("shop", store.cycles("shop")[-2].started_at) is not None


def test_a_reload_takes_targets_and_rules(tmp_path: Path) -> None:
    (tmp_path / "two.findings").write_text("a b")
    with Daemon(write_config(tmp_path, "one", "two")) as daemon:
        daemon.ready().wait_for("cycle", target="one")
        daemon.wait_for("cycle", target="two")
        config = write_config(tmp_path, "two", "three")
        with config.open("a") as file:
            file.write('[rules]\ndisabled = ["a"]\n')
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("reloaded")
        daemon.wait_for("cycle", target="three")
        daemon.wait_for("cycle", target="two", cadence="full", resolved=1)
        assert '"one"' not in daemon.get("/metrics")[1]
        assert set(json.loads(daemon.get("/healthz")[1])["targets"]) == {"two", "three"}
        seen = len(daemon.matching("cycle", target="one"))
        daemon.wait_for("cycle", target="three", count=3)
        assert len(daemon.matching("cycle", target="one")) == seen
        assert daemon.metric("pgtune_advisor_config_last_reload_successful") == 1


def test_a_reload_takes_intervals_and_the_address(tmp_path: Path) -> None:
    config = write_config(tmp_path, "shop", interval="1h", slow_interval="2h")
    with Daemon(config, LAB_INTERVAL="") as daemon:
        daemon.ready().wait_for("cycle")
        before = daemon.matching("started")[0]["listen"]
        write_config(tmp_path, "shop", listen="localhost:0")
        daemon.signal(signal.SIGHUP)
        assert daemon.wait_for("reloaded")["listen"] != before
        daemon.wait_for("cycle", cadence="fast")
        series = 'pgtune_advisor_poll_interval_seconds{cadence="fast",target="shop"}'
        assert daemon.metric(series) == 1
        write_config(tmp_path, "shop", listen="")
        daemon.signal(signal.SIGHUP)
        assert daemon.wait_for("reloaded", count=2)["listen"] == ""


@pytest.mark.parametrize("mistake", ["[daemon]\nintervall = '1s'\n", "", "bad-rule", "port"])
def test_a_reload_that_fails_changes_nothing(tmp_path: Path, mistake: str) -> None:
    config = write_config(tmp_path, "shop")
    with Daemon(config) as daemon, socket.create_server(("127.0.0.1", 0)) as taken:
        daemon.ready().wait_for("cycle")
        match mistake:
            case "port":
                write_config(tmp_path, "shop", listen=f"127.0.0.1:{taken.getsockname()[1]}")
            case "bad-rule":
                config.write_text(config.read_text() + '[rules]\ndisabled = ["bad-rule"]\n')
            case _:
                config.write_text(mistake)
        daemon.signal(signal.SIGHUP)
        record = daemon.wait_for("reload_failed")
        assert "the old configuration stays" in record["message"]
        assert record["detail"]
        assert record["hint"]
        seen = len(daemon.matching("cycle"))
        daemon.wait_for("cycle", count=seen + 2)
        assert daemon.metric("pgtune_advisor_config_last_reload_successful") == 0
        assert daemon.metric('pgtune_advisor_config_reloads_total{outcome="failed"}') == 1
        write_config(tmp_path, "shop", "more")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("reloaded")
        daemon.wait_for("cycle", target="more")


def test_what_takes_a_restart_says_so(tmp_path: Path) -> None:
    with Daemon(write_config(tmp_path, "shop")) as daemon:
        daemon.ready()
        write_config(tmp_path, "shop", state_dir=str(tmp_path / "elsewhere"))
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("restart_needed")
        daemon.wait_for("reloaded")
        assert not (tmp_path / "elsewhere").exists()


def refused(config: Path, **env: str) -> tuple[int, list[str]]:
    with Daemon(config, **env) as daemon:
        code = daemon.ended()
        assert daemon.matching("started") == []
        return code, daemon.noise


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, lines = refused(write_config(tmp_path, "shop", listen=address))
    assert code == 2
    assert lines == [
        f"error: the metrics endpoint cannot listen on {address}",
        "detail: Address already in use",
        'hint: Set metrics.listen to a free address, or to "" for no endpoint.',
    ]


def test_a_second_daemon(tmp_path: Path) -> None:
    config = write_config(tmp_path, "shop")
    with Daemon(config) as daemon:
        daemon.ready()
        code, lines = refused(config)
        assert code == 2
        assert lines[0] == f"error: another daemon already works in {tmp_path / 'state'}"
        assert lines[1] == f"detail: It has process id {daemon.process.pid}."
        assert lines[2].startswith("hint: Stop it first")
        daemon.signal(signal.SIGKILL)
        daemon.ended()
    with Daemon(config) as daemon:
        daemon.ready()


def test_no_target(tmp_path: Path) -> None:
    code, lines = refused(write_config(tmp_path))
    assert code == 2
    assert lines[0] == "error: no target is configured"


def test_what_systemd_is_told(tmp_path: Path) -> None:
    """By an abstract socket: ready, status, reload with its moment, watchdog, the end."""
    name = f"pgtune-advisor-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
        hears.bind(f"\0{name}")
        hears.settimeout(PATIENCE_S)
        env = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "300000"}
        with Daemon(write_config(tmp_path, "shop"), **env) as daemon:
            assert "READY=1" in until(hears, "READY=1")
            until(hears, "WATCHDOG=1")
            assert "STATUS=Watching 1 targets" in until(hears, "STATUS=Watching 1 targets")
            (tmp_path / "shop").write_text("down")
            until(hears, "STATUS=Watching 1 targets, 1 of them not well")
            daemon.signal(signal.SIGHUP)
            reloading = until(hears, "RELOADING=1")
            assert any(line.startswith("MONOTONIC_USEC=") for line in reloading)
            until(hears, "READY=1")
            until(hears, "WATCHDOG=1")
            daemon.signal(signal.SIGTERM)
            until(hears, "STOPPING=1")
            assert daemon.ended() == 0


def test_the_watchdog_starves_when_the_scheduler_is_dead(tmp_path: Path) -> None:
    """The main thread still answers then, but systemd must not be told that all is well."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
        hears.bind(str(address))
        hears.settimeout(PATIENCE_S)
        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "300000"}
        with Daemon(write_config(tmp_path, "shop"), **env) as daemon:
            until(hears, "WATCHDOG=1")
            daemon.signal(signal.SIGUSR1)
            daemon.wait_for("scheduler_paused")
            daemon.signal(signal.SIGHUP)
            until(hears, "RELOADING=1")
            until(hears, "READY=1")
            hears.settimeout(1.0)
            with pytest.raises(TimeoutError):
                until(hears, "WATCHDOG=1")


def test_another_process_is_watched(tmp_path: Path) -> None:
    """A parent's watchdog is not ours to feed."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
        hears.bind(str(address))
        hears.settimeout(PATIENCE_S)
        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
        with Daemon(write_config(tmp_path, "shop"), **env) as daemon:
            until(hears, "READY=1")
            daemon.wait_for("cycle", count=5)
            daemon.signal(signal.SIGTERM)
            daemon.ended()
            heard = [hears.recv(4096)]
            while not heard[-1].startswith(b"STOPPING=1"):
                heard.append(hears.recv(4096))
            assert b"WATCHDOG=1" not in heard


def test_a_path_for_systemd_that_is_gone(tmp_path: Path) -> None:
    env = {"NOTIFY_SOCKET": str(tmp_path / "gone")}
    with Daemon(write_config(tmp_path, "shop"), **env) as daemon:
        daemon.ready().wait_for("notify_failed")
        daemon.wait_for("cycle")


def until(hears: socket.socket, line: str) -> list[str]:
    """The lines of the first message that has the line."""
    while True:
        lines = hears.recv(4096).decode().split("\n")
        if line in lines:
            return lines
