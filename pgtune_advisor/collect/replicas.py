"""How often the standbys of a target scan its indexes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.domain.errors import TargetError
from pgtune_advisor.domain.objects import ReplicaIndexUse
from pgtune_advisor.domain.server import Server
from pgtune_advisor.pg.pools import Pools
from pgtune_advisor.pg.rows import IndexUse, SystemIdentifier
from pgtune_advisor.pg.session import Session
from pgtune_advisor.settings import TargetSection

TABLE = "replica_index_use"


def read_replicas(
    cycle: Cycle, target: TargetSection, databases: Iterable[str], identifier: str | None
) -> None:
    """Read each configured standby, one connection at a time, closed afterwards."""
    if not target.replicas:
        cycle.add(TABLE, [])
    for name, dsn in target.replicas.items():
        with closing(Pools(f"{target.name}, replica {name}", dsn, max_connections=1)) as pools:
            for database in databases:
                if not _read(cycle, pools, name, database, identifier):
                    break


def _read(cycle: Cycle, pools: Pools, name: str, database: str, identifier: str | None) -> bool:
    source = f"{TABLE}:{name}"
    try:
        with pools.session(database) as session:
            if not _is_standby(cycle, session, source, identifier):
                return False
            uses: list[IndexUse] | None = cycle.read(session, "index_use", source)
    except TargetError as error:
        cycle.gap_of(source, error)
        return False
    if uses is None:
        return False
    cycle.add(
        TABLE,
        [
            ReplicaIndexUse(
                replica=name,
                database=use.database,
                schema=use.schema,
                name=use.name,
                scans=use.scans,
                stats_reset=use.stats_reset,
            )
            for use in uses
        ],
    )
    return True


def _is_standby(cycle: Cycle, session: Session, source: str, identifier: str | None) -> bool:
    """Whether the server is a standby of the target: another server's counters would mislead."""
    server: list[Server] | None = cycle.read(session, "server", source)
    if server is None:
        return False
    if not server[0].in_recovery:
        cycle.gap(source, "it is not a standby", "Correct its dsn under [targets.replicas].")
        return False
    if identifier is None:
        return True
    own: list[SystemIdentifier] | None = cycle.read(session, "system_identifier", source)
    if own and own[0].system_identifier != identifier:
        cycle.gap(
            source,
            "it is a standby of another server",
            f"Its system identifier is {own[0].system_identifier}, the target's {identifier}:"
            " correct its dsn under [targets.replicas].",
        )
        return False
    return True
