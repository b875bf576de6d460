"""The collection queries: read from their files, chosen by the version that answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, LiteralString, cast

from pgtune_advisor.domain.custom import FactColumn
from pgtune_advisor.domain.snapshot import row_tables
from pgtune_advisor.domain.units import parse_duration
from pgtune_advisor.pg.custom_facts import CustomTable, custom_table
from pgtune_advisor.pg.headers import SINGLE, Source, broken, parse
from pgtune_advisor.pg.rows import FACTS, row_types
from pgtune_advisor.resources import sql_dir

Cadence = Literal["fast", "slow"]
Scope = Literal["cluster", "database"]
Version = tuple[int, ...]
MARK: Final = "pgtune-advisor:"
SERVER: Final = "server"

_FILE = re.compile(r"([a-z][a-z0-9_]*)(?:@(\d+(?:\.\d+)*))?\Z")
_FIRST_WORD = re.compile(r"\s*\w+")
_MAX_TIMEOUT_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One variant of a collection query, for `floor` and up. Exactly one of row_type, custom."""

    name: str
    path: Path
    floor: Version
    about: str
    cadence: Cadence
    scope: Scope
    needs: str
    version_of: str
    timeout_ms: int
    row_type: Any
    custom: CustomTable | None
    text: LiteralString

    @property
    def table(self) -> str | None:
        """The snapshot's table that the rows go to as they are, or None."""
        fills = self.row_type is not None and row_tables().get(self.name) is self.row_type
        return self.name if fills else None


class QueryBook:
    """All queries by name; of each, the variants with the highest floor first."""

    def __init__(self, variants: Mapping[str, tuple[Query, ...]], notes: tuple[str, ...]) -> None:
        self._variants = variants
        self.notes = notes

    @classmethod
    def load(cls, directories: Iterable[Path] = ()) -> QueryBook:
        """The shipped queries and the user's; a later file of the same name replaces a query.

        A directory that does not exist holds none. RuleError names the file and line of a mistake.
        """
        found: dict[str, list[Query]] = {}
        notes: list[str] = []
        for directory in (sql_dir(), *directories):
            mine: dict[str, list[Query]] = {}
            for path in sorted(directory.rglob("*.sql")):
                query = _read(path)
                mine.setdefault(query.name, []).append(query)
            notes += [
                f"{name} of {directory} replaces the one before" for name in mine.keys() & found
            ]
            found |= mine
        ordered = {
            name: tuple(sorted(queries, key=lambda query: query.floor, reverse=True))
            for name, queries in sorted(found.items())
        }
        _check_custom(ordered)
        return cls(ordered, tuple(notes))

    def __iter__(self) -> Iterator[Query]:
        """Every variant of every query."""
        for queries in self._variants.values():
            yield from queries

    def names(self) -> tuple[str, ...]:
        return tuple(self._variants)

    def variants(self, name: str) -> tuple[Query, ...]:
        return self._variants[name]

    def find(self, name: str, version: Version) -> Query | None:
        """The variant with the highest floor that `version` reaches, or None."""
        return next((q for q in self._variants[name] if q.floor <= version), None)

    def tables(self) -> tuple[str, ...]:
        """The snapshot's tables that a query of the same name fills."""
        return tuple(name for name, queries in self._variants.items() if queries[0].table)

    def about(self, name: str) -> str:
        """What the query of this name reads; empty where there is none."""
        return self._variants[name][0].about if name in self._variants else ""

    def custom(self) -> tuple[str, ...]:
        """The names of the user's queries."""
        return tuple(name for name, queries in self._variants.items() if queries[0].custom)

    def custom_tables(self) -> dict[str, tuple[FactColumn, ...]]:
        """The user's fact tables and their columns."""
        tables = (queries[0].custom for queries in self._variants.values())
        return {table.name: table.columns for table in tables if table}


def parse_version(text: str) -> Version:
    """`1.10` as (1, 10); what follows the digits of a part is ignored."""
    parts = (re.match(r"\d+", part) for part in text.split("."))
    return tuple(int(part[0]) for part in parts if part)


def _read(path: Path) -> Query:
    source = parse(path)
    match = _FILE.match(path.stem)
    if match is None:
        raise broken(path, 1, "the file's name is not name.sql or name@floor.sql, in lower case")
    values = {key: source.need(key).value for key in SINGLE}
    row_type, custom = _returns(source)
    return Query(
        name=match[1],
        path=path,
        floor=parse_version(match[2] or "0"),
        about=values["about"],
        cadence=cast(Cadence, _one_of(source, "cadence", ("fast", "slow"))),
        scope=cast(Scope, _one_of(source, "scope", ("cluster", "database"))),
        needs=values["needs"],
        version_of=_version_of(source),
        timeout_ms=_timeout(source),
        row_type=row_type,
        custom=custom,
        text=_marked(match[1], source, custom),
    )


def _marked(name: str, source: Source, custom: CustomTable | None) -> LiteralString:
    """The statement with our mark behind its first word, where every version keeps it.

    PostgreSQL 18 drops a leading comment from the text that pg_stat_statements shows.
    """
    text = source.statement
    if custom:
        text = text.replace("%", "%%")
    first = _FIRST_WORD.match(text)
    cut = first.end() if first else 0
    # The one place where text from outside counts as literal: these files ship with the program or
    # are its operator's, and values reach them only as parameters or quoted identifiers.
    return f"{text[:cut].lstrip()} /* {MARK} {name} */{text[cut:]}"


def _one_of(source: Source, key: str, allowed: tuple[str, ...]) -> str:
    entry = source.need(key)
    if entry.value not in allowed:
        raise broken(
            source.path, entry.line, f"{key} is {' or '.join(allowed)}, not {entry.value!r}"
        )
    return entry.value


def _timeout(source: Source) -> int:
    entry = source.need("timeout")
    try:
        milliseconds = round(parse_duration(entry.value).total_seconds() * 1000)
    except ValueError as error:
        raise broken(source.path, entry.line, f"timeout: {error}") from None
    if not 0 < milliseconds <= _MAX_TIMEOUT_MS:
        raise broken(source.path, entry.line, "timeout is above 0 and at most 60s")
    return milliseconds


def _version_of(source: Source) -> str:
    entry = source.need("version-of")
    kind, _, extension = entry.value.partition(" ")
    if entry.value == SERVER:
        return SERVER
    if kind == "extension" and extension == "pg_stat_statements":
        return extension
    raise broken(
        source.path,
        entry.line,
        f"version-of is server or extension pg_stat_statements, not {entry.value!r}",
    )


def _returns(source: Source) -> tuple[type[Any] | None, CustomTable | None]:
    entry = source.need("returns")
    if entry.value.split(" ")[0] == FACTS:
        return None, custom_table(source, entry)
    if entry.value not in row_types():
        raise broken(
            source.path,
            entry.line,
            f"{entry.value!r} is not a row type",
            'A query of yours says "-- returns: facts <table>".',
        )
    for key in ("label", "column"):
        stray = source.get(key)
        if stray:
            raise broken(source.path, stray.line, f'"{key}" belongs to a query that returns facts')
    return row_types()[entry.value], None


def _check_custom(found: Mapping[str, tuple[Query, ...]]) -> None:
    """A fact table has one query, and its variants agree on the columns."""
    owners: dict[str, Query] = {}
    for queries in found.values():
        for query in queries:
            if query.custom is None:
                continue
            owner = owners.setdefault(query.custom.name, query)
            if owner.name != query.name or owner.custom != query.custom:
                raise broken(
                    query.path, 1, f"{owner.path} defines facts {query.custom.name} otherwise"
                )
