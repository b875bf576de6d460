"""All that was read from one target in one cycle."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Final, get_args, get_origin, get_type_hints

from pgtune_advisor.domain.activity import (
    Backend,
    LockWait,
    PreparedTransaction,
    Replica,
    Slot,
    VacuumProgress,
)
from pgtune_advisor.domain.custom import CustomFact
from pgtune_advisor.domain.log_bursts import LogBurst
from pgtune_advisor.domain.objects import (
    Column,
    Constraint,
    Index,
    IndexBuild,
    Relation,
    ReplicaIndexUse,
    Sequence,
)
from pgtune_advisor.domain.schema import (
    ColumnCollation,
    ColumnValues,
    ExtendedStatistics,
    Locale,
    Partitioning,
    UserType,
    View,
)
from pgtune_advisor.domain.server import (
    Checkpointer,
    ClockCost,
    Database,
    DatabaseSize,
    Extension,
    Host,
    IoCounters,
    Server,
    Setting,
    Wal,
)
from pgtune_advisor.domain.statements import Statement, StatementsInfo, StatementText

SNAPSHOT_VERSION: Final = 1
DATABASE: Final = "database"
# Values of rows, as statistics keep them: read only when asked, and never stored by the daemon.
DATA_TABLES: Final = frozenset({"column_values"})
# What comes from the server's log and from no query.
LOG_TABLES: Final = frozenset({"log_bursts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read: which source, why, and what would help.

    `source` is a table, or `table:database` (`table:replica`) where only a part is missing;
    `database:name` for a database that could not be entered, `server`, or `host`.
    """

    source: str
    reason: str
    hint: str = ""

    @property
    def head(self) -> str:
        """The table, `database`, `server` or `host`."""
        return self.source.split(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One cycle's facts.

    `collected` names the tables that this cycle read: an empty table that is not among them is
    unknown, and a gap says why.
    """

    target: str
    taken_at: datetime
    server: Server
    collected: frozenset[str]
    host: Host = field(default_factory=Host)
    settings: tuple[Setting, ...] = ()
    extensions: tuple[Extension, ...] = ()
    databases: tuple[Database, ...] = ()
    database_sizes: tuple[DatabaseSize, ...] = ()
    checkpointer: tuple[Checkpointer, ...] = ()
    wal: tuple[Wal, ...] = ()
    io: tuple[IoCounters, ...] = ()
    clock_cost: tuple[ClockCost, ...] = ()
    relations: tuple[Relation, ...] = ()
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    replica_index_use: tuple[ReplicaIndexUse, ...] = ()
    index_builds: tuple[IndexBuild, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    views: tuple[View, ...] = ()
    user_types: tuple[UserType, ...] = ()
    partitioning: tuple[Partitioning, ...] = ()
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    column_collations: tuple[ColumnCollation, ...] = ()
    locales: tuple[Locale, ...] = ()
    column_values: tuple[ColumnValues, ...] = ()
    statements: tuple[Statement, ...] = ()
    statement_texts: tuple[StatementText, ...] = ()
    statements_info: tuple[StatementsInfo, ...] = ()
    backends: tuple[Backend, ...] = ()
    lock_waits: tuple[LockWait, ...] = ()
    prepared_transactions: tuple[PreparedTransaction, ...] = ()
    replicas: tuple[Replica, ...] = ()
    slots: tuple[Slot, ...] = ()
    vacuums: tuple[VacuumProgress, ...] = ()
    log_bursts: tuple[LogBurst, ...] = ()
    custom: tuple[CustomFact, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def over(self, base: Snapshot) -> Snapshot:
        """This cycle's tables, and for those that it did not read, the ones of `base`."""
        kept = base.collected - self.collected
        older = {name: getattr(base, name) for name in kept}
        mine = {gap.source for gap in self.gaps}
        gaps = tuple(
            gap
            for gap in base.gaps
            if gap.source not in mine and (gap.head in kept or gap.head not in row_tables())
        )
        return replace(
            self, collected=self.collected | kept, gaps=self.gaps + gaps, host=base.host, **older
        )

    def without_data(self) -> Snapshot:
        """This snapshot without what are values of the target's rows, and without their gaps."""
        empty: dict[str, Any] = dict.fromkeys(DATA_TABLES, ())
        gaps = tuple(gap for gap in self.gaps if gap.head not in DATA_TABLES)
        return replace(self, collected=self.collected - DATA_TABLES, gaps=gaps, **empty)

    def data_gaps(self) -> tuple[Gap, ...]:
        """Why values of the target's rows could not be read."""
        return tuple(gap for gap in self.gaps if gap.head in DATA_TABLES)

    def missing(self, table: str) -> Gap | None:
        """The gap that explains why `table` is empty or partial, if there is one."""
        return next((gap for gap in self.gaps if gap.head in (table, DATABASE)), None)


@cache
def row_tables() -> dict[str, Any]:
    """Snapshot's table fields and the row type of each."""
    hints = get_type_hints(Snapshot)
    return {
        f.name: get_args(hints[f.name])[0]
        for f in fields(Snapshot)
        if get_origin(hints[f.name]) is tuple and f.name != "gaps"
    }
