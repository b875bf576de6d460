"""A server with a workload in it: a private one, loaded or taken from a kept copy."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from bench.index.tables import say
from bench.index.timing import connect
from bench.index.workload import Workload, split
from pgtune_advisor.cluster import SCRATCH_SETTINGS, Binaries, PrivateCluster, find_binaries

# No parallel workers and no just-in-time compiler: processor time is read from one process.
SETTINGS: Final[Mapping[str, str]] = {
    **SCRATCH_SETTINGS,
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


def chosen_binaries(major: int | None = None) -> Binaries:
    """The newest PostgreSQL that has HypoPG, else the newest."""
    found = find_binaries(major=major)
    if not found:
        raise SystemExit("no PostgreSQL is at hand")
    return next((one for one in found if one.has_extension("hypopg")), found[0])


@contextmanager
def loaded(workload: Workload, *, keep: Path | None, major: int | None = None) -> Iterator[str]:
    """A running private server with the workload in a database of its name; yields the DSN.

    With `keep` the loaded data directory is copied there once and started from afterwards, so
    that every run begins with the same files.
    """
    binaries = chosen_binaries(major)
    cluster = PrivateCluster.create(binaries, settings=SETTINGS)
    copy = None if keep is None else keep / _copy_name(workload, binaries)
    if copy is not None and copy.exists():
        _replace(cluster.data_dir, copy)
    with cluster:
        if copy is None or not copy.exists():
            load(cluster.dsn(), workload)
        if copy is not None and not copy.exists():
            cluster.stop()
            _save(cluster.data_dir, copy)
            cluster.start()
        say(f"PostgreSQL {binaries.text}, database {workload.name}")
        yield cluster.dsn(workload.name)


def load(dsn: str, workload: Workload) -> None:
    """Make the database in the workload's name and fill it."""
    began = time.perf_counter()
    with connect(dsn) as connection:
        _create_database(connection, workload.name)
        host = connection.info
        database = f"host={host.host} port={host.port} user={host.user} dbname={workload.name}"
    with connect(database) as connection:
        for text in workload.load:
            for statement in split(text):
                connection.execute(statement.encode())
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    size = int(str(row[0])) // 1024**2
    say(f"loaded {workload.name}: {size} MB in {time.perf_counter() - began:.0f} s")


def _create_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Sorted as an application would: with a language, where this PostgreSQL knows ICU."""
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    with_icu = sql.SQL("{} LOCALE_PROVIDER icu ICU_LOCALE 'en-US'").format(create)
    try:
        connection.execute(with_icu)
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError) as error:
        say(f"no ICU collation: {error.diag.message_primary}")
        connection.execute(create)


def _copy_name(workload: Workload, binaries: Binaries) -> str:
    digest = hashlib.sha256("\0".join(workload.load).encode()).hexdigest()[:12]
    return f"{workload.name}-{binaries.text}-{digest}"


def _save(data: Path, copy: Path) -> None:
    """Copied beside and renamed: what has the name is whole."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    staging = copy.with_name(f"{copy.name}.new")
    if staging.exists():
        shutil.rmtree(staging)
    _copy(data, staging)
    staging.rename(copy)


def _replace(data: Path, copy: Path) -> None:
    shutil.rmtree(data)
    _copy(copy, data)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes, and sharing blocks where the file system can."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)
