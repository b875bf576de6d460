"""SIGKILL at any moment: the store stays whole, and loses the cycle in flight and no more."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

from daemon_lab.process import Daemon, write_config
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store

KILLS = 24
TARGETS = ("one", "two")


def test_kills(tmp_path: Path) -> None:
    for target in TARGETS:
        (tmp_path / target).write_text("big")
        (tmp_path / f"{target}.findings").write_text("a b")
    config = write_config(tmp_path, *TARGETS)
    said: Counter[str] = Counter()
    moments = random.Random()
    for kill in range(1, KILLS + 1):
        with Daemon(config, LAB_INTERVAL="0.03") as daemon:
            if kill % 2:
                daemon.ready().wait_for("cycle", count=moments.randrange(1, 12))
            # Not for something: the kill is to come at no particular moment.
            time.sleep(moments.uniform(0, 0.5))
            daemon.signal(signal.SIGKILL)
            daemon.ended()
            said.update(record["target"] for record in daemon.matching("cycle"))
            assert daemon.noise == []
        check(tmp_path / "state", said, kill)
    assert min(said[target] for target in TARGETS) > KILLS


def check(state: Path, said: Counter[str], kills: int) -> None:
    file = state / "advisor.sqlite3"
    if not file.exists() or file.stat().st_size == 0:
        assert not said
        return
    connection = sqlite3.connect(file)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            assert not said
            return
        kept = dict(connection.execute(KEPT.format(table="cycles")).fetchall())
        whole = dict(connection.execute(KEPT.format(table="snapshots")).fetchall())
    finally:
        connection.close()
    assert kept == whole
    for target in TARGETS:
        assert said[target] <= kept.get(target, 0) <= said[target] + kills
    with Store.open(StoreSection(), state, read_only=True) as store:
        for target in kept:
            latest = store.latest_snapshot(target)
            assert latest is not None
            assert len(latest.statement_texts) == 200
            assert len(store.findings(target)) == 2


KEPT = "SELECT t.name, count(*) FROM {table} c JOIN targets t ON t.id = c.target_id GROUP BY 1"
