"""Facts of autovacuum: where it is on, and whether its workers suffice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.rules.facts.base import Context, derived, fact
from pgtune_advisor.rules.facts.load import sessions_hidden
from pgtune_advisor.rules.facts.server import server_subject
from pgtune_advisor.rules.facts.tables import TableFacts, is_off, table_subject

_SETTINGS = "pg_settings"
_COST_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AutovacuumFacts:
    """Autovacuum's workers and the tables that wait for one."""

    KIND: ClassVar[str] = "autovacuum"
    NEEDS: ClassVar[tuple[str, ...]] = ("backends", "relations", "settings")

    enabled: bool = fact("autovacuum = on", source=_SETTINGS)
    counting: bool = fact("track_counts = on, without which it cannot work", source=_SETTINGS)
    workers: int | None = derived(
        "workers that run; unknown where this role may not see them",
        source="pg_stat_activity.backend_type",
    )
    max_workers: int | None = fact("autovacuum_max_workers", source=_SETTINGS)
    tables_waiting: int = derived(
        "tables whose dead rows are beyond their threshold", source="pg_stat_user_tables"
    )
    cost_limit: float | None = derived("cost limit in force", source=_SETTINGS)
    cost_delay_ms: float | None = fact("autovacuum_vacuum_cost_delay", unit="ms", source=_SETTINGS)
    remedy: str = derived(
        "the setting to raise: the cost limit, which all workers share, while it slows them; else "
        "their number",
        source=_SETTINGS,
    )
    remedy_value: int | None = derived("its value to try next", source=_SETTINGS)

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[AutovacuumFacts]:
        workers = context.number("autovacuum_max_workers")
        limit = context.number("autovacuum_vacuum_cost_limit")
        if limit is not None and limit < 0:
            limit = context.number("vacuum_cost_limit")
        delay = context.number("autovacuum_vacuum_cost_delay")
        remedy, value = _remedy(context, workers, limit, delay)
        yield cls(
            enabled=bool(context.setting("autovacuum")),
            counting=bool(context.setting("track_counts")),
            workers=None if sessions_hidden(context) else _running(context),
            max_workers=None if workers is None else int(workers),
            tables_waiting=sum(_waits(table) for table in TableFacts.build(context)),
            cost_limit=limit,
            cost_delay_ms=delay,
            remedy=remedy,
            remedy_value=None if value is None else int(value),
        )


def _running(context: Context) -> int:
    return sum(b.backend_type == "autovacuum worker" for b in context.snapshot.backends)


def _remedy(
    context: Context, workers: float | None, limit: float | None, delay: float | None
) -> tuple[str, float | None]:
    if delay and limit is not None and limit < _COST_MOST:
        return "autovacuum_vacuum_cost_limit", min(limit * 2, _COST_MOST)
    if workers is None:
        return "autovacuum_max_workers", None
    slots = context.number("autovacuum_worker_slots")
    more = workers + 2
    return "autovacuum_max_workers", more if slots is None else min(more, slots)


def _waits(table: TableFacts) -> bool:
    over = (table.dead_rows or 0) > (table.vacuum_threshold or float("inf"))
    return over and not table.autovacuum_off and not table.vacuum_running


@dataclass(frozen=True, slots=True, kw_only=True)
class AutovacuumScopeFacts:
    """The server, and each table that sets autovacuum_enabled: where autovacuum can be off."""

    KIND: ClassVar[str] = "autovacuum_scope"
    NEEDS: ClassVar[tuple[str, ...]] = ("relations", "settings")

    relation: Relation | None
    scope: str = derived("server, table or toast", source="pg_settings, pg_class.reloptions")
    enabled: bool = fact("autovacuum may run here", source="pg_settings, pg_class.reloptions")
    cause: str = derived("the setting that decides", source="pg_settings, pg_class.reloptions")
    rows: int | None = fact("live rows", source="pg_stat_user_tables.n_live_tup")
    changes: int | None = fact(
        "rows inserted, updated and deleted in the window", source="pg_stat_user_tables.n_tup_*"
    )
    extension: str = fact("extension that owns the table, or nothing", source="pg_depend")
    name: str = fact("table, or nothing for the server", source="pg_class.relname")

    def subject(self) -> Subject:
        if self.relation is None:
            return server_subject(self.KIND)
        r = self.relation
        subject = table_subject("table", r.database, r.schema, r.name)
        return (
            replace(subject, label=f"{subject.label}/toast") if self.scope == "toast" else subject
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[AutovacuumScopeFacts]:
        enabled = bool(context.setting("autovacuum"))
        counting = bool(context.setting("track_counts"))
        yield cls(
            relation=None,
            scope="server",
            enabled=enabled and counting,
            cause="track_counts" if enabled and not counting else "autovacuum",
            rows=0,
            changes=0,
            extension="",
            name="",
        )
        for table in TableFacts.build(context):
            for prefix, options in _options(table.relation):
                if "autovacuum_enabled" not in options:
                    continue
                yield cls(
                    relation=table.relation,
                    scope="toast" if prefix else "table",
                    enabled=not is_off(options["autovacuum_enabled"]),
                    cause=f"{prefix}autovacuum_enabled",
                    rows=table.live_rows,
                    changes=table.changes,
                    extension=table.extension,
                    name=qualified(table.schema, table.name),
                )


def _options(relation: Relation) -> Iterator[tuple[str, dict[str, str]]]:
    """The storage parameters of a table and of its TOAST table, with the prefix to set them."""
    for prefix, options in (("", relation.options), ("toast.", relation.toast_options)):
        yield prefix, dict(option.split("=", 1) for option in options)
