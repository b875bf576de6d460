"""Every rule on real servers: the smell is made, found, mended as advised, and gone."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from plugins.databases import Database
from plugins.pool import ServerPool, fits
from plugins.servers import LOCAL, MAJORS, MakeCluster, MakeStandby
from rules.casefile import Live, case_files
from rules.live import LiveCase, Place

_CASES = [
    (rule, number, live)
    for rule, found in case_files().items()
    for number, live in enumerate(found.lives, 1)
]
_OWN_DATABASE = "shop"


def _majors(config: pytest.Config, live: Live) -> Sequence[int]:
    """The majors at hand that a case wants; a cluster of its own must be of this machine."""
    majors = config.stash[MAJORS]
    if live.needs_cluster or live.pgbench:
        majors = [major for major in majors if major in config.stash[LOCAL]]
    spec = live.majors.removeprefix("newest").strip()
    fitting = [major for major in majors if not spec or fits(major, spec)]
    return fitting[:1] if live.majors.startswith("newest") else fitting


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    params = [
        pytest.param(rule, live, major, id=f"{rule}-{number}-pg{major}")
        for rule, number, live in _CASES
        for major in _majors(metafunc.config, live)
    ]
    metafunc.parametrize(("rule", "live", "major"), params)


def test_live(
    rule: str,
    live: Live,
    major: int,
    server_pool: ServerPool,
    make_cluster: MakeCluster,
    make_standby: MakeStandby,
) -> None:
    if not live.needs_cluster:
        server = server_pool.get(major)
        with Database.create(server) as database:
            place = Place(
                database=database.name, dsn=server.dsn, cluster=server.cluster, is_own=False
            )
            LiveCase(rule=rule, live=live, place=place).run()
        return
    cluster = make_cluster(major, settings=live.settings, preload=live.preload)
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_OWN_DATABASE}".encode())
    place = Place(database=_OWN_DATABASE, dsn=cluster.dsn, cluster=cluster, is_own=True)
    if live.standby:
        place.standby = make_standby(cluster, settings=live.standby_settings, slot=live.slot)
        place.wait_for("SELECT bool_and(state = 'streaming') FROM pg_stat_replication")
    LiveCase(rule=rule, live=live, place=place).run()
