"""The daemon on real servers: one that dies, one that hangs, one that keeps the history."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from daemon_lab.process import PRODUCT, Daemon, write_config
from pgtune_advisor.domain.findings import SEVERITIES
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store
from plugins.databases import Database
from plugins.servers import MakeCluster


def test_a_server_dies_and_comes_back(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster(settings={"synchronous_commit": "on"})
    config = write_config(tmp_path, f"shop={cluster.dsn()}")
    with Daemon(config, program=PRODUCT) as daemon:
        daemon.ready().wait_for("cycle", count=3)
        cluster.kill()
        assert daemon.wait_for("target_down")["detail"]
        pings = 'pgtune_advisor_failed_pings_total{target="shop"}'
        daemon.wait_until(lambda: (daemon.metric(pings) or 0) >= 2)
        assert daemon.get("/healthz")[0] == 503
        cluster.start()
        daemon.wait_for("target_up")
        seen = len(daemon.matching("cycle"))
        daemon.wait_for("cycle", count=seen + 3)
        assert daemon.get("/healthz")[0] == 200
        assert len(daemon.matching("target_down")) == len(daemon.matching("target_up")) == 1
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        latest = store.latest_snapshot("shop", full=True)
        assert latest is not None
        before = store.snapshot_before("shop", latest.server.started_at)
        assert before is not None
        assert before.server.started_at < latest.server.started_at


@contextlib.contextmanager
def stopped(postmaster: int) -> Iterator[None]:
    """A server none of whose processes gets on, as on a machine that hangs."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(postmaster)], check=True, capture_output=True, text=True
    )
    processes = [postmaster, *map(int, children.stdout.split())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


@pytest.mark.parametrize("moment", ["stop", "go on"])
def test_a_server_that_hangs(
    make_cluster: MakeCluster, newest_database: Database, tmp_path: Path, moment: str
) -> None:
    """Its query in flight neither delays another target nor the end."""
    cluster = make_cluster()
    config = write_config(tmp_path, f"bad={cluster.dsn()}", f"good={newest_database.dsn}")
    with Daemon(config, program=PRODUCT) as daemon:
        daemon.ready().wait_for("cycle", target="bad", count=2)
        assert cluster.pid is not None
        with stopped(cluster.pid):
            daemon.wait_for("cycle_overlapped", target="bad")
            seen = len(daemon.matching("cycle", target="good"))
            daemon.wait_for("cycle", count=seen + 3, target="good")
            if moment == "stop":
                began = time.monotonic()
                daemon.signal(signal.SIGTERM)
                assert daemon.ended() == 0
                assert time.monotonic() - began < 5
                return
        seen = len(daemon.matching("cycle", target="bad"))
        daemon.wait_for("cycle", target="bad", count=seen + 1)
        assert daemon.noise == []


def test_advice_for_a_real_server(database: Database, tmp_path: Path) -> None:
    """The whole way: facts of a server, rules, history, files, metrics."""
    database.execute(
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int, parent_id int REFERENCES parent)",
    )
    config = write_config(tmp_path, f"shop={database.dsn}")
    with Daemon(config, program=PRODUCT) as daemon:
        daemon.ready().wait_for("cycle", cadence="full")
        daemon.wait_for("cycle", cadence="fast", count=2)
        series = 'pgtune_advisor_findings{{severity="{}",target="shop"}}'
        counts = [daemon.metric(series.format(name)) or 0 for name in SEVERITIES]
        assert sum(counts) >= 1
        assert daemon.get("/healthz")[0] == 200
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert daemon.noise == []
    assert (tmp_path / "state/advice/shop/INDEX.md").is_file()
    with Store.open(StoreSection(), tmp_path / "state", read_only=True) as store:
        rules = {finding.rule for finding in store.findings("shop")}
        assert "primary-key-missing" in rules


def test_one_server_hangs(newest_database: Database, tmp_path: Path) -> None:
    """A query in flight delays no other target, and neither the end: it is cancelled."""
    database = newest_database
    database.execute("CREATE TABLE gate ()")
    holder = database.connect()
    holder.execute("BEGIN")
    holder.execute("LOCK TABLE gate")
    config = write_config(tmp_path, f"bad={database.dsn}", f"good={database.server.dsn()}")
    with Daemon(config) as daemon:
        daemon.ready().wait_for("cycle_overlapped", target="bad")
        daemon.wait_for("cycle", count=4, target="good")
        assert daemon.matching("cycle", target="bad") == []
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        assert time.monotonic() - began < 5
        assert daemon.matching("cycle_abandoned") == []
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted"
    assert holder.execute(waiting).fetchone() == (0,)


def test_history_on_a_server(database: Database, tmp_path: Path) -> None:
    """Killed, it goes on where it was; nothing is kept on its own disk but the advice."""
    parts = {k: v for k, v in conninfo_to_dict(database.dsn).items() if k != "password"}
    url = f"postgresql:///?{urlencode(parts)}"
    config = write_config(tmp_path, "shop")
    with config.open("a") as file:
        file.write(f'[store]\nurl = "{url}"\n')
    said = 0
    for _ in range(3):
        with Daemon(config) as daemon:
            daemon.ready().wait_for("cycle", count=3)
            daemon.signal(signal.SIGKILL)
            daemon.ended()
            said += len(daemon.matching("cycle"))
    with Store.open(StoreSection(url=url), tmp_path, read_only=True) as store:
        assert said <= len(store.cycles("shop")) <= said + 3
        assert store.latest_snapshot("shop") is not None
    names = {file.name for file in (tmp_path / "state").iterdir()}
    assert names == {"advice", "daemon.lock"}


@pytest.mark.pg(">= 15")
def test_the_store_s_server_dies(make_cluster: MakeCluster, tmp_path: Path) -> None:
    """The cycles fail, and say why, until it is back; the daemon lives on."""
    cluster = make_cluster(settings={"synchronous_commit": "on"})
    url = f"postgresql:///?{urlencode(conninfo_to_dict(cluster.dsn()))}"
    config = write_config(tmp_path, "shop")
    with config.open("a") as file:
        file.write(f'[store]\nurl = "{url}"\n')
    with Daemon(config) as daemon:
        daemon.ready().wait_for("cycle", count=2)
        cluster.kill()
        failed = daemon.wait_for("cycle_failed")
        assert "the store on PostgreSQL cannot be reached" in failed["message"]
        daemon.wait_until(lambda: daemon.get("/healthz")[0] == 503)
        cluster.start()
        seen = len(daemon.matching("cycle"))
        daemon.wait_for("cycle", count=seen + 3)
        daemon.wait_for("cycle", cadence="full", count=2)
        daemon.wait_until(lambda: daemon.get("/healthz")[0] == 200)
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
    with psycopg.connect(cluster.dsn()) as connection:
        row = connection.execute("SELECT count(*) FROM pgtune_advisor.cycles").fetchone()
        assert row is not None
        assert row[0] >= seen
