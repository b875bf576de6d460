"""The contract of sql/: headers, and every variant on every server, as every kind of role."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.domain.snapshot import row_tables
from pgtune_advisor.pg.capabilities import EXTENSION
from pgtune_advisor.pg.errors import QueryError
from pgtune_advisor.pg.helpers import SIGNATURES, helper_script
from pgtune_advisor.pg.platforms import PLACEHOLDERS, PREFIXES, ROLES, SETTINGS
from pgtune_advisor.pg.pools import Pools
from pgtune_advisor.pg.queries import SERVER, Query, QueryBook, Version, parse_version
from pgtune_advisor.pg.session import Session
from plugins.databases import Database
from plugins.servers import MakeCluster, MakeStandby
from plugins.targets import without_password

QUERIES = list(QueryBook.load())
NAMES = [f"{query.path.parent.name}/{query.path.stem}" for query in QUERIES]
# Filled from another query's rows, or by users.
NOT_READ_AS_THEY_ARE = {"replica_index_use", "custom", "log_bursts"}

SETUP = (
    "CREATE TABLE b (id bigserial PRIMARY KEY, name text DEFAULT 'x', at timestamptz)",
    "CREATE TABLE a (id serial PRIMARY KEY, b_id bigint REFERENCES b, txt text CHECK (txt <> ''))",
    "CREATE INDEX a_lower ON a (lower(txt)) WHERE b_id > 1",
    "INSERT INTO b (name) SELECT 'n' || g FROM generate_series(1, 20) g",
    "CREATE VIEW over_a AS SELECT lower(txt) AS txt FROM a",
    "CREATE TABLE parts (n int) PARTITION BY RANGE ((n + 1))",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    "CREATE STATISTICS a_stats ON (lower(txt)), b_id FROM a",
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "ANALYZE",
)
PARAMS: Mapping[str, Any] = {
    "schemas": ["public"] * 9,
    "names": [
        *("b", "a", "a_lower", "a_id_seq", "b_id_seq"),
        *("over_a", "parts", "parts_1", "a_stats"),
    ],
    "ids": [1, 2, 3],
    "length": 100,
    "path": "/proc/meminfo",
    "helpers": list(SIGNATURES),
    "platform_roles": list(ROLES),
    "platform_settings": list(SETTINGS),
    "platform_prefixes": list(PREFIXES),
    "platform_placeholders": list(PLACEHOLDERS),
}
# Measurements and states that differ from one moment to the next.
MOVING = {
    "backends",
    "checkpointer",
    "clock_cost",
    "database_sizes",
    "databases",
    "io",
    "own_process",
    "server",
    "server_files",
    "server_files_by_helper",
    "statement_texts",
    "statements",
    "statements_info",
    "wal",
}


def test_every_table_of_a_snapshot_has_a_query() -> None:
    tables = {query.name for query in QUERIES if query.table}
    assert tables == set(row_tables()) - NOT_READ_AS_THEY_ARE


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_query_keeps_the_conventions(query: Query) -> None:
    text = query.path.read_text()
    statement = re.sub(r"/\*.*?\*/|--[^\n]*", "", query.text)
    assert not re.search(r"(SELECT|,|\.)\s*\*", statement)
    assert re.search(r"\nORDER BY [^()]+\Z", statement)
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 100
    # Qualified: every function, relation and type. Keywords that look like calls are not.
    calls = set(re.findall(r"(?<![\w.\"])([a-z_]+)\(", statement))
    assert calls == set()
    relations = re.findall(
        r"(?<!DISTINCT )(?<!epoch )\b(?:FROM|JOIN)\s+([a-z_{}]+\.?\w*)", statement
    )
    named = re.findall(r"(?:WITH|,)\s+(\w+) AS (?:MATERIALIZED )?\(", statement)
    for relation in relations:
        head = relation.split(".")[0]
        assert head in {"pg_catalog", "pgtune_advisor", "{schema}", *named}, relation
    casts = re.findall(r"::(?!pg_catalog\.)(\w+)", statement)
    assert casts == []


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_query_reads_nothing_that_waits_for_a_lock(query: Query) -> None:
    waits = r"pg_(total_|table_|indexes_)?(relation_|table_|indexes_)size|regclass\("
    assert not re.search(waits, query.text)
    locking = {
        "pg_get_indexdef": {"index_expressions"},
        "pg_get_expr": {"index_expressions", "partition_definitions"},
        "pg_get_viewdef": {"view_definitions"},
        "pg_get_statisticsobjdef": {"statistics_expressions"},
        "pg_sequence_last_value": {"sequence_values"},
        "pg_get_constraintdef": set(),
        "pg_get_partkeydef": {"partition_definitions"},
        "pg_sequences": set(),
    }
    for function, allowed in locking.items():
        if function in query.text:
            assert query.name in allowed
            assert "pg_locks" in query.text


@contextmanager
def session_of(dsn: str, folder: Path) -> Iterator[Session]:
    pools = Pools("t", without_password(dsn, folder), max_connections=1)
    with closing(pools), pools.session() as session:
        yield session


def version_of(query: Query, database: Database) -> Version:
    if query.version_of == SERVER:
        return (database.server.major,)
    with database.connect() as connection:
        row = connection.execute(
            "SELECT extversion FROM pg_extension WHERE extname = %s", [EXTENSION]
        ).fetchone()
    return parse_version(row[0]) if row else ()


def rows(session: Session, query: Query) -> list[Any]:
    return session.rows(query, PARAMS, schema="public" if query.version_of == EXTENSION else None)


def failure(session: Session, query: Query, version: Version, book: QueryBook) -> str | None:
    """What is wrong with a variant on this server; None where it does as its file says."""
    chosen = book.find(query.name, version) == query
    try:
        found = rows(session, query)
        again = rows(session, query)
    except QueryError as error:
        return error.primary if chosen else None
    if query.floor > version:
        return "it runs below its floor"
    return "it returns other rows" if found != again and query.name not in MOVING else None


@pytest.mark.parametrize("kind", ["superuser", "monitor"])
def test_every_variant_runs(kind: str, database: Database, tmp_path: Path) -> None:
    monitor = database.create_role("LOGIN", member_of=("pg_monitor",))
    database.execute(*SETUP, helper_script(monitor))
    dsn = database.dsn if kind == "superuser" else database.dsn_as(monitor)
    book = QueryBook.load()
    failures = {}
    with session_of(dsn, tmp_path) as session:
        for query, name in zip(QUERIES, NAMES, strict=True):
            if database.server.preloaded or query.version_of == SERVER:
                failures[name] = failure(session, query, version_of(query, database), book)
    expected = {"host/server_files"} if kind == "monitor" else set()
    assert {name for name, fact in failures.items() if fact is not None} == expected, failures


def test_queries_run_in_recovery(
    make_cluster: MakeCluster, make_standby: MakeStandby, tmp_path: Path
) -> None:
    primary = make_cluster(preload=[EXTENSION])
    script = (f"CREATE EXTENSION {EXTENSION}", *SETUP, helper_script("postgres"))
    primary.run("psql", "-v", "ON_ERROR_STOP=1", input_text=";\n".join(script))
    standby = make_standby(primary)
    book = QueryBook.load()
    with session_of(standby.dsn(), tmp_path) as session:
        version = {SERVER: (session.server_version // 10000,), EXTENSION: (1, 99)}
        for name in book.names():
            query = book.find(name, version[book.variants(name)[0].version_of])
            if query is not None:
                rows(session, query)
