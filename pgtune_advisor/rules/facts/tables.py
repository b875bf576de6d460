"""Facts of tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact
from pgtune_advisor.rules.facts.horizon import Holder, oldest_of

_STAT = "pg_stat_user_tables"
_DEAD_ROWS: Final = 100_000
_LEAST_SCALE: Final = 0.001
_STAGING = ("tmp", "temp", "staging", "stage", "stg", "load", "import")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """One table or materialised view."""

    KIND: ClassVar[str] = "table"
    NEEDS: ClassVar[tuple[str, ...]] = ("relations", "settings")

    relation: Relation
    database: str = fact("database of the table", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    name: str = fact("name of the table", source="pg_class.relname")
    kind: str = fact("r table, p partitioned, m materialised view", source="pg_class.relkind")
    persistence: str = fact("p permanent, u unlogged", source="pg_class.relpersistence")
    is_partition: bool = fact("partition of another table", source="pg_class.relispartition")
    extension: str = fact("extension that owns it, or nothing", source="pg_depend")
    is_staging: bool = derived("named like a staging table", source="pg_class.relname")
    rows: float | None = fact("estimated rows", source="pg_class.reltuples")
    size_bytes: int = derived("heap pages", unit="bytes", source="pg_class.relpages")
    live_rows: int | None = fact("live rows", source=f"{_STAT}.n_live_tup")
    dead_rows: int | None = fact("dead rows", source=f"{_STAT}.n_dead_tup")
    vacuum_threshold: float | None = derived(
        "dead rows at which autovacuum acts on this table",
        unit="rows",
        source="reloptions, pg_settings",
    )
    vacuum_scale_target: float | None = derived(
        "half of autovacuum_vacuum_scale_factor, less where that is still over 100,000 rows",
        source="reloptions, pg_settings",
    )
    modified_rows: int | None = fact(
        "rows modified since ANALYZE", source=f"{_STAT}.n_mod_since_analyze"
    )
    analyze_threshold: float | None = derived(
        "modified rows at which autoanalyze acts on this table",
        unit="rows",
        source="reloptions, pg_settings",
    )
    never_analyzed: bool | None = derived(
        "no column has statistics, and no ANALYZE is on record",
        source=f"{_STAT}.last_analyze, pg_stats",
    )
    changes: int | None = fact(
        "rows inserted, updated and deleted in the window", source=f"{_STAT}.n_tup_*"
    )
    autovacuum_off: bool = fact("autovacuum_enabled = off", source="pg_class.reloptions")
    vacuum_running: bool | None = fact("a vacuum runs", source="pg_stat_progress_vacuum")
    horizon_holder: str | None = derived(
        "who keeps rows of this database that died since, for ten minutes or a million "
        "transactions by now; or nothing",
        source="pg_stat_activity, pg_prepared_xacts, pg_replication_slots, pg_stat_replication",
    )
    horizon_held_ms: float | None = derived(
        "for how long, where that is known", unit="ms", source="pg_stat_activity.xact_start"
    )
    vacuum_age_ms: float | None = derived(
        "time since the last vacuum", unit="ms", source=f"{_STAT}.last_autovacuum"
    )
    xid_age: int | None = fact(
        "age of relfrozenxid, TOAST included", unit="transactions", source="pg_class.relfrozenxid"
    )
    has_primary_key: bool | None = fact("has a primary key", source="pg_index.indisprimary")
    has_usable_key: bool | None = derived(
        "has a valid unique index on NOT NULL columns", source="pg_index"
    )
    sequential_scans: int | None = fact(
        "sequential scans in the window", source=f"{_STAT}.seq_scan"
    )

    def subject(self) -> Subject:
        return table_subject(self.KIND, self.database, self.schema, self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[TableFacts]:
        """The rows, made once an evaluation: facts of autovacuum are made from them, too."""
        made: list[TableFacts] | None = context.shared.get(cls.KIND)
        if made is None:
            made = context.shared[cls.KIND] = list(cls._build(context))
        return iter(made)

    @classmethod
    def _build(cls, context: Context) -> Iterator[TableFacts]:
        keys = _Keys(context)
        vacuumed = {(v.database, v.table) for v in context.snapshot.vacuums}
        analyzed = _Analyzed(context)
        for relation in context.snapshot.relations:
            options = dict(option.split("=", 1) for option in relation.options)
            holder = _long_holder(context, relation)
            delta = context.delta("relations", relation)
            label = (relation.database, qualified(relation.schema, relation.name))
            last = [relation.last_vacuum, relation.last_autovacuum]
            ages = [age for moment in last if (age := context.age_ms(moment)) is not None]
            yield cls(
                relation=relation,
                database=relation.database,
                schema=relation.schema,
                name=relation.name,
                kind=relation.kind,
                persistence=relation.persistence,
                is_partition=relation.is_partition,
                extension=relation.extension or "",
                is_staging=_staging(relation),
                rows=relation.rows,
                size_bytes=relation.pages * BLOCK,
                live_rows=relation.live_rows,
                dead_rows=relation.dead_rows,
                vacuum_threshold=threshold(context, relation, options, "vacuum"),
                vacuum_scale_target=_scale_target(context, relation, options),
                modified_rows=relation.modified_since_analyze,
                analyze_threshold=threshold(context, relation, options, "analyze"),
                never_analyzed=analyzed.never(relation),
                changes=None if delta is None else _written(delta),
                autovacuum_off=is_off(options.get("autovacuum_enabled", "on")),
                vacuum_running=(label in vacuumed) if context.has("vacuums") else None,
                horizon_holder=holder.label if holder else _nobody(context),
                horizon_held_ms=holder.held_ms if holder else None,
                vacuum_age_ms=min(ages, default=None),
                xid_age=_oldest(relation.xid_age, relation.toast_xid_age),
                has_primary_key=keys.primary(relation),
                has_usable_key=keys.usable(relation),
                sequential_scans=None if delta is None else delta.seq_scans,
            )


def table_subject(kind: str, database: str, schema: str, name: str) -> Subject:
    """The subject that a table is; its label is `database.schema.name`, quoted where needed."""
    label = f"{database}.{qualified(schema, name)}"
    return Subject(kind=kind, label=label, database=database, schema=schema, name=name)


def threshold(
    context: Context, relation: Relation, options: dict[str, str], what: str
) -> float | None:
    """Rows at which autovacuum (`what` = vacuum) or autoanalyze acts: the table's own, else global.

    As PostgreSQL: threshold + scale factor × reltuples, from 18 at most its max_threshold.
    """
    base = _option(context, options, f"autovacuum_{what}_threshold")
    scale = _option(context, options, f"autovacuum_{what}_scale_factor")
    if base is None or scale is None:
        return None
    rows = relation.rows if relation.rows is not None else relation.live_rows or 0
    bar = base + scale * rows
    cap = _option(context, options, f"autovacuum_{what}_max_threshold")
    return min(bar, cap) if cap is not None and cap >= 0 else bar


def _option(context: Context, options: dict[str, str], name: str) -> float | None:
    return float(options[name]) if name in options else context.number(name)


def _written(delta: Relation) -> int | None:
    changed = add(delta.inserts, delta.updates, delta.deletes)
    return None if changed is None else int(changed)


def _oldest(*ages: int | None) -> int | None:
    return max((age for age in ages if age is not None), default=None)


def _staging(relation: Relation) -> bool:
    words = relation.name.lower().replace("-", "_").split("_")
    return any(word in _STAGING for word in words) or relation.schema.lower() in _STAGING


def _scale_target(context: Context, relation: Relation, options: dict[str, str]) -> float | None:
    """A scale factor to two significant digits; what is lower than 0.001 already stays."""
    scale = _option(context, options, "autovacuum_vacuum_scale_factor")
    if scale is None or scale <= _LEAST_SCALE:
        return scale
    rows = relation.rows if relation.rows is not None else relation.live_rows or 0
    wanted = min(scale / 2, _DEAD_ROWS / rows if rows > 0 else scale / 2)
    return float(f"{max(wanted, _LEAST_SCALE):.2g}")


def is_off(value: str) -> bool:
    """Whether a Boolean storage parameter, which is kept as it was written, is off."""
    return value.lower() in ("0", "of", "off", "f", "fa", "fal", "fals", "false", "n", "no")


def _long_holder(context: Context, relation: Relation) -> Holder | None:
    found = oldest_of(context, relation.database)
    return found if found is not None and found.is_long else None


def _nobody(context: Context) -> str | None:
    known = context.has("backends", "slots", "prepared_transactions", "replicas")
    return "" if known else None


class _Analyzed:
    """Which tables have statistics: a reset of the counters forgets when they were analysed."""

    def __init__(self, context: Context) -> None:
        self._known = context.has("columns")
        self._some: set[tuple[str, str, str]] = set()
        self._hidden: set[tuple[str, str, str]] = set()
        for c in context.snapshot.columns:
            if c.has_statistics:
                self._some.add((c.database, c.schema, c.table))
            elif c.has_statistics is None:
                self._hidden.add((c.database, c.schema, c.table))

    def never(self, relation: Relation) -> bool | None:
        table = (relation.database, relation.schema, relation.name)
        if relation.last_analyze or relation.last_autoanalyze or table in self._some:
            return False
        # ANALYZE counts the rows: a table that was never counted was never analysed.
        if relation.rows is None:
            return True
        return True if self._known and table not in self._hidden else None


class _Keys:
    """Primary and other unique keys by table; unknown where the indexes were not read."""

    def __init__(self, context: Context) -> None:
        self._known = context.has("indexes", "columns")
        self._unique: dict[tuple[str, str, str], list[Index]] = defaultdict(list)
        for index in context.snapshot.indexes:
            if index.is_unique:
                self._unique[index.database, index.schema, index.table].append(index)
        self._not_null: set[tuple[str, str, str, str]] = set()
        if self._unique:
            self._not_null = {
                (c.database, c.schema, c.table, c.name)
                for c in context.snapshot.columns
                if c.not_null
            }

    def primary(self, relation: Relation) -> bool | None:
        found = self._unique.get((relation.database, relation.schema, relation.name), [])
        return any(index.is_primary for index in found) if self._known else None

    def usable(self, relation: Relation) -> bool | None:
        table = (relation.database, relation.schema, relation.name)
        if not self._known:
            return None
        return any(self._identifies(table, index) for index in self._unique.get(table, []))

    def _identifies(self, table: tuple[str, str, str], index: Index) -> bool:
        plain = not any(index.key_is_expression) and not index.has_predicate and index.is_valid
        return plain and all((*table, str(key)) in self._not_null for key in index.keys)
