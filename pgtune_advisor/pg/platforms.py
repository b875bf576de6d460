"""Which managed platform runs a server, from the roles and settings that it leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.server import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A trace of a platform: a role, or a setting whose value contains a text."""

    platform: Platform
    role: str = ""
    setting: str = ""
    contains: str = ""


# Order matters: Aurora bears the marks of RDS, Zalando's Spilo those of Patroni.
_MARKS: Final = (
    _Mark(platform="aurora", setting="rds.aurora_"),
    _Mark(platform="aurora", setting="aurora_"),
    _Mark(platform="aurora", setting="apg_"),
    _Mark(platform="rds", role="rdsadmin"),
    _Mark(platform="rds", setting="rds."),
    _Mark(platform="cloudsql", role="cloudsqladmin"),
    _Mark(platform="cloudsql", setting="cloudsql."),
    _Mark(platform="azure", role="azure_pg_admin"),
    _Mark(platform="azure", setting="azure."),
    _Mark(platform="cnpg", setting="cnpg."),
    _Mark(platform="cnpg", setting="archive_command", contains="/controller/manager"),
    _Mark(platform="cnpg", role="cnpg_pooler_pgbouncer"),
    _Mark(platform="zalando", role="zalandos"),
    _Mark(platform="zalando", role="robot_zmon"),
    _Mark(platform="zalando", setting="archive_command", contains="/run/etc/wal-e.d"),
    _Mark(platform="patroni", setting="config_file", contains="patroni"),
    _Mark(platform="patroni", setting="primary_conninfo", contains="patroni"),
    _Mark(platform="patroni", setting="hba_file", contains="patroni"),
    _Mark(platform="patroni", setting="archive_command", contains="patroni"),
    _Mark(platform="patroni", setting="restore_command", contains="patroni"),
)
ROLES: Final = tuple(sorted({mark.role for mark in _MARKS if mark.role}))
PREFIXES: Final = tuple(sorted({m.setting for m in _MARKS if m.setting.endswith((".", "_"))}))
PLACEHOLDERS: Final = ("cnpg.config_sha256",)
SETTINGS: Final = tuple(sorted({m.setting for m in _MARKS if m.setting} - set(PREFIXES)))


# Patroni starts the server with these on its command line, all of them, whatever their value.
PATRONI_OPTIONS: Final = frozenset(
    {
        "cluster_name",
        "hot_standby",
        "max_locks_per_transaction",
        "track_commit_timestamp",
        "wal_log_hints",
    }
)


def recognise(
    roles: Iterable[str], settings: Iterable[str], command_line: Iterable[str] = ()
) -> tuple[Platform, str | None]:
    """The platform and what gave it away, or ("none", None).

    `settings` are `name=value`, `command_line` the names of those that were given to the server
    when it was started.
    """
    present = set(roles)
    pairs = [setting.partition("=")[::2] for setting in settings]
    for mark in _MARKS:
        if mark.role:
            if mark.role in present:
                return mark.platform, f"role {mark.role}"
            continue
        for name, value in pairs:
            if _named(mark, name) and mark.contains in value:
                return mark.platform, f"setting {name}"
    if PATRONI_OPTIONS.issubset(command_line):
        return "patroni", "settings on the command line"
    return "none", None


def _named(mark: _Mark, name: str) -> bool:
    if mark.setting.endswith((".", "_")):
        return name.startswith(mark.setting)
    return name == mark.setting
