"""Facts of indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.domain.server import Database
from pgtune_advisor.rules.facts.base import BLOCK, Context, derived, fact
from pgtune_advisor.rules.facts.replication import standbys

_INDEX = "pg_index"
_USE = "pg_stat_user_indexes"
_DAY: Final = timedelta(days=1)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The progress view shows builds alone: a concurrent drop leaves its index invalid while it waits.
_DROP: Final = re.compile(r"\s*drop\s+index\s+concurrently\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """One index of a table."""

    KIND: ClassVar[str] = "index"
    NEEDS: ClassVar[tuple[str, ...]] = ("indexes", "relations")

    index: Index
    database: str = fact("database of the index", source="pg_database.datname")
    schema: str = fact("schema of the index", source="pg_namespace.nspname")
    name: str = fact("name of the index", source="pg_class.relname")
    table: str = fact("table of the index", source="pg_class.relname")
    access_method: str = fact("btree, gin, gist, …", source="pg_am.amname")
    size_bytes: int = derived("pages of the index", unit="bytes", source="pg_class.relpages")
    table_rows: float | None = fact("estimated rows of the table", source="pg_class.reltuples")
    window_scans: int | None = fact("scans in the window", source=f"{_USE}.idx_scan")
    scans: int | None = fact("scans since the counters began", source=f"{_USE}.idx_scan")
    rows_read: int | None = fact("entries read", source=f"{_USE}.idx_tup_read")
    stats_age_days: float | None = derived(
        "for how long the counters have counted, at least",
        unit="days",
        source="pg_stat_database.stats_reset",
    )
    stats_reset_known: bool | None = derived(
        "that age is exact; else it is a lower bound",
        source="pg_stat_database.stats_reset, pg_stat_wal.stats_reset",
    )
    replica_scans: int | None = derived(
        "scans on all standbys; unknown while one is not read", source=f"{_USE}.idx_scan"
    )
    replicas_checked: int | None = derived(
        "standbys whose counters were read", source="configuration"
    )
    is_unique: bool = fact("enforces uniqueness", source=f"{_INDEX}.indisunique")
    is_primary: bool = fact("backs the primary key", source=f"{_INDEX}.indisprimary")
    backs_constraint: bool = fact("backs a constraint", source="pg_constraint.conindid")
    is_replica_identity: bool = fact("replica identity", source=f"{_INDEX}.indisreplident")
    is_clustered: bool = fact("CLUSTER uses it", source=f"{_INDEX}.indisclustered")
    is_expression: bool = fact("has an expression", source=f"{_INDEX}.indexprs")
    is_partial: bool = fact("has a predicate", source=f"{_INDEX}.indpred")
    is_valid: bool = fact("usable by queries", source=f"{_INDEX}.indisvalid")
    is_ready: bool = fact("maintained by writes", source=f"{_INDEX}.indisready")
    is_live: bool = fact("not being dropped", source=f"{_INDEX}.indislive")
    is_partitioned: bool = fact("index of a partitioned table", source="pg_class.relkind")
    is_partition_child: bool = fact("part of a partitioned index", source="pg_inherits")
    extension: str = fact("extension that owns it, or nothing", source="pg_depend")
    leftover: str = derived(
        "ccnew or ccold where REINDEX CONCURRENTLY left it behind", source="pg_class.relname"
    )
    build_running: bool | None = fact(
        "an index of this table is being built, or one of this database dropped",
        source="pg_stat_progress_create_index, pg_stat_activity.query",
    )

    def subject(self) -> Subject:
        label = f"{self.database}.{qualified(self.schema, self.name)}"
        return Subject(
            kind=self.KIND,
            label=label,
            database=self.database,
            schema=self.schema,
            name=self.name,
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[IndexFacts]:
        rows = {(r.database, r.schema, r.name): r.rows for r in context.snapshot.relations}
        databases = {d.name: d for d in context.snapshot.databases}
        builds = _Builds(context)
        counting = {name: counting_since(context, d) for name, d in databases.items()}
        clock = context.snapshot.server.clock
        replicas = _ReplicaUse(context)
        for index in context.snapshot.indexes:
            delta = context.delta("indexes", index)
            table = (index.database, index.schema, index.table)
            since, exact = counting.get(index.database, (None, None))
            yield cls(
                index=index,
                database=index.database,
                schema=index.schema,
                name=index.name,
                table=index.table,
                access_method=index.access_method,
                size_bytes=index.pages * BLOCK,
                table_rows=rows.get(table),
                window_scans=None if delta is None else delta.scans,
                scans=index.scans,
                rows_read=index.rows_read,
                stats_age_days=max((clock - since) / _DAY, 0.0) if since else None,
                stats_reset_known=exact,
                replica_scans=replicas.scans(index),
                replicas_checked=replicas.checked,
                is_unique=index.is_unique,
                is_primary=index.is_primary,
                backs_constraint=index.constraint_name is not None or index.is_exclusion,
                is_replica_identity=index.is_replica_identity,
                is_clustered=index.is_clustered,
                is_expression=any(index.key_is_expression),
                is_partial=index.has_predicate,
                is_valid=index.is_valid,
                is_ready=index.is_ready,
                is_live=index.is_live,
                is_partitioned=index.is_partitioned,
                is_partition_child=index.parent_name is not None,
                extension=index.extension or "",
                leftover=_leftover(index.name),
                build_running=builds.running(index),
            )


def counting_since(context: Context, database: Database) -> tuple[datetime, bool]:
    """Since when a database's counters have counted at the latest, and whether that is exact.

    A crash discards all counters and, from PostgreSQL 15, forgets the database's own reset. The
    counters of WAL and checkpoints get the moment of the crash (or of initdb), both the same.
    """
    wal = next((row.stats_reset for row in context.snapshot.wal), None)
    checkpoints = next((row.stats_reset for row in context.snapshot.checkpointer), None)
    if database.stats_reset is not None:
        return database.stats_reset, True
    if wal is not None and wal == checkpoints:
        return wal, True
    return max(wal or _LONG_AGO, context.snapshot.server.started_at), False


class _Builds:
    """Where indexes are being built or dropped; unknown where that was not read."""

    def __init__(self, context: Context) -> None:
        self._known = context.has("index_builds", "backends")
        self._tables = {(b.database, b.schema, b.table) for b in context.snapshot.index_builds}
        self._dropping = {
            backend.database
            for backend in context.snapshot.backends
            if backend.state == "active" and _DROP.match(backend.query or "")
        }

    def running(self, index: Index) -> bool | None:
        if not self._known:
            return None
        table = (index.database, index.schema, index.table)
        return table in self._tables or index.database in self._dropping


def _leftover(name: str) -> str:
    stem = name.rstrip("0123456789")
    for suffix in ("ccnew", "ccold"):
        if stem.endswith(f"_{suffix}"):
            return suffix
    return ""


class _ReplicaUse:
    """Scans on standbys: known only when every connected standby was read."""

    def __init__(self, context: Context) -> None:
        self._scans: dict[tuple[str, str, str], int] = {}
        names = set()
        for use in context.snapshot.replica_index_use:
            key = (use.database, use.schema, use.name)
            self._scans[key] = self._scans.get(key, 0) + (use.scans or 0)
            names.add(use.replica)
        self.checked = len(names)
        connected = len(standbys(context)) if context.has("replicas", "backends") else None
        self._complete = connected is not None and connected <= self.checked

    def scans(self, index: Index) -> int | None:
        if not self._complete:
            return None
        return self._scans.get((index.database, index.schema, index.name), 0)
