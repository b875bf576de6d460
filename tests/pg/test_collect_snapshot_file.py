"""A snapshot on disk is whole or not there, and reads back as what was collected."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.collect.snapshot_file import load, save
from pgtune_advisor.domain import codec
from pgtune_advisor.domain.errors import OutputError, SnapshotError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section


@pytest.fixture
def snapshot(newest_database: Database, tmp_path: Path) -> Snapshot:
    newest_database.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, note text)", "CREATE INDEX ON t (lower(note))"
    )
    section = target_section(newest_database.dsn, tmp_path)
    with Collector(section, QueryBook.load()) as collector:
        return collector.full()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    return folder


def test_round_trip(snapshot: Snapshot, folder: Path) -> None:
    path = folder / "one.snapshot"
    save(snapshot, path)
    assert load(path) == snapshot
    save(snapshot, path)
    assert [entry.name for entry in folder.iterdir()] == ["one.snapshot"]


def test_a_full_disk_leaves_what_was_there(
    snapshot: Snapshot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "one.snapshot"
    save(snapshot, path)
    before = path.read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputError) as caught:
        save(snapshot, path)
    assert caught.value.primary == f"the snapshot {path} cannot be written"
    assert caught.value.detail == "No space left on device. Nothing was left behind."
    assert caught.value.hint
    assert path.read_bytes() == before
    assert [entry.name for entry in folder.iterdir()] == ["one.snapshot"]


def test_a_crash_while_writing_leaves_nothing(
    snapshot: Snapshot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(codec, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        save(snapshot, folder / "one.snapshot")
    assert list(folder.iterdir()) == []


def test_where_nothing_can_be_written(snapshot: Snapshot, folder: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save(snapshot, folder / "none" / "one.snapshot")
    with pytest.raises(OutputError, match="cannot be written"):
        save(snapshot, folder)


def test_what_cannot_be_read(snapshot: Snapshot, folder: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read"):
        load(folder / "none")
    path = folder / "one.snapshot"
    path.write_bytes(b"not a snapshot")
    with pytest.raises(SnapshotError, match="cannot be read"):
        load(path)
    save(snapshot, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SnapshotError):
        load(path)
