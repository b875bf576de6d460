"""psql and pgbench as the shop's applications: started, watched, and ended with the demo."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pgtune_advisor.cli.demo.faults import Fault
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.domain.errors import ClusterError

DATABASE = "shop"
ROLE = "shop_app"
SETTLE_SECONDS = 20.0
TICK_SECONDS = 0.25

AT_REST = """\
SELECT count(*) FROM pg_catalog.pg_stat_activity
 WHERE application_name = :'application'
   AND (state = 'idle in transaction' OR wait_event_type = 'Lock')"""


def run_file(cluster: PrivateCluster, path: Path, database: str = DATABASE) -> None:
    """Run a script as the superuser; ClusterError where it fails."""
    cluster.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", path)


def ask(cluster: PrivateCluster, query: str, **variables: str) -> str:
    """The answer to a query as plain text; `:'name'` in it stands for a variable."""
    given = [f"--set={name}={value}" for name, value in variables.items()]
    arguments = ["-XAtq", "--set=ON_ERROR_STOP=1", "-d", DATABASE, *given]
    return cluster.run("psql", *arguments, input_text=query).stdout.strip()


@contextmanager
def session(cluster: PrivateCluster, fault: Fault) -> Iterator[None]:
    """A session of the shop that ran the fault's statements and stays open.

    Entered once the session sits in its transaction, or waits for a lock.
    """
    psql = _start(cluster, "psql", ["-Xq"], fault.application)
    try:
        assert psql.stdin is not None
        # One that could not connect is gone, and waiting for it tells so.
        with suppress(BrokenPipeError):
            psql.stdin.write(fault.path.read_bytes())
            psql.stdin.flush()
        _await_session(cluster, fault.application)
        yield
    finally:
        _end(psql)


def traffic(
    cluster: PrivateCluster,
    scripts: Sequence[tuple[Path, int]],
    churn: Path,
    *,
    seconds: int,
    clients: int,
    connections_per_second: int,
    tick: Callable[[float], None],
) -> None:
    """Let visitors use the shop: pooled clients, and one that connects for every statement.

    `scripts` are pgbench scripts with their weights. `tick` gets the seconds that have passed.
    Raises ClusterError where pgbench fails.
    """
    weighted = [f"--file={path}@{weight}" for path, weight in scripts]
    common = ["-n", f"-T{seconds}", "--random-seed=42"]
    pooled = [f"-c{clients}", *common, *weighted]
    single = ["-c1", "-C", f"-R{connections_per_second}", *common, f"--file={churn}"]
    running = []
    try:
        running.append(_start(cluster, "pgbench", pooled, "shop-web"))
        running.append(_start(cluster, "pgbench", single, "price-widget"))
        begun = time.monotonic()
        for process in running:
            _await_end(process, begun, tick)
    finally:
        for process in running:
            _end(process)


def _start(
    cluster: PrivateCluster, program: str, arguments: Sequence[str], application: str
) -> subprocess.Popen[bytes]:
    """A program of the server's version, connected to the shop as its role."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return subprocess.Popen(
        [
            cluster.binaries.program(program),
            *arguments,
            cluster.dsn(DATABASE, user=ROLE, application_name=application),
        ],
        env=environment | {"LC_ALL": "C", "PGCLIENTENCODING": "UTF8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _await_session(cluster: PrivateCluster, application: str) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while ask(cluster, AT_REST, application=application) != "1":
        if time.monotonic() > deadline:
            raise ClusterError(f'the session "{application}" did not come to rest')
        time.sleep(0.05)


def _await_end(
    process: subprocess.Popen[bytes], begun: float, tick: Callable[[float], None]
) -> None:
    while True:
        try:
            _, words = process.communicate(timeout=TICK_SECONDS)
        except subprocess.TimeoutExpired:
            tick(time.monotonic() - begun)
            continue
        if process.returncode:
            detail = words.decode(errors="replace").strip()
            raise ClusterError("the shop's traffic broke off", detail=detail)
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a client that may have ended; what it still had to say is of no interest."""
    process.kill()
    process.communicate()
