"""One shared server a version, started when a test first asks for it."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from pgtune_advisor.cluster import (
    SCRATCH_SETTINGS,
    Binaries,
    PrivateCluster,
    find_binaries,
)
from plugins import containers

SUPPORTED = (18, 17, 16, 15, 14)
TEMPLATE = "test_template"
EXTENSION = "pg_stat_statements"

# Autovacuum is off: a test's counters and plans change only when the test does something.
TEST_SETTINGS: Mapping[str, str] = {
    **SCRATCH_SETTINGS,
    "shared_buffers": "32MB",
    "max_connections": "40",
    "autovacuum": "off",
    "compute_query_id": "on",
    "track_functions": "none",
    "track_commit_timestamp": "off",
    "wal_level": "logical",
    "max_wal_senders": "4",
    "max_replication_slots": "4",
    "max_prepared_transactions": "10",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_TERM = re.compile(r"(>=|<=|==|>|<)\s*(\d+)")


def fits(major: int, spec: str) -> bool:
    """Whether a major version meets a list of comparisons such as ">= 15, < 18"."""
    for term in spec.split(","):
        match = _TERM.fullmatch(term.strip())
        if match is None:
            raise ValueError(f"{spec!r} is not a list of comparisons with a major version")
        if not _COMPARISONS[match[1]](major, int(match[2])):
            return False
    return True


def local_binaries() -> dict[int, Binaries]:
    """The best programs of each major on this machine, newest first.

    PGTUNE_TEST_BINDIRS may name more folders than find_binaries() looks in.
    """
    found = find_binaries()
    for folder in os.environ.get("PGTUNE_TEST_BINDIRS", "").split(os.pathsep):
        found += find_binaries(Path(folder)) if folder else []
    best: dict[int, Binaries] = {}
    for one in sorted(found, key=lambda one: one.version, reverse=True):
        best.setdefault(one.major, one)
    return best


def known_majors(restriction: str, local: Iterable[int]) -> tuple[int, ...]:
    """Every major at hand, newest first: the local ones, then what Docker can add.

    A restriction such as "15,18" selects; ValueError if one that it names is not at hand.
    """
    wanted = {int(one) for one in restriction.split(",")} if restriction.strip() else None
    majors = set(local)
    if not majors.issuperset(wanted or SUPPORTED) and containers.docker_answers():
        majors.update(wanted or SUPPORTED)
    if wanted is not None and not wanted <= majors:
        missing = ", ".join(map(str, sorted(wanted - majors)))
        raise ValueError(f"PostgreSQL {missing} is not at hand")
    return tuple(sorted(majors & wanted if wanted else majors, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server; `cluster` is None if it runs in a container."""

    major: int
    base: str
    preloaded: tuple[str, ...]
    cluster: PrivateCluster | None

    def dsn(self, dbname: str = "postgres", **params: Any) -> str:
        """How the superuser connects."""
        return make_conninfo(self.base, dbname=dbname, **params)

    def connect(self, dbname: str = "postgres", **params: Any) -> psycopg.Connection[Any]:
        """An autocommit connection of the superuser; the caller closes it."""
        return psycopg.connect(self.dsn(dbname), autocommit=True, **params)


class ServerPool:
    """The servers of one test session (of one worker under xdist)."""

    def __init__(self, local: Mapping[int, Binaries]) -> None:
        self._local = local
        self._servers: dict[int, Server] = {}
        self._stack = ExitStack()

    def get(self, major: int) -> Server:
        if major not in self._servers:
            server = self._start(major)
            _make_template(server)
            self._servers[major] = server
        return self._servers[major]

    def close(self) -> None:
        self._stack.close()

    def _start(self, major: int) -> Server:
        binaries = self._local.get(major)
        if binaries is None:
            base = self._stack.enter_context(
                containers.running(major, {**TEST_SETTINGS, "shared_preload_libraries": EXTENSION})
            )
            return Server(major=major, base=base, preloaded=(EXTENSION,), cluster=None)
        preload = (EXTENSION,) if binaries.has_library(EXTENSION) else ()
        cluster = self._stack.enter_context(
            PrivateCluster.create(binaries, settings=TEST_SETTINGS, preload=preload)
        )
        return Server(major=major, base=cluster.dsn(), preloaded=preload, cluster=cluster)


def _make_template(server: Server) -> None:
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE}".encode())
    if server.preloaded:
        with server.connect(TEMPLATE) as template:
            template.execute(f"CREATE EXTENSION {EXTENSION}".encode())
