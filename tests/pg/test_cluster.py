"""Private clusters, for real, on every PostgreSQL that is installed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import OperationalError

from pgtune_advisor.cluster import (
    SCRATCH_SETTINGS,
    Binaries,
    PrivateCluster,
    cluster,
)
from pgtune_advisor.cluster.ports import free_port
from pgtune_advisor.cluster.processes import look
from pgtune_advisor.domain.errors import ClusterError
from plugins.pool import local_binaries
from plugins.servers import MakeCluster, MakeStandby

INSTALLED = local_binaries()


@pytest.fixture(params=INSTALLED.values(), ids=[f"pg{major}" for major in INSTALLED])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    found: Binaries = request.param
    return found


@pytest.fixture
def newest() -> Binaries:
    return next(iter(INSTALLED.values()))


def ask(dsn: str, query: str) -> object:
    """The single value that a query returns."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_it_runs_while_it_is_used(binaries: Binaries) -> None:
    with PrivateCluster.create(binaries, settings=SCRATCH_SETTINGS) as made:
        assert ask(made.dsn(), "SHOW server_version_num") == str(
            binaries.major * 10000 + binaries.version[1]
        )
        assert ask(made.dsn(), "SHOW server_encoding") == "UTF8"
        assert ask(made.dsn(), "SELECT lower('Ä') || upper('é')") == "äÉ"
        assert ask(made.dsn(), "SHOW fsync") == "off"
        pid, home = made.pid, made.data_dir.parent
        assert os.stat(made.data_dir).st_uid != 0
    assert not made.running
    assert look(pid) is None
    assert not home.exists()


def test_settings_arrive_as_they_were_given(binaries: Binaries) -> None:
    odd = 'it\'s a \\ "test"\twith\nlines'
    settings = {"my.odd": odd, "Work_Mem": "8MB", "search_path": '"$user", public'}
    preload = [
        name for name in ("pg_stat_statements", "auto_explain") if binaries.has_library(name)
    ]
    with PrivateCluster.create(binaries, settings=settings, preload=preload) as made:
        assert ask(made.dsn(), "SHOW my.odd") == odd
        assert ask(made.dsn(), "SHOW work_mem") == "8MB"
        assert ask(made.dsn(), "SHOW search_path") == '"$user", public'
        preloaded = ask(made.dsn(), "SHOW shared_preload_libraries")
        assert preloaded == ", ".join(preload)
        made.configure({"work_mem": "16MB"})
        (made.conf_dir / "more.conf").write_text("random_page_cost = 1.5\n")
        made.restart()
        assert ask(made.dsn(), "SHOW work_mem") == "16MB"
        assert ask(made.dsn(), "SHOW random_page_cost") == "1.5"
        assert ask(made.dsn(), "SHOW shared_preload_libraries") == preloaded
        assert ask(made.dsn(), "SELECT count(error) FROM pg_file_settings") == 0


def test_tcp_asks_for_the_password(make_cluster: MakeCluster) -> None:
    made = make_cluster()
    assert ask(made.dsn(tcp=True), "SELECT inet_server_addr()::text") == "127.0.0.1/32"
    with pytest.raises(OperationalError, match="password"):
        psycopg.connect(made.dsn(tcp=True, password="wrong"))


def test_programs_run_on_it(
    make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PGHOST", "PGDATABASE", "PGSERVICE", "PGOPTIONS", "PGUSER", "PGDATA"):
        monkeypatch.setenv(name, "misleading")
    made = make_cluster()
    script = tmp_path / "script.sql"
    script.write_text("SELECT count(*) FROM pgbench_branches;\n")
    made.run("pgbench", "--initialize", "--quiet", "--scale", "2")
    assert made.run("psql", "-At", "-f", script).stdout == "2\n"
    assert made.run("psql", "-At", input_text="SELECT 'ü';").stdout == "ü\n"
    assert "number of transactions" in made.run("pgbench", "-n", "-t", "5", "-f", script).stdout
    assert made.run("pg_controldata", "-D", made.data_dir).stdout.count("\n") > 20
    with pytest.raises(ClusterError, match="psql failed with status 1") as caught:
        made.run("psql", "-c", "SELECT nothing")
    assert 'column "nothing" does not exist' in caught.value.detail
    assert made.run("psql", "-c", "SELECT nothing", check=False).returncode == 1
    with pytest.raises(ClusterError, match="did not end within"):
        made.run("psql", "-c", "SELECT pg_sleep(600)", timeout=0.2)


@pytest.mark.parametrize(
    ("settings", "preload", "words"),
    [
        ({"shared_buffers": "lots"}, (), 'invalid value for parameter "shared_buffers": "lots"'),
        ({"no_such_setting": "1"}, (), "no_such_setting"),
        ({}, ("no_such_library",), "no_such_library"),
    ],
)
def test_a_bad_setting_is_told_in_the_servers_words(
    binaries: Binaries, settings: dict[str, str], preload: tuple[str, ...], words: str
) -> None:
    made = PrivateCluster.create(binaries, settings=settings, preload=preload)
    with pytest.raises(ClusterError, match="did not start") as caught, made:
        pass
    assert words in caught.value.detail
    assert not made.data_dir.parent.exists()


def test_a_crash_is_recovered_from(binaries: Binaries) -> None:
    with PrivateCluster.create(binaries) as made:
        made.run("psql", "-c", "CREATE TABLE t AS SELECT generate_series(1, 1000)")
        busy = psycopg.connect(made.dsn())
        backend = busy.info.backend_pid
        made.kill()
        assert look(backend) is None
        assert not made.running
        with pytest.raises(ClusterError, match="does not run"):
            made.kill()
        made.start()
        assert ask(made.dsn(), "SELECT count(*) FROM t") == 1000
        assert "automatic recovery in progress" in made.log_path.read_text()
        busy.close()


def test_stopping(newest: Binaries) -> None:
    made = PrivateCluster.create(newest)
    assert not made.running
    with pytest.raises(ClusterError, match="does not run"):
        made.pid  # noqa: B018
    made.stop()
    made.start()
    made.start()
    with psycopg.connect(made.dsn()), pytest.raises(ClusterError, match="did not stop within"):
        made.stop("smart", timeout=0.1)
    made.stop("smart")
    made.delete()
    made.delete()
    assert not made.data_dir.exists()


def test_a_taken_port_is_avoided(newest: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    with PrivateCluster.create(newest) as first:
        with pytest.raises(ClusterError, match=f"listen on port {first.port}") as caught:
            PrivateCluster.create(newest, port=first.port).__enter__()
        assert "Address already in use" in caught.value.detail
        ports = iter([first.port, free_port()])
        monkeypatch.setattr(cluster, "free_port", lambda: next(ports))
        with PrivateCluster.create(newest) as second:
            assert second.port != first.port
            assert ask(second.dsn(), "SHOW port") == str(second.port)
            assert ask(first.dsn(), "SHOW port") == str(first.port)


def test_a_standby_follows(make_cluster: MakeCluster, make_standby: MakeStandby) -> None:
    primary = make_cluster()
    standby = make_standby(primary, settings={"work_mem": "9MB"}, slot="follower")
    assert ask(standby.dsn(), "SELECT pg_is_in_recovery()") is True
    assert ask(standby.dsn(), "SHOW work_mem") == "9MB"
    assert ask(primary.dsn(), "SELECT active FROM pg_replication_slots") is True
    primary.stop()
    standby.run("pg_ctl", "promote", "-D", standby.data_dir)
    assert ask(standby.dsn(), "SELECT pg_is_in_recovery()") is False


def test_several_at_once(newest: Binaries) -> None:
    def live(number: int) -> object:
        with PrivateCluster.create(newest, settings=SCRATCH_SETTINGS) as made:
            made.run("psql", "-c", f"CREATE TABLE t AS SELECT {number} AS n")
            return ask(made.dsn(), "SELECT n FROM t")

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(live, range(3))) == [0, 1, 2]
