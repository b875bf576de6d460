"""What an output directory holds: numbers and names that stay from run to run."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from pgtune_advisor.domain.errors import OutputError

FILE: Final = "pgtune-advisor.json"
_FORMAT: Final = "pgtune-advisor-output"
_VERSION: Final = 1

Key = tuple[str, int, str]
"""Recommendation, position of the change in it from 1, kind of the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationEntry:
    """A migration that was written, now or by an earlier run."""

    number: int
    stem: str
    recommendation: str
    position: int
    kind: str
    title: str

    @property
    def key(self) -> Key:
        return (self.recommendation, self.position, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingEntry:
    """A setting that was written, now or by an earlier run, with the statements of that run."""

    recommendation: str
    name: str
    value: str
    sql: str
    inverse: str | None

    @property
    def key(self) -> tuple[str, str]:
        return (self.name, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that was ever written to the directory for one target."""

    target: str
    migrations: tuple[MigrationEntry, ...] = field(default=())
    settings: tuple[SettingEntry, ...] = field(default=())

    def dumps(self) -> str:
        """The manifest as JSON."""
        content: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def loads(content: bytes, directory: str) -> Manifest:
    """The manifest of a directory. OutputError where it is none of ours or damaged."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _unreadable(directory, f"{FILE} is damaged: {error}") from None
    if not isinstance(found, dict) or found.pop("format", None) != _FORMAT:
        raise _unreadable(directory, f"{FILE} was not written by this program.")
    if found.pop("version", None) != _VERSION:
        raise _unreadable(directory, f"{FILE} was written by another release.")
    try:
        return TypeAdapter(Manifest).validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _unreadable(directory, f"{FILE} is damaged: {place}: {first['msg']}") from None


def _unreadable(directory: str, detail: str) -> OutputError:
    return OutputError(
        f"what the directory {directory} holds cannot be told",
        detail=detail,
        hint="Choose another directory, or move this one away.",
    )


def numbered(
    known: Iterable[MigrationEntry],
    wanted: Iterable[tuple[Key, str, str]],
    taken: Collection[int],
) -> tuple[MigrationEntry, ...]:
    """An entry for each wanted (key, slug, title): the known one, else one with the next number.

    `taken` are numbers of files in the directory, whoever wrote them.
    """
    by_key = {entry.key: entry for entry in known}
    following = max([0, *taken, *(entry.number for entry in by_key.values())]) + 1
    entries = []
    for key, slug, title in wanted:
        entry = by_key.get(key)
        if entry is None:
            recommendation, position, kind = key
            entry = MigrationEntry(
                number=following,
                stem=f"{following:04}_{slug}",
                recommendation=recommendation,
                position=position,
                kind=kind,
                title=title,
            )
            by_key[key] = entry
            following += 1
        entries.append(entry)
    return tuple(entries)
