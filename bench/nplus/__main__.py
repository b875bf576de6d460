"""Record the applications on a private server: counters a window, and the log.

Needs `pip install django sqlalchemy peewee pony psycopg2-binary` beside the project, and for
node.cjs `npm install sequelize typeorm pg reflect-metadata` in a folder that NODE_PATH names.
`python -m bench.nplus tests/corpus/nplus [APPLICATION…]`.
"""
# mypy: ignore-errors

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import zstandard

from pgtune_advisor.cluster import SCRATCH_SETTINGS, PrivateCluster, find_binaries
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain import codec
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.settings import TargetSection
from pgtune_advisor.sqltext import redact_literals

HERE = Path(__file__).parent
WINDOWS, SESSIONS, THINK_S = 24, 5, 0.02
# The log of so many executions is kept.
MOST_LOGGED = 2_500
LOGGING = {
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_min_duration_statement": "0",
    "log_rotation_size": "0",
    "compute_query_id": "on",
    "max_connections": "60",
}
_DURATION = re.compile(r"duration: ([\d.]+) ms  (?:statement|execute [^:]*): ")


class Local:
    """An application of applications.py, in as many threads as it has sessions."""

    def __init__(self, name: str, rng: random.Random) -> None:
        from bench.nplus import applications

        self._request, self._rng = applications.APPLICATIONS[name], rng
        self._threads = ThreadPoolExecutor(SESSIONS)
        self.labels = applications.LABELS[name]

    def serve(self, requests: int) -> None:
        waiting = []
        for _ in range(requests):
            waiting.append(self._threads.submit(self._request, random.Random(self._rng.random())))
            time.sleep(self._rng.expovariate(1 / THINK_S))
        for one in waiting:
            one.result()

    def close(self) -> None:
        self._threads.shutdown()


class Node:
    """An application of node.cjs."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            ["node", HERE / "node.cjs", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.labels = tuple(json.loads(self._process.stdout.readline()))

    def serve(self, requests: int) -> None:
        self._process.stdin.write(f"{requests}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == "done"

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    out, wanted = Path(sys.argv[1]), sys.argv[2:]
    out.mkdir(parents=True, exist_ok=True)
    binaries = max(find_binaries(), key=lambda one: one.major)
    cluster = PrivateCluster.create(
        binaries, settings={**SCRATCH_SETTINGS, **LOGGING}, preload=["pg_stat_statements"]
    )
    with cluster:
        cluster.start()
        cluster.run("psql", "-Xqc", "CREATE DATABASE blog")
        cluster.run("psql", "-Xq", "-d", "blog", "-c", "CREATE EXTENSION pg_stat_statements")
        cluster.run("psql", "-Xq", "-d", "blog", "-f", out.resolve() / "schema.sql")
        os.environ |= {
            "NPLUS_HOST": str(cluster.socket_dir),
            "NPLUS_PORT": str(cluster.port),
            "NPLUS_USER": "postgres",
            "NPLUS_DATABASE": "blog",
        }
        from bench.nplus import applications

        node = ["sequelize_getter", "sequelize_include", "typeorm_lazy", "typeorm_loader"]
        for name in wanted or [*applications.APPLICATIONS, *node]:
            record(cluster, name, out, is_node=name in node)
        applications.close()


def record(cluster: PrivateCluster, name: str, out: Path, *, is_node: bool) -> None:
    rng = random.Random(name)
    application = Node(name) if is_node else Local(name, rng)
    application.serve(3)
    settle(cluster)
    target = TargetSection(name="blog", dsn=cluster.dsn("blog"))
    logs = {path: path.stat().st_size for path in log_files(cluster)}
    windows = []
    with Collector(target, QueryBook.load([])) as collector:
        before = collector.full()
        for _ in range(WINDOWS):
            application.serve(rng.randint(4, 28))
            settle(cluster)
            after = collector.fast()
            windows.append(grown(before, after))
            before = after
        last = collector.full()
    application.close()
    texts = {t.query_id: redact_literals(t.text) for t in last.statement_texts}
    used = {row[0] for window in windows for row in window}
    body = {
        "labels": application.labels,
        "texts": {str(q): texts[q] for q in sorted(used) if q in texts},
        "windows": windows,
    }
    (out / f"{name}.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")
    lines = [line for path in log_files(cluster) for line in entries(path, logs.get(path, 0), used)]
    lines = lines[:MOST_LOGGED]
    (out / f"{name}.jsonl.zst").write_bytes(zstandard.compress("\n".join(lines).encode(), 19))
    schema = {one: getattr(last, one) for one in ("relations", "columns", "constraints", "indexes")}
    plain = replace(last, **dict.fromkeys(codec.row_tables(), ()), gaps=())
    (out / "schema.snapshot.zst").write_bytes(codec.encode(replace(plain, **schema)))
    print(name, len(texts), len(lines), flush=True)


def settle(cluster: PrivateCluster) -> None:
    """Counters of a statement are there as soon as it ends; what runs still must end."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = 'blog'"
    with psycopg.connect(cluster.dsn("blog"), autocommit=True) as connection:
        while connection.execute(query).fetchone()[0] > 1:
            time.sleep(0.01)


def grown(before, after) -> list[list[float]]:
    was = {(s.query_id, s.toplevel): s for s in before.statements if s.database == "blog"}
    rows = []
    for new in after.statements:
        old = was.get((new.query_id, new.toplevel))
        calls = new.calls - (old.calls if old else 0)
        if new.database == "blog" and new.toplevel and calls:
            got = new.rows - (old.rows if old else 0)
            ms = new.exec_time_ms - (old.exec_time_ms if old else 0.0)
            rows.append([new.query_id, calls, got, round(ms, 3)])
    return rows


def log_files(cluster: PrivateCluster) -> list[Path]:
    return sorted((cluster.data_dir / "log").glob("*.json"))


def entries(path: Path, offset: int, used: set[int]):
    """The log's executions, each with what tells its unit of work and without its text."""
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        for line in file:
            entry = json.loads(line)
            match = _DURATION.match(entry.get("message", ""))
            if match and entry.get("query_id") in used and entry.get("dbname") == "blog":
                kept = {
                    k: entry[k]
                    for k in ("timestamp", "session_id", "vxid", "query_id")
                    if k in entry
                }
                yield json.dumps(kept | {"message": match[0][:-2]}, separators=(",", ":"))


if __name__ == "__main__":
    threading.excepthook = sys.__excepthook__
    main()
