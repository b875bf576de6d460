"""A large catalogue: 10,000 tables, 20,000 indexes and 5,000 statements in a private cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pgtune_advisor.cluster import SCRATCH_SETTINGS, PrivateCluster, best_binaries

TABLES = 10_000
STATEMENTS = 5_000
_BATCH = 500
_SETTINGS = {
    "shared_buffers": "512MB",
    "max_locks_per_transaction": "1024",
    "pg_stat_statements.max": "6000",
    "autovacuum": "off",
}


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def build(connection: psycopg.Connection[tuple[object, ...]], tables: int) -> None:
    """Tables with a primary key, another index, a foreign key, rows and statistics."""
    for first in range(0, tables, _BATCH):
        ddl = ";".join(
            f"CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
            f"parent bigint REFERENCES t{max(n - 1, 0)}, name text NOT NULL, at timestamptz, "
            f"amount numeric);"
            f"CREATE INDEX t{n}_name ON t{n} (name, at DESC);"
            f"INSERT INTO t{n} (name, amount) SELECT 'n' || i, i FROM generate_series(1, 5) i"
            for n in range(first, first + _BATCH)
        )
        connection.execute(ddl.encode())
        _say(f"{first + _BATCH} tables")
    connection.execute("ANALYZE")


def run_statements(connection: psycopg.Connection[tuple[object, ...]], number: int) -> None:
    """As many distinct statements of about 1 kB each as asked for."""
    padding = " + ".join(f"length(name || '{n}')" for n in range(40))
    for n in range(number):
        connection.execute(
            f"SELECT {padding} FROM t{n % TABLES} WHERE id = {n} OFFSET {n % 7}".encode()
        )


@contextmanager
def large_server(tables: int = TABLES, statements: int = STATEMENTS) -> Iterator[PrivateCluster]:
    """A running private cluster with all of it in the database `large`."""
    cluster = PrivateCluster.create(
        best_binaries(),
        settings={**SCRATCH_SETTINGS, **_SETTINGS},
        preload=["pg_stat_statements"],
    )
    with cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE large")
        with psycopg.connect(cluster.dsn("large"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            build(connection, tables)
            connection.execute("SELECT pg_stat_statements_reset()")
            run_statements(connection, statements)
            connection.execute("VACUUM pg_catalog.pg_class")
        yield cluster
