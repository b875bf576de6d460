"""Standbys: seen from the primary, read for their index scans, and as targets themselves."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.servers import MakeCluster, MakeStandby
from plugins.targets import target_section

SETUP = """
CREATE TABLE t (id int PRIMARY KEY, note text);
CREATE INDEX by_note ON t (note) WHERE note <> '';
CREATE UNLOGGED TABLE u (id serial);
INSERT INTO t SELECT g, 'n' || g FROM generate_series(1, 2000) g;
DELETE FROM t WHERE id > 1900;
INSERT INTO u DEFAULT VALUES;
ANALYZE;
SELECT pg_create_logical_replication_slot('unused', 'test_decoding');
"""


@pytest.fixture(
    params=[
        pytest.param("since 17", marks=pytest.mark.pg(">= 17")),
        pytest.param("before 17", marks=pytest.mark.pg("< 17")),
    ]
)
def primary(make_cluster: MakeCluster) -> PrivateCluster:
    cluster = make_cluster()
    cluster.run("psql", "-v", "ON_ERROR_STOP=1", input_text=SETUP)
    return cluster


@pytest.fixture
def standby(primary: PrivateCluster, make_standby: MakeStandby) -> PrivateCluster:
    standby = make_standby(primary, slot="s1")
    caught_up(primary, standby)
    return standby


def caught_up(primary: PrivateCluster, standby: PrivateCluster) -> None:
    """Await that the standby has replayed all that the primary wrote, and has told it so."""
    with psycopg.connect(primary.dsn(), autocommit=True) as one:
        lsn = one.execute("SELECT pg_current_wal_lsn()").fetchone()
        assert lsn is not None
        for _ in range(20_000):
            told = "SELECT bool_and(replay_lsn >= %s) FROM pg_stat_replication"
            if one.execute(told, lsn).fetchone() == (True,):
                break
        else:
            pytest.fail("the standby never caught up")
    assert standby.running


def full(cluster: PrivateCluster, folder: Path, **fields: object) -> Snapshot:
    section = target_section(cluster.dsn(), folder, **fields)
    with Collector(section, QueryBook.load()) as collector:
        return collector.full()


def test_replicas_and_slots(
    primary: PrivateCluster, standby: PrivateCluster, tmp_path: Path
) -> None:
    assert standby.running
    snapshot = full(primary, tmp_path)
    (replica,) = snapshot.replicas
    assert replica.state == "streaming"
    assert replica.sync_state == "async"
    assert replica.replay_lag_bytes is not None
    assert replica.replay_lag_bytes >= 0
    slots = {slot.name: slot for slot in snapshot.slots}
    assert slots["s1"].active
    assert slots["s1"].type == "physical"
    unused = slots["unused"]
    assert not unused.active
    assert (unused.type, unused.plugin, unused.database) == (
        "logical",
        "test_decoding",
        "postgres",
    )
    assert unused.catalog_xmin_age is not None
    assert unused.retained_bytes is not None
    assert unused.retained_bytes > 0
    assert unused.wal_status == "reserved"
    assert (unused.inactive_since is None) == (snapshot.server.major < 17)


def test_a_standby_as_target(
    primary: PrivateCluster, standby: PrivateCluster, tmp_path: Path
) -> None:
    snapshot = full(standby, tmp_path)
    of_primary = full(primary, tmp_path)
    assert snapshot.server.in_recovery
    assert snapshot.server.replay_lag_ms is not None
    assert snapshot.server.wal_position_bytes
    assert snapshot.server.system_identifier == of_primary.server.system_identifier
    assert snapshot.collected == of_primary.collected
    assert [gap for gap in snapshot.gaps if gap not in of_primary.gaps] == []
    table = next(r for r in snapshot.relations if r.name == "t")
    assert table.rows == 1900
    assert (table.live_rows, table.dead_rows, table.modified_since_analyze) == (None, None, None)
    assert (table.vacuums, table.analyzes) == (None, None)
    index = next(i for i in snapshot.indexes if i.name == "by_note")
    assert index.predicate == "(note <> ''::text)"
    assert [s.last_value for s in snapshot.sequences] == [None]


def test_index_use_of_replicas(
    primary: PrivateCluster, standby: PrivateCluster, tmp_path: Path
) -> None:
    with psycopg.connect(standby.dsn(), autocommit=True) as reader:
        reader.execute("SET enable_seqscan = off")
        for number in range(3):
            reader.execute("SELECT * FROM t WHERE id = %s", [number])
    snapshot = full(primary, tmp_path, replicas={"north": standby.dsn()})
    use = {row.name: row for row in snapshot.replica_index_use}
    assert "replica_index_use" in snapshot.collected
    assert set(use) == {index.name for index in snapshot.indexes}
    assert use["t_pkey"].scans == 3
    assert use["t_pkey"].replica == "north"
    assert use["by_note"].scans == 0
    own = next(index for index in snapshot.indexes if index.name == "t_pkey")
    assert own.scans == 0


def test_replicas_that_cannot_be_read(
    primary: PrivateCluster, make_cluster: MakeCluster, make_standby: MakeStandby, tmp_path: Path
) -> None:
    stranger = make_cluster(primary.binaries.major)
    strangers_standby = make_standby(stranger)
    snapshot = full(
        primary,
        tmp_path,
        replicas={
            "down": f"host={tmp_path} dbname=x user=x",
            "itself": primary.dsn(),
            "other": strangers_standby.dsn(),
        },
    )
    reasons = {gap.source: gap.reason for gap in snapshot.gaps}
    assert "no server answers" in reasons["replica_index_use:down"]
    assert reasons["replica_index_use:itself"] == "it is not a standby"
    assert reasons["replica_index_use:other"] == "it is a standby of another server"
    assert "replica_index_use" not in snapshot.collected


def test_without_replicas(primary: PrivateCluster, tmp_path: Path) -> None:
    snapshot = full(primary, tmp_path)
    assert "replica_index_use" in snapshot.collected
    assert snapshot.replica_index_use == ()
