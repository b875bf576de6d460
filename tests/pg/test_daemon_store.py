"""The store on PostgreSQL: the same scenarios as on SQLite, and what only a server can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from daemon_lab.facts import cycle, snapshot
from daemon_lab.scenarios import SCENARIOS, Scenario
from pgtune_advisor.domain.errors import OutputError, UsageError
from pgtune_advisor.settings import StoreSection
from pgtune_advisor.store import Store
from plugins.databases import Database
from plugins.servers import MakeCluster


def section(dsn: str) -> StoreSection:
    """The socket asks for no password, and the configuration takes none."""
    parts = {key: value for key, value in conninfo_to_dict(dsn).items() if key != "password"}
    return StoreSection(url=f"postgresql:///?{urlencode(parts)}")


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[Store]:
    with Store.open(section(database.dsn), tmp_path) as opened:
        yield opened
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(store: Store, scenario: Scenario) -> None:
    scenario(store)


def test_readers_and_a_second_daemon(store: Store, database: Database, tmp_path: Path) -> None:
    store.record_cycle(cycle(0), snapshot(0))
    with (
        Store.open(section(database.dsn), tmp_path, read_only=True) as reader,
        Store.open(section(database.dsn), tmp_path) as second,
    ):
        second.record_cycle(cycle(1, target="two"), snapshot(1, target="two"))
        assert [target.name for target in reader.targets()] == ["shop", "two"]
        with pytest.raises(OutputError, match="may not be used"):
            reader.record_cycle(cycle(2))


def test_nothing_to_read(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no history"):
        Store.open(section(database.dsn), tmp_path, read_only=True)


def test_a_newer_store_is_refused(database: Database, tmp_path: Path) -> None:
    with Store.open(section(database.dsn), tmp_path) as store, store._engine.begin() as connection:
        connection.execute(text("INSERT INTO pgtune_advisor.schema_version VALUES (99, now())"))
    with pytest.raises(UsageError, match="newer release"):
        Store.open(section(database.dsn), tmp_path)


def test_a_role_that_may_not(database: Database, tmp_path: Path) -> None:
    """It may not make the schema; with a schema of its own it needs no further right."""
    role = database.create_role()
    limited = section(database.dsn_as(role))
    with pytest.raises(OutputError, match="may not be used") as caught:
        Store.open(limited, tmp_path)
    assert "own the schema" in caught.value.hint
    database.execute(f"CREATE SCHEMA pgtune_advisor AUTHORIZATION {role}")
    with Store.open(limited, tmp_path) as store:
        store.record_cycle(cycle(), snapshot())
        assert store.latest_snapshot("shop") == snapshot()
    database.execute("DROP SCHEMA pgtune_advisor CASCADE")


@pytest.mark.pg(">= 15")
def test_the_server_goes_and_comes_back(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster(settings={"synchronous_commit": "on"})
    with Store.open(section(cluster.dsn()), tmp_path) as store:
        store.record_cycle(cycle(0), snapshot(0))
        cluster.kill()
        with pytest.raises(OutputError, match="cannot be reached") as caught:
            store.record_cycle(cycle(1), snapshot(1))
        assert caught.value.exit_code == 2
        assert caught.value.detail
        assert caught.value.hint
        cluster.start()
        store.record_cycle(cycle(2), snapshot(2))
        assert store.latest_snapshot("shop") == snapshot(2)
        assert len(store.cycles("shop")) == 2
