"""The store on SQLite: what goes in comes out, and what happens when it cannot."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from daemon_lab.facts import START, after, cycle, finding, recommendation, report, snapshot
from daemon_lab.scenarios import SCENARIOS, Scenario
from pgtune_advisor.domain.errors import OutputError, UsageError
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store, migrations

SECTION = StoreSection()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(SECTION, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(store: Store, scenario: Scenario) -> None:
    scenario(store)


def test_a_text_is_kept_once(store: Store, tmp_path: Path) -> None:
    for minute in range(3):
        texts = [(1, "SELECT 1"), (2, "SELECT 1"), (minute + 3, "SELECT 3")]
        store.record_cycle(cycle(minute), snapshot(minute, texts=texts))
    connection = sqlite3.connect(tmp_path / "advisor.sqlite3")
    assert connection.execute("SELECT count(*) FROM texts").fetchone() == (2,)
    connection.close()


def integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


def test_a_cycle_is_one_transaction(store: Store, tmp_path: Path) -> None:
    """A failure after the snapshot was written leaves nothing of the cycle."""
    broken = replace(finding("a"), severity=None)  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="cannot be used"):
        store.record_cycle(cycle(), snapshot(), report(START, [broken]))
    assert store.latest_snapshot("shop") is None
    assert store.targets() == ()
    assert store.record_cycle(cycle(1), snapshot(1)).findings == {}


def test_readers_beside_the_writer(store: Store, tmp_path: Path) -> None:
    store.record_cycle(cycle(0), snapshot(0))
    with Store.open(SECTION, tmp_path, read_only=True) as reader:
        assert reader.latest_snapshot("shop") == snapshot(0)
        store.record_cycle(cycle(1), snapshot(1))
        assert reader.latest_snapshot("shop") == snapshot(1)
        with pytest.raises(OutputError, match="cannot be opened"):
            reader.record_cycle(cycle(2))


def test_a_reader_that_holds_on_costs_no_history(store: Store, tmp_path: Path) -> None:
    """The log cannot be shortened then, and is too large itself: that is no reason to forget."""
    store.keep(timedelta(days=30), 1024**2)
    store.record_cycle(cycle(0), snapshot(0))
    reader = sqlite3.connect(tmp_path / "advisor.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM snapshots").fetchall()
    for minute in range(1, 31):
        store.record_cycle(cycle(minute), snapshot(minute, filler=os.urandom(25_000).hex()))
    assert store.size_bytes() > 1024**2
    kept = [store.snapshot_before("shop", after(minute)) is not None for minute in range(31)]
    assert sum(kept) > 10
    reader.close()
    store.record_cycle(cycle(31), snapshot(31))
    assert store.size_bytes() <= 1024**2


def test_a_reader_leaves_no_file_that_the_daemon_could_not_write(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    with Store.open(SECTION, tmp_path) as writer:
        writer.record_cycle(cycle(), snapshot())
    path = tmp_path / "advisor.sqlite3"
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    with Store.open(SECTION, tmp_path, read_only=True) as reader:
        assert reader.latest_snapshot("shop") == snapshot()
        owners = {file.stat().st_uid for file in tmp_path.iterdir()}
        assert owners == {path.stat().st_uid}


READ_AS_OTHER = """
import os, sys, traceback
from pathlib import Path
from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(12345), os.setuid(12345)
try:
    with Store.open(StoreSection(), Path(sys.argv[1]), read_only=True) as store:
        print(store.latest_snapshot("shop").taken_at.isoformat())
except AdvisorError as error:
    print(*error.lines(), sep="\\n")
"""


def read_as_other(folder: Path) -> str:
    command = [sys.executable, "-c", READ_AS_OTHER, str(folder)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return ran.stdout.strip()


def test_reading_where_nothing_can_be_written() -> None:
    """A stopped daemon's file, in a directory in which the reader may not make side files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(SECTION, folder) as writer:
            writer.record_cycle(cycle(), snapshot())
        (folder / "advisor.sqlite3").chmod(0o444)
        folder.chmod(0o555)
        assert read_as_other(folder) == START.isoformat()
        folder.chmod(0o000)
        assert "cannot be opened" in read_as_other(folder)
        folder.chmod(0o700)


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no history") as caught:
        Store.open(SECTION, tmp_path, read_only=True)
    assert caught.value.detail
    assert "daemon" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "advisor.sqlite3").touch()
    with pytest.raises(UsageError, match="holds no history"):
        Store.open(SECTION, tmp_path, read_only=True)


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "advisor.sqlite3").write_bytes(b"not a database" * 1000)
    for read_only in (False, True):
        with pytest.raises(UsageError, match="is damaged") as caught:
            Store.open(SECTION, tmp_path, read_only=read_only)
        assert caught.value.exit_code == 2
        assert "Move the file away" in caught.value.hint


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made") as caught:
        Store.open(SECTION, tmp_path / "file")
    assert caught.value.detail
    assert caught.value.hint


def test_a_file_elsewhere(tmp_path: Path) -> None:
    section = StoreSection(url=f"sqlite://{tmp_path}/deep/history.db")
    with Store.open(section, tmp_path / "state") as store:
        store.record_cycle(cycle(), snapshot())
    assert (tmp_path / "deep" / "history.db").is_file()
    assert not (tmp_path / "state").exists()
    with Store.open(section, tmp_path / "state", read_only=True) as store:
        assert store.latest_snapshot("shop") == snapshot()


def test_only_the_owner_can_read_it(store: Store, tmp_path: Path) -> None:
    store.record_cycle(cycle(), snapshot())
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("advisor.sqlite3*")}
    assert modes == {0o600}


def test_a_full_disk(store: Store, tmp_path: Path) -> None:
    """SQLite says the same of a full disk and of a database that may not grow."""
    store.record_cycle(cycle(0), snapshot(0))

    @event.listens_for(store._engine, "begin")
    def no_more_pages(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    noise = os.urandom(50_000).hex()
    with pytest.raises(OutputError, match="no room left") as caught:
        store.record_cycle(cycle(1), snapshot(1, filler=noise))
    assert caught.value.exit_code == 2
    assert caught.value.detail == "database or disk is full"
    assert "max_size" in caught.value.hint
    assert store.latest_snapshot("shop") == snapshot(0)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    with Store.open(SECTION, tmp_path) as store, store._engine.begin() as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (99, '2027-01-01')"))
    for read_only in (False, True):
        with pytest.raises(UsageError, match="newer release") as caught:
            Store.open(SECTION, tmp_path, read_only=read_only)
        assert "version 99" in caught.value.detail
        assert "Upgrade" in caught.value.hint


def test_steps_bring_an_older_store_up_to_date(tmp_path: Path) -> None:
    """Each step runs once, in order; a reader waits for the daemon to do it."""

    def add(table: str) -> migrations.Step:
        def step(connection: Connection) -> None:
            connection.execute(text(f"CREATE TABLE {table} (x int)"))

        return step

    with Store.open(SECTION, tmp_path) as store, store._engine.begin() as connection:
        steps = {2: add("second"), 3: add("third")}
        for _ in range(2):
            migrations.migrate(connection, START, "here", steps=steps)
        assert migrations.version_of(connection) == 3
        connection.execute(text("DELETE FROM schema_version"))
        connection.execute(text("INSERT INTO schema_version VALUES (0, '2027-01-01')"))
    with pytest.raises(UsageError, match="older release"):
        Store.open(SECTION, tmp_path, read_only=True)


def test_integrity_after_use(store: Store, tmp_path: Path) -> None:
    found = [finding("a"), finding("b")]
    made = [recommendation("r1", [found[0].key])]
    store.record_cycle(cycle(0), snapshot(0, texts=[(1, "x")]), report(START, found, made))
    store.record_cycle(cycle(1), snapshot(1), report(START))
    assert integrity(tmp_path / "advisor.sqlite3") == "ok"
