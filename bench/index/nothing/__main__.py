"""A workload that needs no index: pgbench, whose every look-up has its primary key.

python -m bench.index.nothing [--scale 10] [--seconds 5] [--planner shadow]

Runs pgbench's scripts on a private server with pg_stat_statements, asks for advice as its users do,
and prints what was said of each statement. Ends with status 1 if an index was proposed, or if a
statement that reads a table was left out without a reason.
"""

from __future__ import annotations

import argparse
import sys

from tabulate import tabulate

from bench.index.advisor import Advice, advise
from bench.index.servers import chosen_binaries
from bench.index.timing import connect
from pgtune_advisor.cluster import SCRATCH_SETTINGS, PrivateCluster

SCRIPTS = ("tpcb-like", "simple-update", "select-only")


def main() -> int:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--scale", type=int, default=10)
    made.add_argument("--seconds", type=int, default=5, help="of each script")
    made.add_argument("--planner", default="auto", choices=("auto", "hypopg", "shadow"))
    options = made.parse_args()
    cluster = PrivateCluster.create(
        chosen_binaries(), settings=SCRATCH_SETTINGS, preload=["pg_stat_statements"]
    )
    with cluster:
        load(cluster, options.scale)
        for script in SCRIPTS:
            cluster.run("pgbench", "-n", "-T", str(options.seconds), "-b", script, "bench")
        advice = advise(cluster.dsn("bench"), options=["--planner", options.planner])
        return judged(advice, asked(cluster))


def load(cluster: PrivateCluster, scale: int) -> None:
    """pgbench's tables, and counters that begin when they are there."""
    with connect(cluster.dsn()) as connection:
        connection.execute("CREATE DATABASE bench")
    with connect(cluster.dsn("bench")) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        if chosen_binaries().has_extension("hypopg"):
            connection.execute("CREATE EXTENSION hypopg")
        cluster.run("pgbench", "-i", "-q", "-s", str(scale), "bench")
        connection.execute("SELECT pg_stat_statements_reset()")


def asked(cluster: PrivateCluster) -> list[tuple[str, str, int]]:
    """Id, text and calls of the statements on pgbench's tables."""
    with connect(cluster.dsn("bench")) as connection:
        rows = connection.execute(
            "SELECT queryid::text, query, calls::text FROM pg_stat_statements"
            " WHERE query ~ '^(SELECT|UPDATE|INSERT|DELETE).* pgbench_' ORDER BY calls DESC"
        ).fetchall()
    return [(str(number), str(text), int(str(calls))) for number, text, calls in rows]


def judged(advice: Advice, statements: list[tuple[str, str, int]]) -> int:
    """Print the reasons; the exit status."""
    reasons = {
        one["subject"]["name"]: f"{one['reason']}: {one['detail']}"
        for one in advice.report["rejected"]
        if one["subject"]["kind"] == "statement"
    }
    rows = [(text[:60], calls, reasons.get(number, "")[:90]) for number, text, calls in statements]
    print(tabulate(rows, headers=("statement", "calls", "why no index")))
    silent = [text for text, _, reason in rows if not reason]
    print(
        f"{len(advice.ddl)} indexes proposed, {len(silent)} of {len(rows)} statements without a"
        f" reason; {advice.seconds:.1f} s, {advice.planner}"
    )
    return int(bool(advice.ddl or silent))


if __name__ == "__main__":
    sys.exit(main())
