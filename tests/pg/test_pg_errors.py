"""Connections that fail say why, in three parts and without secrets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.domain.errors import AdvisorError, ConfigError, TargetError
from pgtune_advisor.pg.errors import connect_error
from pgtune_advisor.pg.pools import Pools
from plugins.databases import Database
from plugins.servers import MakeCluster
from plugins.targets import without_password


def refusal(dsn: str, database: str | None = None) -> AdvisorError:
    with (
        pytest.raises(AdvisorError) as caught,
        closing(Pools("shop", dsn, max_connections=1)) as pools,
        pools.session(database),
    ):
        pass
    error = caught.value
    assert error.exit_code == (2 if isinstance(error, ConfigError) else 3)
    assert error.hint
    assert "\n" not in error.primary + error.detail
    return error


def primary(dsn: str, database: str | None = None) -> str:
    error = refusal(dsn, database)
    assert isinstance(error, TargetError)
    return error.primary


@pytest.fixture
def cluster(make_cluster: MakeCluster) -> PrivateCluster:
    return make_cluster()


def test_authentication(cluster: PrivateCluster, tmp_path: Path) -> None:
    good = cluster.dsn(tcp=True)
    bad = without_password(make_conninfo(good, password="not the right one"), tmp_path)
    error = refusal(bad)
    assert error.primary == 'target "shop": the server refused the password'
    assert "not the right one" not in " ".join(error.lines())
    assert "passfile" in error.hint

    none = make_conninfo(bad, passfile="/dev/null")
    assert primary(none) == 'target "shop": the server asks for a password'

    hba = Path(cluster.run("psql", "-Atc", "SHOW hba_file").stdout.strip())
    hba.write_text("local all all trust\n")
    cluster.run("psql", "-c", "SELECT pg_reload_conf()")
    await_refusal(bad, "pg_hba.conf does not admit")


def await_refusal(dsn: str, text: str) -> None:
    """The server reads its files again a moment after it was told to."""
    for _ in range(1000):
        found = primary(dsn)
        if "refused the password" not in found:
            assert text in found
            return
    pytest.fail("the server did not read its files again")


def test_names_that_do_not_exist(database: Database) -> None:
    dsn = database.dsn
    assert primary(make_conninfo(dsn, dbname="nowhere")) == (
        'target "shop": the database does not exist'
    )
    assert primary(dsn, "nowhere") == (
        'target "shop", database "nowhere": the database does not exist'
    )
    assert primary(make_conninfo(dsn, user="nobody")) == 'target "shop": the role does not exist'


def test_rights_to_connect(database: Database, tmp_path: Path) -> None:
    role = database.create_role("LOGIN")
    barred = database.create_role("NOLOGIN")
    database.execute(f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC")
    dsn = without_password(database.dsn_as(role), tmp_path)
    assert primary(dsn).endswith("the role may not connect to the database")
    assert primary(without_password(database.dsn_as(barred), tmp_path)).endswith(
        "the role may not log in"
    )


def test_too_many_connections(database: Database, tmp_path: Path) -> None:
    role = database.create_role("LOGIN CONNECTION LIMIT 1")
    database.connect(role)
    dsn = without_password(database.dsn_as(role), tmp_path)
    assert primary(dsn) == 'target "shop": the server has no free connection'


def test_addresses(database: Database, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        refused = f"host=127.0.0.1 port={port} dbname=x user=x"
        assert primary(refused) == 'target "shop": no server answers'
    assert primary(f"host={tmp_path} dbname=x user=x") == 'target "shop": no server answers'
    assert primary("host=no.such.host.invalid dbname=x user=x") == (
        'target "shop": the host name cannot be resolved'
    )


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_does_not_answer() -> None:
    with silent_server() as port:
        found = primary(f"host=127.0.0.1 port={port} dbname=x user=x connect_timeout=2")
    assert found == 'target "shop": the server does not answer in time'


def test_a_server_that_stops(cluster: PrivateCluster) -> None:
    dsn = cluster.dsn()
    cluster.stop()
    assert primary(dsn) == 'target "shop": no server answers'


def test_a_dsn_that_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    error = refusal("host localhost password=hunter2")
    assert isinstance(error, ConfigError)
    assert error.primary == "the dsn is not valid"
    assert "hunter2" not in " ".join(error.lines())
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert primary("service=shop") == 'target "shop": the libpq service of the dsn is not defined'
    (tmp_path / "services").write_text("[other]\nhost=x\n")
    assert primary("service=shop") == 'target "shop": the libpq service of the dsn is not defined'


@pytest.mark.parametrize(
    ("text", "primary"),
    [
        ("FATAL:  the database system is starting up", "does not accept connections now"),
        ("FATAL:  the database system is shutting down", "does not accept connections now"),
        ("FATAL:  the database system is not yet accepting connections", "does not accept"),
        ("FATAL:  sorry, too many clients already", "no free connection"),
        ("FATAL:  remaining connection slots are reserved for roles", "no free connection"),
        ('FATAL:  Peer authentication failed for user "x"', "refused the role"),
        ("server does not support SSL, but SSL was required", "encrypted connection"),
        ("SSL error: certificate verify failed", "encrypted connection"),
        ("timeout expired", "does not answer in time"),
        ("FATAL:  Kennwort-Anmeldung fehlgeschlagen", "the connection failed"),
    ],
)
def test_what_servers_say(text: str, primary: str) -> None:
    error = connect_error(
        psycopg.OperationalError(f"connection failed: {text} password=hunter2"), "x"
    )
    assert primary in error.primary
    assert "hunter2" not in error.detail
    assert error.detail.startswith(text.replace("  ", " "))
