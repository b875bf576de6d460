"""Facts of what the server keeps for those who want to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.statements import StatementsInfo
from pgtune_advisor.rules.facts.base import Context, derived, fact, per_second
from pgtune_advisor.rules.facts.server import server_subject

_SETTINGS = "pg_settings"
# Entries of pg_stat_statements beyond which every reading costs the server too much.
_STATEMENTS_MOST: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringFacts:
    """What the server keeps for those who want to know."""

    KIND: ClassVar[str] = "monitoring"
    NEEDS: ClassVar[tuple[str, ...]] = ("settings",)

    io_timing: bool | None = fact("track_io_timing = on", source=_SETTINGS)
    clock_cost_ns: float | None = fact(
        "one reading of the clock, at most", unit="ns", source="clock_timestamp()"
    )
    preload_libraries: str | None = fact("shared_preload_libraries", source=_SETTINGS)
    statements_preloaded: bool | None = derived(
        "pg_stat_statements is preloaded", source="shared_preload_libraries"
    )
    statements_installed: bool | None = derived(
        "pg_stat_statements is created in a database that was read", source="pg_extension"
    )
    statements_available: bool | None = derived(
        "the server has the files of pg_stat_statements", source="pg_available_extensions"
    )
    statements_max: int | None = fact("pg_stat_statements.max", source=_SETTINGS)
    statements_max_target: int | None = derived(
        "twice pg_stat_statements.max; the same where that would be over 20,000",
        source=_SETTINGS,
    )
    evictions: int | None = fact(
        "how often the least used 5 % of the statements were thrown away in the window",
        source="pg_stat_statements_info.dealloc",
    )
    evictions_per_hour: float | None = derived(
        "the same an hour", source="pg_stat_statements_info.dealloc"
    )
    slow_log_ms: float | None = fact(
        "log_min_duration_statement; -1 is off", unit="ms", source=_SETTINGS
    )
    slow_sample_ms: float | None = fact(
        "log_min_duration_sample; -1 is off", unit="ms", source=_SETTINGS
    )
    auto_explain_ms: float | None = derived(
        "auto_explain.log_min_duration; -1 where it is not loaded", unit="ms", source=_SETTINGS
    )

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[MonitoringFacts]:
        libraries = context.settings.get("shared_preload_libraries")
        timing = context.setting("track_io_timing")
        infos = context.deltas("statements_info")
        info = infos[0] if infos else None
        clock = context.snapshot.clock_cost
        raw = context.number("pg_stat_statements.max")
        limit = None if raw is None else int(raw)
        plan = context.number("auto_explain.log_min_duration")
        yield cls(
            io_timing=None if timing is None else bool(timing),
            clock_cost_ns=clock[0].nanoseconds if clock else None,
            preload_libraries=libraries,
            statements_preloaded=_preloaded(context, libraries),
            statements_installed=_installed(context),
            statements_available=_available(context),
            statements_max=limit,
            statements_max_target=_doubled(limit),
            evictions=info.evictions if info else None,
            evictions_per_hour=_hourly(context, info) if info else None,
            slow_log_ms=context.number("log_min_duration_statement"),
            slow_sample_ms=context.number("log_min_duration_sample"),
            auto_explain_ms=-1.0 if plan is None else plan,
        )


def _preloaded(context: Context, libraries: str | None) -> bool | None:
    """The setting may be hidden; but what was read of the view proves that its library is there."""
    if context.has("statements") and context.snapshot.statements:
        return True
    if libraries is None:
        return None
    return "pg_stat_statements" in [part.strip(' "') for part in libraries.split(",")]


def _installed(context: Context) -> bool | None:
    if not context.has("extensions"):
        return None
    return any(
        e.name == "pg_stat_statements" and e.installed_version for e in context.snapshot.extensions
    )


def _available(context: Context) -> bool | None:
    if not context.has("extensions"):
        return None
    return any(e.name == "pg_stat_statements" for e in context.snapshot.extensions)


def _doubled(limit: int | None) -> int | None:
    if limit is None:
        return None
    return limit * 2 if limit * 2 <= _STATEMENTS_MOST else limit


def _hourly(context: Context, info: StatementsInfo) -> float | None:
    rate = per_second(info.evictions, context.window.seconds("statements_info", info))
    return None if rate is None else rate * 3600
