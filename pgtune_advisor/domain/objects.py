"""What a database holds: tables, columns, indexes, constraints, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pgtune_advisor.domain.row import Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table, partitioned table or materialised view with its counters.

    `kind` is pg_class.relkind (r, p, m), `rows` the planner's estimate (None: never counted).
    `options` and `toast_options` are reloptions as `name=value`. Ages are in transactions.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    name: str
    kind: str
    persistence: str
    owner: str
    is_partition: bool
    parent_schema: str | None
    parent_name: str | None
    extension: str | None
    replica_identity: str
    options: tuple[str, ...]
    toast_options: tuple[str, ...]
    rows: float | None
    pages: int
    toast_pages: int
    all_visible_pages: int
    xid_age: int | None
    mxid_age: int | None
    toast_xid_age: int | None
    toast_mxid_age: int | None
    live_rows: int | None
    dead_rows: int | None
    modified_since_analyze: int | None
    inserted_since_vacuum: int | None
    toast_dead_rows: int | None
    seq_scans: Counter
    seq_rows_read: Counter
    index_scans: Counter
    index_rows_fetched: Counter
    inserts: Counter
    updates: Counter
    deletes: Counter
    hot_updates: Counter
    newpage_updates: Counter
    heap_blocks_read: Counter
    heap_blocks_hit: Counter
    vacuums: Counter
    autovacuums: Counter
    analyzes: Counter
    autoanalyzes: Counter
    last_vacuum: datetime | None
    last_autovacuum: datetime | None
    last_analyze: datetime | None
    last_autoanalyze: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and what pg_stats tells of it, values left out.

    `n_distinct` as in pg_stats (negative: a fraction of the rows). `has_statistics` is None where
    this role may not see the table's statistics.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "table", "name")

    database: str
    schema: str
    table: str
    name: str
    position: int
    type: str
    not_null: bool
    has_default: bool
    identity: str
    generated: str
    has_statistics: bool | None
    null_fraction: float | None
    n_distinct: float | None
    average_width: int | None
    correlation: float | None
    top_frequency: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index in its full identity.

    `keys` are column names or, where `key_is_expression`, the expression's text (None when a lock
    on the table kept us from reading it). `opclasses`, `collations` (None: the type's default) and
    `orders` run parallel to `keys`; an order is '', 'DESC', 'NULLS FIRST' or 'DESC NULLS LAST'.
    An opclass is None where it is the type's default; `opclass_names` are always spelt out.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    table: str
    name: str
    access_method: str
    keys: tuple[str | None, ...]
    key_is_expression: tuple[bool, ...]
    opclasses: tuple[str | None, ...]
    opclass_names: tuple[str, ...]
    collations: tuple[str | None, ...]
    orders: tuple[str, ...]
    include: tuple[str, ...]
    has_predicate: bool
    predicate: str | None
    is_unique: bool
    nulls_not_distinct: bool
    is_primary: bool
    is_exclusion: bool
    constraint_name: str | None
    is_valid: bool
    is_ready: bool
    is_live: bool
    is_clustered: bool
    is_replica_identity: bool
    is_partitioned: bool
    parent_schema: str | None
    parent_name: str | None
    extension: str | None
    options: tuple[str, ...]
    tablespace: str | None
    pages: int
    rows: float | None
    scans: Counter
    rows_read: Counter
    rows_fetched: Counter
    last_scan: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaIndexUse:
    """How often a standby scanned an index; `replica` is its name in the configuration."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("replica", "database", "schema", "name")

    replica: str
    database: str
    schema: str
    name: str
    scans: Counter
    stats_reset: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A constraint; `type` is pg_constraint.contype, actions are pg_constraint's letters."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "table", "name")

    database: str
    schema: str
    table: str
    name: str
    type: str
    columns: tuple[str, ...]
    foreign_schema: str | None
    foreign_table: str | None
    foreign_columns: tuple[str, ...]
    on_update: str | None
    on_delete: str | None
    is_validated: bool
    is_inherited: bool
    index_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence and one column that it feeds (None: it feeds none that the catalogue knows).

    `last_value` is None where it was never used, may not be read, or is locked.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name", "table", "column")

    database: str
    schema: str
    name: str
    table_schema: str | None
    table: str | None
    column: str | None
    column_type: str | None
    data_type: str
    increment: int
    min_value: int
    max_value: int
    cycles: bool
    last_value: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBuild:
    """A CREATE INDEX or REINDEX that runs now."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "table", "name")

    database: str
    schema: str
    table: str
    name: str
    phase: str
