"""systemd's credentials: a passfile that libpq accepts, a service file that it finds."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.pg import credentials
from pgtune_advisor.pg.conninfo import connection_string
from pgtune_advisor.pg.pools import Pools
from plugins.servers import MakeCluster


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGPASSFILE", "PGPASSWORD", "PGSERVICEFILE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cluster(make_cluster: MakeCluster) -> PrivateCluster:
    return make_cluster()


def connects(dsn: str) -> bool:
    with closing(Pools("t", dsn, max_connections=1)) as pools, pools.session() as session:
        return session.server_version > 0


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o644])
def test_passfile(
    mode: int, cluster: PrivateCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd may show 0440: libpq ignores such a file, so it is handed a private copy."""
    credential = tmp_path / "pgpass"
    credential.write_text(f"*:*:*:*:{cluster.password}\n")
    credential.chmod(mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    dsn = make_conninfo(cluster.dsn(tcp=True), password=None)
    dsn = " ".join(f"{k}={v}" for k, v in conninfo_to_dict(dsn).items() if k != "password")
    assert connects(dsn)
    passfile = Path(str(conninfo_to_dict(connection_string(dsn))["passfile"]))
    assert not passfile.stat().st_mode & 0o077
    assert (passfile == credential) == (mode == 0o400)


def test_a_copy_follows_a_changed_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = tmp_path / "pgpass"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for content in ("first", "second, which is longer", "3"):
        credential.write_text(content)
        credential.chmod(0o440)
        found = credentials.passfile(os.environ)
        assert found is not None
        assert Path(found).read_text() == content


def test_service_file(
    cluster: PrivateCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = conninfo_to_dict(cluster.dsn())
    lines = [f"{key}={value}\n" for key, value in params.items()]
    (tmp_path / "pg_service.conf").write_text("[shop]\n" + "".join(lines))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    environ = dict(os.environ)
    credentials.use_service_file(environ)
    assert environ["PGSERVICEFILE"] == str(tmp_path / "pg_service.conf")
    monkeypatch.setenv("PGSERVICEFILE", environ["PGSERVICEFILE"])
    assert connects("service=shop")


def test_what_the_operator_says_wins(tmp_path: Path) -> None:
    (tmp_path / "pgpass").write_text("x")
    (tmp_path / "pg_service.conf").write_text("x")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "PGSERVICEFILE": "/mine"}
    credentials.use_service_file(environ)
    assert environ["PGSERVICEFILE"] == "/mine"
    assert credentials.passfile(environ | {"PGPASSFILE": "/mine"}) is None
    assert credentials.passfile({}) is None
    assert credentials.passfile({"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}) is None


def test_bounds_give_way_to_the_dsn() -> None:
    params = conninfo_to_dict(connection_string("dbname=x connect_timeout=9 sslmode=require", "y"))
    assert params["connect_timeout"] == "9"
    assert params["tcp_user_timeout"] == "30000"
    assert params["dbname"] == "y"
    assert params["sslmode"] == "require"
    assert params["application_name"] == "pgtune-advisor"
