"""What is measured: a folder with a schema, its rows, statements, and others' sets of indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import postgast

_CALLS: Final = re.compile(r"^--\s*calls:\s*([\d.]+)\s*$", re.MULTILINE)
_COMMENT: Final = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_WRITES: Final = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO)\b", re.IGNORECASE)
_INDEX: Final = re.compile(
    r"^\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?P<concurrently>CONCURRENTLY\s+)?"
    r"(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>(?:\"(?:[^\"]|\"\")+\"|[\w$]+)\s+)??ON\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement with literals. `calls` is how often it counts; `writes`: run and rolled back."""

    name: str
    sql: str
    calls: float = 1.0
    writes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSet:
    """DDL that someone advised, in order; `seconds` is how long the advice took."""

    name: str
    ddl: tuple[str, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`load` are the SQL texts that fill an empty database, in order."""

    name: str
    load: tuple[str, ...]
    queries: Path
    peers: Path | None = None

    @classmethod
    def of(cls, folder: Path) -> Workload:
        """A folder with schema.sql, load.sql, queries/ and perhaps peers/."""
        peers = folder / "peers"
        return cls(
            name=folder.name,
            load=tuple((folder / name).read_text() for name in ("schema.sql", "load.sql")),
            queries=folder / "queries",
            peers=peers if peers.is_dir() else None,
        )


def split(text: str) -> tuple[str, ...]:
    """The statements of a text. Raises postgast.PgQueryError where it is not SQL."""
    found = (str(part).strip() for part in postgast.split(text))
    return tuple(part for part in found if _COMMENT.sub("", part).strip())


def statement_of(name: str, text: str) -> Statement:
    """A file's one statement; a comment `-- calls: 12` weighs it."""
    parts = split(text)
    if len(parts) != 1:
        raise ValueError(f"{name}: one statement a file, not {len(parts)}")
    calls = _CALLS.search(text)
    bare = _COMMENT.sub("", parts[0]).strip()
    return Statement(
        name=name,
        sql=bare,
        calls=float(calls[1]) if calls else 1.0,
        writes=_WRITES.search(bare) is not None,
    )


def statements_in(folder: Path) -> tuple[Statement, ...]:
    """Every *.sql file of a folder, by name."""
    found = tuple(
        statement_of(file.stem, file.read_text()) for file in sorted(folder.glob("*.sql"))
    )
    if not found:
        raise ValueError(f"{folder}: no *.sql file")
    return found


def index_set(file: Path) -> IndexSet:
    """A file of DDL; an empty one is the set that builds nothing."""
    return IndexSet(name=file.stem, ddl=split(file.read_text()))


def plain(ddl: str) -> str:
    """DDL without CONCURRENTLY: nobody else is there, and it builds twice as fast."""
    return re.sub(r"(?i)\bINDEX\s+CONCURRENTLY\b", "INDEX", ddl, count=1)


def nameless(ddl: str) -> str | None:
    """CREATE INDEX without its name, for HypoPG; None for other DDL and for parts of a tree."""
    match = _INDEX.match(ddl)
    if match is None or re.match(r"(?i)ONLY\s", ddl[match.end() :]):
        return None
    return f"CREATE {match['unique'] or ''}INDEX ON {ddl[match.end() :].strip()}"
