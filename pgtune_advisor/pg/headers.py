"""The header of a query file: `-- key: value` lines before the statement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pgtune_advisor.domain.errors import RuleError

SINGLE: Final = ("about", "returns", "cadence", "scope", "needs", "version-of", "timeout")
_CUSTOM: Final = ("label", "column")
_LINE = re.compile(r"--\s*([a-z-]+)\s*:\s*(.*?)\s*\Z")
_PIECES = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | [Ee]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | (?P<end>;)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a header."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A query file, taken apart: its header's entries and its one statement."""

    path: Path
    entries: tuple[Entry, ...]
    statement: str
    statement_line: int

    def get(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def all(self, key: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.key == key)

    def need(self, key: str) -> Entry:
        """The entry with this key; RuleError where it is missing or empty."""
        entry = self.get(key)
        if entry is None or not entry.value:
            raise broken(self.path, entry.line if entry else 1, f'the header lacks "-- {key}:"')
        return entry


def broken(path: Path, line: int, fact: str, hint: str = "") -> RuleError:
    """The error of a query file that is wrong at this line."""
    return RuleError(
        f"the collection query {path} is not valid", detail=f"Line {line}: {fact}.", hint=hint
    )


def parse(path: Path) -> Source:
    """Read a query file; RuleError names the file and the line of a mistake."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"the collection query {path} cannot be read", detail=str(error)) from None
    entries: list[Entry] = []
    number = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("--"):
            break
        entries += _entry(path, number, text)
    else:
        raise broken(path, max(number, 1), "there is no statement")
    _check_once(path, entries)
    statement = _single(path, number, "\n".join(lines[number - 1 :]))
    return Source(path=path, entries=tuple(entries), statement=statement, statement_line=number)


def _entry(path: Path, number: int, text: str) -> list[Entry]:
    if not text.removeprefix("--").strip():
        return []
    match = _LINE.match(text)
    if match is None:
        raise broken(path, number, f'"{text}" is not of the form "-- key: value"')
    known = (*SINGLE, *_CUSTOM)
    if match[1] not in known:
        near = get_close_matches(match[1], known, 1)
        raise broken(
            path,
            number,
            f'unknown key "{match[1]}"',
            f'Did you mean "{near[0]}"?' if near else f"Known keys: {', '.join(known)}.",
        )
    return [Entry(key=match[1], value=match[2], line=number)]


def _check_once(path: Path, entries: Iterable[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen and entry.key != "column":
            raise broken(path, entry.line, f'"{entry.key}" appears twice')
        seen.add(entry.key)


def _single(path: Path, first: int, text: str) -> str:
    """The text, a trailing semicolon removed; an error where it is not one SELECT."""
    if not re.match(r"\s*(select|with)\b", text, re.IGNORECASE):
        raise broken(path, first, "the statement does not begin with SELECT or WITH")
    ends = [match.start() for match in _PIECES.finditer(text) if match["end"]]
    if not ends:
        return text.rstrip()
    rest = _PIECES.sub(lambda match: match["end"] or "", text[ends[0] + 1 :])
    if rest.strip():
        line = first + text[: ends[0]].count("\n")
        raise broken(path, line, "there is more than one statement")
    return text[: ends[0]].rstrip()
