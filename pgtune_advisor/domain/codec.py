"""Snapshots as compressed JSON lines: a header, one line a table's columns, one line a row, an end.

The end line counts the rows, so that a file that was cut short is seen.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO, Final

import zstandard
from pydantic import TypeAdapter, ValidationError

from pgtune_advisor.domain.errors import SnapshotError
from pgtune_advisor.domain.server import Host, Server
from pgtune_advisor.domain.snapshot import SNAPSHOT_VERSION, Gap, Snapshot, row_tables

FORMAT: Final = "pgtune-advisor-snapshot"
_HINT: Final = "Write it again with `pgtune-advisor snapshot FILE`."


def write(snapshot: Snapshot, out: BinaryIO) -> None:
    """Write the snapshot to a binary stream."""
    compressor = zstandard.ZstdCompressor(level=6)
    with compressor.stream_writer(out, closefd=False) as stream:
        for line in _lines(snapshot):
            stream.write(json.dumps(line, default=_plain, separators=(",", ":")).encode() + b"\n")


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes."""
    buffer = io.BytesIO()
    write(snapshot, buffer)
    return buffer.getvalue()


def decode(data: bytes, tables: Collection[str] | None = None) -> Snapshot:
    """The snapshot in `data`; with `tables`, of these alone, which takes less memory."""
    return read(io.BytesIO(data), tables)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"cannot serialise {type(value).__name__}")


def _lines(snapshot: Snapshot) -> Iterator[Any]:
    yield {
        "format": FORMAT,
        "version": SNAPSHOT_VERSION,
        "target": snapshot.target,
        "taken_at": snapshot.taken_at,
        "server": asdict(snapshot.server),
        "host": asdict(snapshot.host),
        "collected": snapshot.collected,
        "gaps": [asdict(gap) for gap in snapshot.gaps],
    }
    count = 0
    for table, row_type in row_tables().items():
        rows = getattr(snapshot, table)
        if not rows:
            continue
        names = [f.name for f in fields(row_type)]
        yield {"table": table, "columns": names}
        for row in rows:
            yield [getattr(row, name) for name in names]
        count += len(rows)
    yield {"end": count}


def read(source: BinaryIO, tables: Collection[str] | None = None) -> Snapshot:
    """Read a snapshot; SnapshotError where it is none, is damaged, or is of another version.

    With `tables`, the others count as not collected.
    """
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(source)
        lines = io.TextIOWrapper(io.BufferedReader(reader), encoding="utf-8")
        return _parse(lines, row_tables().keys() if tables is None else tables)
    except (zstandard.ZstdError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SnapshotError(
            "the snapshot cannot be read", detail=f"It is damaged: {error}", hint=_HINT
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SnapshotError(
            "the snapshot cannot be read",
            detail=f"A value is not what it should be: {place}: {first['msg']}",
            hint=_HINT,
        ) from None


def _parse(lines: Iterable[str], wanted: Collection[str]) -> Snapshot:
    numbered = iter(lines)
    header = json.loads(next(numbered, "null"))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise SnapshotError("the file is not a snapshot of pgtune-advisor", hint=_HINT)
    if header.get("version") != SNAPSHOT_VERSION:
        raise SnapshotError(
            f"the snapshot has version {header.get('version')}",
            detail=f"This program reads version {SNAPSHOT_VERSION}.",
            hint="Read it with the release that wrote it, or write it again.",
        )
    collected = _adapter(frozenset[str]).validate_python(header.get("collected"))
    return Snapshot(
        target=_adapter(str).validate_python(header.get("target")),
        taken_at=_adapter(datetime).validate_python(header.get("taken_at")),
        server=_adapter(Server).validate_python(header.get("server")),
        host=_adapter(Host).validate_python(header.get("host")),
        collected=collected.intersection(wanted),
        gaps=_adapter(tuple[Gap, ...]).validate_python(header.get("gaps", ())),
        **_tables(numbered, wanted),
    )


def _tables(lines: Iterator[str], wanted: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """The rows of the wanted tables; names that occur again and again are kept once."""
    known = row_tables()
    tables: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    table, count = "", 0
    columns: list[str] = []
    for line in lines:
        item = json.loads(line)
        match item:
            case {"end": int(expected)}:
                if expected != count:
                    break
                return {name: tuple(rows) for name, rows in tables.items()}
            case {"table": str(table), "columns": list(columns)} if table in known:
                if table in wanted:
                    tables[table] = []
            case list(values) if table and len(values) == len(columns):
                count += 1
                if table in wanted:
                    once = [names.setdefault(v, v) if isinstance(v, str) else v for v in values]
                    row = dict(zip(columns, once, strict=True))
                    tables[table].append(_adapter(known[table]).validate_python(row))
            case _:
                raise SnapshotError(
                    "the snapshot cannot be read",
                    detail=f"An unexpected line after {count} rows",
                    hint=_HINT,
                )
    raise SnapshotError(
        "the snapshot is not complete", detail=f"It ends after {count} rows.", hint=_HINT
    )


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
