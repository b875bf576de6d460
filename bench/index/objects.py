"""Indexes and extended statistics of a database: what a set has built, and how to take it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from bench.index.timing import Connection
from bench.index.workload import plain

_OBJECTS: Final = """
SELECT x.indexrelid, 'INDEX', x.indexrelid::regclass::text, pg_relation_size(x.indexrelid),
       EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = x.indexrelid), c.relname
FROM pg_index x
JOIN pg_class c ON c.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT s.oid, 'STATISTICS', format('%I.%I', n.nspname, s.stxname), 0, false, s.stxname
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
ORDER BY 5, 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index or an extended statistic; `part`: it goes away with the index of its parent."""

    oid: int
    kind: str
    sql: str
    name: str
    size: int
    part: bool

    @property
    def drop(self) -> str:
        """DDL that takes it back."""
        return f"DROP {self.kind} IF EXISTS {self.sql}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """What came of a set: `failed` are DDL and error."""

    built: tuple[Built, ...]
    failed: tuple[tuple[str, str], ...]
    seconds: float

    @property
    def size(self) -> int:
        """Bytes of all its indexes."""
        return sum(one.size for one in self.built)

    @property
    def indexes(self) -> int:
        """How many indexes; one on a partitioned table counts once."""
        return sum(one.kind == "INDEX" and not one.part for one in self.built)


def existing(connection: Connection) -> dict[int, Built]:
    """Every index and extended statistic of users, by oid."""
    return {
        int(str(oid)): Built(
            oid=int(str(oid)),
            kind=str(kind),
            sql=str(sql),
            size=int(str(size)),
            part=bool(part),
            name=str(name),
        )
        for oid, kind, sql, size, part, name in connection.execute(_OBJECTS)
    }


def build(connection: Connection, ddl: Sequence[str]) -> Building:
    """Run the DDL, without a timeout; what fails is told and the rest goes on."""
    before = existing(connection)
    failed: list[tuple[str, str]] = []
    began = time.perf_counter()
    timeout = connection.execute("SHOW statement_timeout").fetchone()
    connection.execute("SET statement_timeout = 0")
    for one in dict.fromkeys(ddl):
        try:
            connection.execute(plain(one).encode())
        except psycopg.Error as error:
            failed.append((one, error.diag.message_primary or str(error)))
    seconds = time.perf_counter() - began
    # Expressions and extended statistics are known to the planner only after this.
    connection.execute("ANALYZE")
    connection.execute("SELECT set_config('statement_timeout', %s, false)", timeout)
    built = tuple(one for oid, one in existing(connection).items() if oid not in before)
    return Building(built=built, failed=tuple(failed), seconds=seconds)


def take_back(connection: Connection, before: dict[int, Built]) -> None:
    """Drop whatever was not there before."""
    for oid, one in existing(connection).items():
        if oid not in before:
            connection.execute(one.drop.encode())
