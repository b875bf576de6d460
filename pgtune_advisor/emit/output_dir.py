"""The advice as a directory of files to review: migrations, settings, reports, an index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pgtune_advisor.domain.changes import Advice, SetParameter
from pgtune_advisor.domain.errors import OutputError
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.server import Platform
from pgtune_advisor.emit import (
    index_file,
    manifest,
    markdown,
    migration_file,
    report_json,
    settings_files,
)
from pgtune_advisor.emit.atomic import commit, reporting
from pgtune_advisor.emit.manifest import Manifest, MigrationEntry
from pgtune_advisor.emit.migration_file import Direction, Task
from pgtune_advisor.emit.migration_sql import file_slug
from pgtune_advisor.emit.platforms import where
from pgtune_advisor.emit.settings_files import Item
from pgtune_advisor.emit.style import Style
from pgtune_advisor.emit.summary import evidence_by_key, evidence_of

MIGRATIONS: Final = "migrations"
REPORT_MD: Final = "report.md"
REPORT_JSON: Final = "report.json"
_DIRECTIONS: Final[tuple[Direction, ...]] = ("up", "down")
_SETTINGS: Final = (
    settings_files.CONF,
    settings_files.UP,
    settings_files.DOWN,
    settings_files.PARAMETERS,
)
_NUMBER: Final = re.compile(r"(\d{1,6})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What a directory holds before a run: its manifest, migrations by name, numbers in use."""

    manifest: Manifest | None = None
    migrations: dict[str, str] = field(default_factory=dict)
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The files to write and to remove, and every file that belongs to the report."""

    files: dict[str, bytes]
    remove: tuple[str, ...]
    listed: tuple[str, ...]


def write(report: Report, directory: Path, *, platform: Platform = "none") -> list[Path]:
    """Write the report's files, or bring a directory of an earlier run up to date.

    Returns every file that belongs to this report, the index first, whether it was written now
    or kept. Raises OutputError, with nothing written.
    """
    with reporting(directory):
        plan = compose(report, platform, read(directory))
        remove = tuple(name for name in plan.remove if (directory / name).exists())
    commit(directory, plan.files, remove)
    return [directory / name for name in plan.listed]


def read(directory: Path) -> Existing:
    """What the directory holds. OutputError where its files are not ours to replace."""
    if not directory.is_dir():
        return Existing()
    path = directory / manifest.FILE
    if not path.exists():
        _none_of_others(directory)
    known = manifest.loads(path.read_bytes(), str(directory)) if path.exists() else None
    folder = directory / MIGRATIONS
    names = {one.name for one in folder.iterdir()} if folder.is_dir() else set()
    ours = {
        migration_file.file_name(entry.stem, direction)
        for entry in (known.migrations if known else ())
        for direction in _DIRECTIONS
    }
    return Existing(
        manifest=known,
        migrations={
            name: (folder / name).read_bytes().decode(errors="replace") for name in names & ours
        },
        numbers=frozenset(int(match[1]) for name in names if (match := _NUMBER.match(name))),
    )


def _none_of_others(directory: Path) -> None:
    """OutputError where a file that we would write is there already, and not ours."""
    for name in (index_file.FILE, REPORT_MD, REPORT_JSON, *_SETTINGS):
        if (directory / name).exists():
            raise OutputError(
                f"the directory {directory} holds files of another program",
                detail=f"{name} is there, and no {manifest.FILE} that tells of it.",
                hint="Choose another directory with --output-dir.",
            )


def compose(report: Report, platform: Platform, existing: Existing) -> Plan:
    """Every file of the report, given what is there already; touches no disk."""
    before = existing.manifest or Manifest(target=report.target.name)
    _same_target(before, report)
    tasks = _tasks(report)
    wanted = [_wanted(task) for task in tasks]
    entries = manifest.numbered(before.migrations, wanted, existing.numbers)
    placed = list(zip(tasks, entries, strict=True))
    files, edited = _migrations(placed, existing.migrations)
    chosen, against = settings_files.split(_items(report))
    now = {item.entry.key: item.entry for item in chosen}
    numbers = {entry.number for entry in entries}
    contents = index_file.Contents(
        report=report,
        tasks=placed,
        settings=chosen,
        where=where(platform),
        edited=edited,
        retired_migrations=[one for one in before.migrations if one.number not in numbers],
        retired_settings=[one for one in before.settings if one.key not in now],
    )
    present = Manifest(
        target=report.target.name,
        migrations=_merged(before.migrations, entries),
        settings=(*contents.retired_settings, *now.values()),
    )
    settings = _settings(contents, against)
    # The manifest goes first: were the rest lost, the next run would write it under its numbers.
    texts = {manifest.FILE: present.dumps(), **files, **settings, **_reports(contents)}
    listed = (index_file.FILE, REPORT_MD, REPORT_JSON, manifest.FILE, *_names(entries), *settings)
    return Plan(
        files={name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()},
        remove=tuple(name for name in _SETTINGS if name not in settings),
        listed=listed,
    )


def _reports(contents: index_file.Contents) -> dict[str, str]:
    return {
        REPORT_JSON: report_json.dumps(contents.report),
        REPORT_MD: markdown.render(contents.report, Style()),
        index_file.FILE: index_file.text(contents),
    }


def _same_target(before: Manifest, report: Report) -> None:
    if before.target != report.target.name:
        raise OutputError(
            f'the directory holds the advice for the target "{before.target}"',
            detail=f'This report is about the target "{report.target.name}".',
            hint="Choose a directory for each target.",
        )


def _tasks(report: Report) -> list[Task]:
    facts = evidence_by_key(report)
    return [
        Task(
            recommendation=one,
            position=position,
            change=change,
            evidence=evidence_of(one, facts),
        )
        for one in report.recommendations
        for position, change in enumerate(one.changes, start=1)
        if not isinstance(change, SetParameter | Advice)
    ]


def _items(report: Report) -> list[Item]:
    facts = evidence_by_key(report)
    return [
        Item(recommendation=one, change=change, evidence=evidence_of(one, facts))
        for one in report.recommendations
        for change in one.changes
        if isinstance(change, SetParameter)
    ]


def _wanted(task: Task) -> tuple[manifest.Key, str, str]:
    one, change = task.recommendation, task.change
    return ((one.id, task.position, change.kind), file_slug(change, one.title), one.title)


def _migrations(
    placed: Iterable[tuple[Task, MigrationEntry]], existing: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The files to write, and the names of those that a person edited and that differ."""
    files: dict[str, str] = {}
    edited: list[str] = []
    for task, entry in placed:
        for direction in _DIRECTIONS:
            name = migration_file.file_name(entry.stem, direction)
            there = existing.get(name)
            if there is not None and migration_file.says(there, task.change, direction):
                continue
            if there is not None and migration_file.is_edited(there):
                edited.append(name)
                continue
            files[f"{MIGRATIONS}/{name}"] = migration_file.text(task, entry.stem, direction)
    return files, edited


def _settings(contents: index_file.Contents, against: list[Item]) -> dict[str, str]:
    items, retired = contents.settings, contents.retired_settings
    if not items and not retired:
        return {}
    if contents.where is not None:
        text = settings_files.parameters(items, against, retired, contents.where)
        return {settings_files.PARAMETERS: text}
    return {
        settings_files.CONF: settings_files.conf(items, against, retired),
        settings_files.UP: settings_files.alter_system(items, against, retired),
        settings_files.DOWN: settings_files.alter_system_down(items, retired),
    }


def _merged(
    before: Iterable[MigrationEntry], entries: Iterable[MigrationEntry]
) -> tuple[MigrationEntry, ...]:
    by_number = {entry.number: entry for entry in (*before, *entries)}
    return tuple(by_number[number] for number in sorted(by_number))


def _names(entries: Iterable[MigrationEntry]) -> list[str]:
    return [
        f"{MIGRATIONS}/{migration_file.file_name(entry.stem, direction)}"
        for entry in entries
        for direction in _DIRECTIONS
    ]
