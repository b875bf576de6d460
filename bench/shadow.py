"""A shadow of 1,000 tables, one of which pretends 10 TB: seconds to build, ms a plan, disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg

from pgtune_advisor.advise.whatif import Request
from pgtune_advisor.cluster import SCRATCH_SETTINGS, Binaries, PrivateCluster, find_binaries
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.planner.shadow import Shadow
from pgtune_advisor.planner.shadow_planner import ShadowPlanner
from pgtune_advisor.settings import TargetSection

TABLES = 1000
ROUNDS = 300
TEN_TERABYTES = 10 * 2**40 // 8192
_COLUMNS = ", ".join(
    [
        *("at timestamptz", "name text", "amount numeric", "flag bool", "kind int"),
        *(f"c{n} int" for n in range(3)),
    ]
)
_JOIN = (
    "SELECT a.name, count(*) FROM t500 a JOIN t501 b ON b.parent = a.id JOIN t502 c"
    " ON c.parent = b.id WHERE a.kind = 3 AND c.c1 < 100 GROUP BY a.name"
)
_LARGE = (
    "SELECT * FROM t0 a JOIN t1 b ON b.parent = a.id JOIN t2 c ON c.parent = b.id WHERE a.c1 = 7"
)


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Tables of ten columns with a primary key, a foreign key, another index and statistics."""
    for number in range(TABLES):
        connection.execute(
            f"CREATE TABLE t{number} (id bigint PRIMARY KEY, parent bigint"
            f" REFERENCES t{max(number - 1, 0)}, {_COLUMNS});"
            f"CREATE INDEX ON t{number} (parent);"
            f"INSERT INTO t{number} SELECT i, i, now() - i * interval '1 min', 'name ' || i,"
            " i * 1.5, i % 2 = 0, i % 17, i % 150, i % 300, i"
            " FROM generate_series(1, 300) i".encode()
        )
    connection.execute("VACUUM ANALYZE")


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """The snapshot of such a database, its statistics with their values."""
    cluster = PrivateCluster.create(
        find_binaries()[0], settings={**SCRATCH_SETTINGS, "autovacuum": "off"}
    )
    with cluster, TemporaryDirectory():
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            fill(connection)
        section = TargetSection.model_construct(name="bench", dsn=cluster.dsn())
        began = perf_counter()
        with Collector(section, QueryBook.load()) as collector:
            taken = collector.full(values=True)
        say(f"collected {len(taken.column_values)} columns' values", perf_counter() - began, "s")
        yield taken


def swollen(taken: Snapshot) -> Snapshot:
    """The same, but for a table of 10 TB and its indexes of 200 GB."""
    relations = tuple(
        replace(r, pages=TEN_TERABYTES, rows=1e11) if r.name == "t0" else r for r in taken.relations
    )
    indexes = tuple(
        replace(i, pages=200 * 2**30 // 8192, rows=1e11) if i.table == "t0" else i
        for i in taken.indexes
    )
    return replace(taken, relations=relations, indexes=indexes)


def measure(taken: Snapshot, binaries: Binaries) -> None:
    began = perf_counter()
    with Shadow.build(taken, binaries=binaries) as shadow:
        say(f"PostgreSQL {binaries.text}: built", perf_counter() - began, "s")
        for gap in shadow.gaps():
            say(f"  {gap.reason}", 0, "")
        disk("built", shadow.cluster.data_dir)
        with closing(ShadowPlanner(shadow, size=lambda _: 50 * 2**20)) as planner:
            plans(planner)
            disk("with 300 indexes pretended", shadow.cluster.data_dir)


def plans(planner: ShadowPlanner) -> None:
    columns = ("at", "name", "amount", "kind", "c0", "c1")
    made = [index(f"t{n}", *pair) for n in range(60) for pair in pairwise(columns)]
    began = perf_counter()
    refused = planner.prepare(made)
    say(f"{len(made)} indexes, each", (perf_counter() - began) / len(made) * 1000, "ms")
    assert not refused
    for label, text, numbers in (
        ("3-way join", _JOIN, ("t500", "t501", "t502")),
        ("3-way join with the table of 10 TB", _LARGE, ("t0", "t1", "t2")),
    ):
        near = frozenset(index(table, "kind") for table in numbers)
        planner.prepare(sorted(near))
        first = perf_counter()
        planner.plan(Request(text=text, indexes=near))
        say(f"{label}: first plan", (perf_counter() - first) * 1000, "ms")
        for what, other in (
            ("nothing switched", near),
            ("one index switched", near - set(islice(sorted(near), 1))),
            ("all switched", frozenset[IndexDef]()),
        ):
            began = perf_counter()
            for number in range(ROUNDS):
                planner.plan(Request(text=text, indexes=other if number % 2 else near))
            say(f"{label}, {what}", (perf_counter() - began) / ROUNDS * 1000, "ms")


def index(table: str, *columns: str) -> IndexDef:
    keys = tuple(IndexKey.of(column) for column in columns)
    return IndexDef(schema="public", table=table, keys=keys)


def disk(label: str, folder: Path) -> None:
    done = subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True)
    say(f"disk, {label}", int(done.stdout.split()[0]) / 1024, "MB")


def say(label: str, figure: float, unit: str) -> None:
    sys.stdout.write(f"{label:<62} {figure:10.2f} {unit}\n" if unit else f"{label}\n")


def main() -> None:
    with snapshot() as taken:
        large = swollen(taken)
        for binaries in find_binaries():
            measure(large, binaries)


if __name__ == "__main__":
    main()
