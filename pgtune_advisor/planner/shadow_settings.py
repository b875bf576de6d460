"""Which of the target's settings its plans depend on, and how a shadow runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pgtune_advisor.cluster import SCRATCH_SETTINGS
from pgtune_advisor.domain.identifiers import quote_ident, quote_literal
from pgtune_advisor.domain.server import Setting

_PREFIXES: Final = ("enable_", "geqo", "jit")
_SUFFIXES: Final = ("_cost",)
_NAMES: Final = frozenset(
    {
        "constraint_exclusion",
        "cursor_tuple_fraction",
        "default_statistics_target",
        "effective_cache_size",
        "effective_io_concurrency",
        "from_collapse_limit",
        "hash_mem_multiplier",
        "join_collapse_limit",
        "max_parallel_workers_per_gather",
        "min_parallel_index_scan_size",
        "min_parallel_table_scan_size",
        "parallel_leader_participation",
        "plan_cache_mode",
        "recursive_worktable_factor",
        "standard_conforming_strings",
        "transform_null_equals",
        "work_mem",
    }
)
# Of these families, what needs libraries, prints more, or is no matter of planning.
_NOT: Final = frozenset(
    {
        "jit_debugging_support",
        "jit_dump_bitcode",
        "jit_expressions",
        "jit_profiling_support",
        "jit_provider",
        "jit_tuple_deforming",
        "vacuum_cost",
    }
)

# Nothing is ever executed in a shadow but EXPLAIN, and a crash of it only means a new one.
CLUSTER_SETTINGS: Final[Mapping[str, str]] = {
    **SCRATCH_SETTINGS,
    "allow_system_table_mods": "on",
    "autovacuum": "off",
    "bgwriter_lru_maxpages": "0",
    "checkpoint_timeout": "1d",
    "default_transaction_isolation": "read committed",
    "ignore_checksum_failure": "on",
    "listen_addresses": "",
    "max_connections": "30",
    "max_locks_per_transaction": "1024",
    # A build that thinks of parallel workers would look into the files before they are ready.
    "max_parallel_maintenance_workers": "0",
    "max_wal_senders": "0",
    "max_wal_size": "32MB",
    "min_wal_size": "32MB",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "wal_recycle": "off",
    # What a transaction made anew is written to its file at commit, where we look for it.
    "wal_skip_threshold": "0",
}


def is_planner_setting(name: str) -> bool:
    """Whether plans depend on this setting."""
    if name in _NOT or name.startswith(("vacuum_", "autovacuum_", "log_", "track_")):
        return False
    return name in _NAMES or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES)


def planner_settings(settings: Iterable[Setting]) -> dict[str, str]:
    """The values on the target that plans depend on, by name, in the settings' own units."""
    return {s.name: s.value for s in settings if is_planner_setting(s.name)}


def statements(database: str, settings: Mapping[str, str]) -> list[str]:
    """ALTER DATABASE for each setting."""
    return [
        f"ALTER DATABASE {quote_ident(database)} SET {quote_ident(name)} = {quote_literal(value)}"
        for name, value in settings.items()
    ]
