"""The server's host: declared first, then seen from here, then read through the server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgtune_advisor.collect import host, locality
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.collect.locality import is_near, is_visible
from pgtune_advisor.domain.server import Host
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.servers import MakeCluster
from plugins.targets import target_section

MACHINE_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def read(dsn: str, folder: Path, **declared: Any) -> tuple[Host, tuple[Gap, ...]]:
    section = target_section(dsn, folder, host=declared)
    with Collector(section, QueryBook.load()) as collector:
        snapshot = collector.full()
    return snapshot.host, tuple(gap for gap in snapshot.gaps if gap.head == "host")


def test_what_is_declared_wins(database: Database, tmp_path: Path) -> None:
    found, gaps = read(
        database.dsn, tmp_path, memory="4GB", cpus=3, storage="nvme", managed="patroni"
    )
    declared = "declared in the configuration"
    assert found == Host(
        memory_bytes=4 * 1024**3,
        memory_source=declared,
        cpus=3,
        cpus_source=declared,
        storage="nvme",
        storage_source=declared,
        platform="patroni",
        platform_source=declared,
    )
    assert gaps == ()


@pytest.mark.parametrize("tcp", [False, True])
def test_a_server_on_this_machine(tcp: bool, make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster()
    found, gaps = read(cluster.dsn(tcp=tcp), tmp_path, cpus=1)
    assert found.memory_bytes is not None
    assert 0 < found.memory_bytes <= MACHINE_BYTES * 1.1
    assert found.memory_source is not None
    assert found.memory_source.endswith(", on this machine")
    assert (found.cpus, found.cpus_source) == (1, "declared in the configuration")
    assert (found.platform, found.platform_source) == ("none", None)
    assert gaps == ()


def test_a_server_elsewhere_reads_its_own_files(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locality, "is_near", lambda *_: False)
    found, gaps = read(database.dsn, tmp_path)
    assert found.memory_bytes
    assert found.memory_source
    assert found.memory_source.endswith(", read by the server")
    assert found.cpus
    assert gaps == ()


def test_a_role_that_may_not_read_files(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "server_process", lambda *_: None)
    role = database.create_role("LOGIN", member_of=("pg_monitor",))
    found, gaps = read(database.dsn_as(role), tmp_path)
    assert (found.memory_bytes, found.cpus) == (None, None)
    (gap,) = gaps
    assert "may not call pg_read_file" in gap.reason
    assert "pg_read_server_files" in gap.hint
    assert "[targets.host]" in gap.hint


def test_addresses_that_may_be_this_machine() -> None:
    assert is_near("/run/postgresql", "")
    assert is_near("@abstract", "")
    assert is_near("localhost", "127.0.0.1")
    assert is_near("localhost", "::1")
    assert not is_near("db", "10.0.0.5")
    assert not is_near("db", "")


@contextmanager
def own_backend(database: Database) -> Iterator[tuple[int, datetime]]:
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        assert row is not None
        yield row


def test_a_forwarded_port_is_not_this_machine(newest_database: Database) -> None:
    """Its pid is another process here, or none; the start time tells."""
    with own_backend(newest_database) as (pid, began):
        assert is_visible(pid, began)
        assert not is_visible(pid, began - timedelta(seconds=30))
        assert not is_visible(pid, None)
        assert not is_visible(2**22 + 1, began)
    assert not is_visible(os.getpid(), datetime.now(UTC))
