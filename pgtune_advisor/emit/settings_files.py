"""Changes of settings: a configuration file, ALTER SYSTEM scripts, or a table for a platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.changes import SetParameter
from pgtune_advisor.domain.findings import Evidence
from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.domain.recommendations import Recommendation
from pgtune_advisor.emit.manifest import SettingEntry
from pgtune_advisor.emit.markdown_text import cell, escape, table
from pgtune_advisor.emit.migration_file import evidence_lines
from pgtune_advisor.emit.risk import without_inverse
from pgtune_advisor.emit.text import in_comment, terminated, wrap

CONF: Final = "settings/postgresql.advisor.conf"
UP: Final = "settings/alter-system.sql"
DOWN: Final = "settings/alter-system.down.sql"
PARAMETERS: Final = "settings/parameters.md"
_WIDTH: Final = 98
_REWRITTEN: Final = "Each run of the advisor writes this file anew: copy it before you use it."
_RUN: Final = """\
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f {file}
-- on a direct connection. Not with -c or -1: several statements in one message or with -1 are one
-- transaction, in which ALTER SYSTEM is refused.
-- It needs a superuser or, from PostgreSQL 15, a role with ALTER SYSTEM on these parameters,
-- EXECUTE on pg_reload_conf() and pg_show_all_file_settings(), and SELECT on pg_file_settings."""
_NO_START: Final = (
    "If the server does not start afterwards: delete the lines of these settings from "
    "postgresql.auto.conf in its data directory, and start it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A setting to change, and why."""

    recommendation: Recommendation
    change: SetParameter
    evidence: tuple[Evidence, ...] = ()

    @property
    def entry(self) -> SettingEntry:
        return SettingEntry(
            recommendation=self.recommendation.id,
            name=self.change.name,
            value=self.change.value,
            sql=self.change.sql,
            inverse=self.change.inverse,
        )


def split(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """For each parameter the item of the highest rank, and those that want another value."""
    chosen: dict[str, Item] = {}
    against = []
    for item in items:
        first = chosen.setdefault(item.change.name, item)
        if first.change.value != item.change.value:
            against.append(item)
    return sorted(chosen.values(), key=lambda item: item.change.needs == "restart"), against


def conf(items: Sequence[Item], against: Sequence[Item], retired: Sequence[SettingEntry]) -> str:
    """A file for include or conf.d; what a server reads of it is one line a setting."""
    lines = [
        "# Settings that pgtune-advisor recommends, for review.",
        f"# {_REWRITTEN}",
        "# Use: copy it to a directory that include_dir names, or name it in include, and reload.",
        "# What ALTER SYSTEM has set (postgresql.auto.conf) wins over this file.",
    ]
    for title, group in _groups(items):
        lines += ["", f"# ---- {title} ----"]
        for item in group:
            lines += ["", *_why(item, "# ")]
            lines.append(f"{item.change.name} = {conf_literal(item.change.value)}")
    lines += _none(items, "# ") + _others(against, retired, "# ", sql=False)
    return "\n".join(lines) + "\n"


def conf_literal(value: str) -> str:
    """A value as the configuration file's reader wants it: backslashes are escapes there."""
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return "'" + escaped.replace("\r", "\\r") + "'"


def alter_system(
    items: Sequence[Item], against: Sequence[Item], retired: Sequence[SettingEntry]
) -> str:
    """Sets them, reloads, and shows what waits for a restart or was not taken."""
    lines = _script_header("Settings that pgtune-advisor recommends, for review.", UP)
    for title, group in _groups(items):
        lines += ["", f"-- ---- {title} ----"]
        if title == "restart":
            lines += wrap(_NO_START, _WIDTH, "-- ", "-- ")
        for item in group:
            lines += ["", *_why(item, "-- "), terminated(item.change.sql)]
    lines += _none(items, "-- ") + _others(against, retired, "-- ", sql=True)
    lines += _reload([item.change.name for item in items])
    return "\n".join(lines) + "\n"


def alter_system_down(items: Sequence[Item], retired: Sequence[SettingEntry]) -> str:
    """Puts back what was set before; what earlier runs set stands there as comments."""
    lines = _script_header("Puts back the settings that alter-system.sql changes.", DOWN)
    for item in reversed(items):
        inverse = item.change.inverse
        if inverse is None:
            lines += ["", f"-- {item.change.name}: {without_inverse(item.change)}"]
        else:
            lines += ["", f"-- {item.change.name}", terminated(inverse)]
    undone = [entry for entry in retired if entry.inverse is not None]
    if undone:
        lines += ["", "-- Of earlier runs, if you applied it: take the comment marks away."]
        lines += [f"-- {in_comment(terminated(entry.inverse or ''))}" for entry in undone]
    lines += _reload([item.change.name for item in items])
    return "\n".join(lines) + "\n"


def parameters(
    items: Sequence[Item],
    against: Sequence[Item],
    retired: Sequence[SettingEntry],
    where: str,
) -> str:
    """The settings as a Markdown table for a platform that makes them itself."""
    lines = ["# Settings", "", where, "", *settings_table(items)]
    for item in against:
        lines += ["", escape(_contrary(item))]
    if retired:
        lines += ["", "No longer recommended:", ""]
        lines += [f"- {escape(f'{entry.name} = {entry.value}')}" for entry in retired]
    return "\n".join(lines) + "\n"


def settings_table(items: Sequence[Item]) -> list[str]:
    """One row a setting: its name, its value now and then, what it needs, and why."""
    rows = [
        [
            cell(item.change.name),
            cell(item.change.current) if item.change.current else "empty",
            cell(item.change.value) if item.change.value else "empty",
            item.change.needs,
            escape(f"{item.recommendation.title} ({item.recommendation.id})"),
        ]
        for item in items
    ]
    return table(("setting", "now", "recommended", "needs", "why"), rows)


def _none(items: Sequence[Item], mark: str) -> list[str]:
    return [] if items else ["", f"{mark}No setting is recommended now."]


def _groups(items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    restart = [item for item in items if item.change.needs == "restart"]
    reload = [item for item in items if item.change.needs != "restart"]
    return [(title, group) for title, group in (("reload", reload), ("restart", restart)) if group]


def _why(item: Item, mark: str) -> list[str]:
    one = item.recommendation
    facts = f"{one.id}: {one.applicability}, {one.confidence}; now {item.change.current or 'empty'}"
    return [
        *wrap(one.title, _WIDTH, mark, f"{mark}  "),
        *wrap(facts, _WIDTH, mark, f"{mark}  "),
        *evidence_lines(item.evidence, mark),
    ]


def _others(
    against: Sequence[Item], retired: Sequence[SettingEntry], mark: str, *, sql: bool
) -> list[str]:
    lines = [line for item in against for line in wrap(_contrary(item), _WIDTH, mark)]
    lines = ["", *lines] if lines else []
    if retired:
        lines += ["", f"{mark}No longer recommended:"]
    for entry in retired:
        text = terminated(entry.sql) if sql else f"{entry.name} = {conf_literal(entry.value)}"
        lines.append(f"{mark}  {in_comment(text)}")
    return lines


def _contrary(item: Item) -> str:
    change = item.change
    return (
        f"{item.recommendation.id} wants another value of {change.name}: {change.value}. "
        "The one that ranks higher is kept."
    )


def _script_header(title: str, file: str) -> list[str]:
    run = _RUN.format(file=file.rpartition("/")[2])
    return [f"-- {title}", f"-- {_REWRITTEN}", "--", *run.split("\n"), "", *_ENCODING]


_ENCODING: Final = ("SET client_encoding = 'UTF8';",)


def _reload(names: Sequence[str]) -> list[str]:
    named = f"name IN ({', '.join(quote_literal(name) for name in names)}) OR " if names else ""
    return [
        "",
        "SELECT pg_catalog.pg_reload_conf() AS reloaded;",
        "-- The reload is asynchronous; without a moment's pause the old values are shown.",
        "SELECT pg_catalog.pg_sleep(1) AS pause;",
        "",
        "-- pending_restart: the new value waits for a restart.",
        "SELECT name, setting, unit, pending_restart",
        "  FROM pg_catalog.pg_settings",
        f" WHERE {named}pending_restart",
        " ORDER BY name;",
        "",
        "-- Lines that the server did not take. Those that wait for a restart are among them.",
        "SELECT sourcefile, sourceline, name, setting, error",
        "  FROM pg_catalog.pg_file_settings",
        " WHERE error IS NOT NULL",
        " ORDER BY seqno;",
    ]
