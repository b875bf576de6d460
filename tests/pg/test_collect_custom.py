"""Queries of the user: their rows become facts, their mistakes become gaps."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from plugins.databases import Database
from plugins.targets import target_section

QUERY = """\
-- about: {name}
-- returns: facts {name}
-- cadence: {cadence}
-- scope: {scope}
-- needs: SELECT on public.jobs
-- version-of: server
-- timeout: {timeout}
-- label: kind
-- column: waiting integer unit=jobs jobs that wait
-- column: share real their share
{statement}
"""
GOOD = """SELECT kind, count(*) AS waiting, 0.5 AS share
FROM public.jobs WHERE kind LIKE '%m%' GROUP BY 1"""


def add(
    folder: Path,
    name: str,
    statement: str = GOOD,
    *,
    cadence: str = "slow",
    scope: str = "database",
    timeout: str = "2s",
) -> None:
    text = QUERY.format(
        name=name, statement=statement, cadence=cadence, scope=scope, timeout=timeout
    )
    (folder / f"{name}.sql").write_text(text)


@pytest.fixture
def jobs(database: Database) -> Database:
    database.execute(
        "CREATE TABLE jobs (id int, kind text)",
        "INSERT INTO jobs VALUES (1, 'mail'), (2, 'mail'), (3, 'mop'), (4, 'other')",
    )
    return database


def collector(database: Database, folder: Path, **fields: object) -> Collector:
    section = target_section(database.dsn, folder, **fields)
    return Collector(section, QueryBook.load([folder]))


def values(snapshot: Snapshot) -> set[tuple[object, ...]]:
    return {(f.table, f.label, *(value for _, value in f.values)) for f in snapshot.custom}


def test_rows_become_facts(jobs: Database, tmp_path: Path) -> None:
    add(tmp_path, "queue")
    with collector(jobs, tmp_path) as reader:
        snapshot = reader.full()
    assert values(snapshot) == {("queue", "mail", 2, 0.5), ("queue", "mop", 1, 0.5)}
    assert {fact.database for fact in snapshot.custom} == {jobs.name}
    assert "custom" in snapshot.collected


def test_slow_facts_stay_over_fast_cycles(jobs: Database, tmp_path: Path) -> None:
    add(tmp_path, "slow_queue")
    add(tmp_path, "fast_queue", cadence="fast", scope="cluster")
    with collector(jobs, tmp_path) as reader:
        base = reader.full()
        jobs.execute("DELETE FROM jobs WHERE kind = 'mop'")
        merged = reader.fast().over(base)
    assert values(merged) == {
        ("slow_queue", "mail", 2, 0.5),
        ("slow_queue", "mop", 1, 0.5),
        ("fast_queue", "mail", 2, 0.5),
    }


def test_mistakes_are_gaps(jobs: Database, tmp_path: Path) -> None:
    add(tmp_path, "good")
    add(tmp_path, "unknown", "SELECT kind, 1 AS waiting, 1 AS share FROM public.nothing")
    add(tmp_path, "renamed", "SELECT kind, 1 AS wait, 1 AS share FROM public.jobs")
    add(tmp_path, "mistyped", "SELECT kind, 'x' AS waiting, 1 AS share FROM public.jobs")
    add(
        tmp_path,
        "writing",
        "WITH gone AS (DELETE FROM public.jobs RETURNING kind)"
        " SELECT kind, 1 AS waiting, 1 AS share FROM gone",
    )
    add(
        tmp_path,
        "slow",
        "SELECT kind, 1 AS waiting, pg_sleep(60)::text AS share FROM public.jobs",
        timeout="20ms",
    )
    with collector(jobs, tmp_path) as reader:
        snapshot = reader.full()
    reasons = {
        gap.source.split(":")[1]: gap.reason for gap in snapshot.gaps if gap.head == "custom"
    }
    assert set(reasons) == {"unknown", "renamed", "mistyped", "writing", "slow"}
    assert "does not exist" in reasons["unknown"]
    assert "returns other columns" in reasons["renamed"]
    assert "another type" in reasons["mistyped"]
    assert "read-only transaction" in reasons["writing"]
    assert "took longer than 0.02 s" in reasons["slow"]
    assert {table for table, *_ in values(snapshot)} == {"good"}
    assert jobs.connect().execute("SELECT count(*) FROM jobs").fetchone() == (4,)


def test_a_denied_query_says_what_it_needs(jobs: Database, tmp_path: Path) -> None:
    add(tmp_path, "queue")
    role = jobs.create_role("LOGIN", member_of=("pg_monitor",))
    section = target_section(jobs.dsn_as(role), tmp_path)
    with Collector(section, QueryBook.load([tmp_path])) as reader:
        snapshot = reader.full()
    gap = next(gap for gap in snapshot.gaps if gap.head == "custom")
    assert gap.source == f"custom:queue:{jobs.name}"
    assert "permission denied" in gap.reason
    assert gap.hint == "It needs SELECT on public.jobs."
    assert "custom" not in snapshot.collected
