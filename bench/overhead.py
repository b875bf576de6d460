"""What the daemon costs the server that it polls: pgbench with it and without it, in pairs.

python -m bench.overhead [--scale 20] [--pairs 10] [--block 20] [--interval 10s]

One pgbench runs all the time and prints its throughput each second. The daemon runs all the time
too, and is stopped (SIGSTOP) in every other block, so that both halves of a pair are neighbours
on a machine whose speed drifts. The order within a pair alternates. The seconds in which it is
switched are left out.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import mean

import psycopg

from pgtune_advisor.cluster import SCRATCH_SETTINGS, PrivateCluster, best_binaries

_PROGRESS = re.compile(r"progress: ([\d.]+) s, ([\d.]+) tps")
_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "track_io_timing": "on"}


class Load:
    """pgbench in the background, with its throughput by second of its run."""

    def __init__(self, cluster: PrivateCluster, arguments: list[str]) -> None:
        self.rates: dict[int, float] = {}
        self._process = subprocess.Popen(
            [str(cluster.binaries.program("pgbench")), "-P", "1", "-n", *arguments, "bench"],
            env=os.environ
            | {"PGHOST": str(cluster.socket_dir), "PGPORT": str(cluster.port)}
            | {"PGUSER": "postgres"},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._began = time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            match = _PROGRESS.match(line)
            if match:
                self.rates[round(float(match[1]))] = float(match[2])

    def second(self) -> int:
        return int(time.monotonic() - self._began)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def daemon(cluster: PrivateCluster, directory: Path, interval: str) -> subprocess.Popen[bytes]:
    config = directory / "config.toml"
    config.write_text(
        f"""
[daemon]
interval = "{interval}"
state_dir = "{directory}"
[metrics]
listen = ""
[[targets]]
name = "bench"
dsn = "host={cluster.socket_dir} port={cluster.port} user=postgres dbname=bench"
"""
    )
    log = (directory / "daemon.log").open("wb")
    return subprocess.Popen(
        [sys.executable, "-m", "pgtune_advisor.cli.main", "daemon", "--config", str(config)],
        stdout=log,
        stderr=log,
    )


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors so far (Linux)."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def polling_cpu(cluster: PrivateCluster, watcher: subprocess.Popen[bytes]) -> float:
    """Processor time of the daemon and of the sessions that serve it."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgtune-advisor'"
        sessions = [row[0] for row in connection.execute(query).fetchall()]
    return sum(map(cpu_seconds, [watcher.pid, *sessions]))


def measure(
    cluster: PrivateCluster, script: str, options: argparse.Namespace
) -> tuple[list[float], float]:
    """Throughput with the daemon over throughput without it, pair by pair; its processor share."""
    seconds = options.block * 2 * options.pairs + 60
    load = Load(cluster, ["-c", "2", "-j", "1", "-T", str(seconds), "-b", script])
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        watcher = daemon(cluster, Path(folder), options.interval)
        try:
            time.sleep(15)
            spent, began = polling_cpu(cluster, watcher), time.monotonic()
            for pair in range(options.pairs):
                rates = {}
                for polling in (True, False) if pair % 2 else (False, True):
                    watcher.send_signal(signal.SIGCONT if polling else signal.SIGSTOP)
                    first = load.second() + 2
                    time.sleep(options.block)
                    last = load.second() - 1
                    rates[polling] = mean(load.rates[s] for s in range(first, last))
                ratios.append(rates[True] / rates[False])
                print(f"  {script} pair {pair + 1}: {ratios[-1]:.4f}", file=sys.stderr)
            spent = polling_cpu(cluster, watcher) - spent
            share = spent / ((time.monotonic() - began) / 2) / (os.cpu_count() or 1)
            if watcher.poll() is not None:
                raise SystemExit((Path(folder) / "daemon.log").read_text())
        finally:
            watcher.send_signal(signal.SIGCONT)
            watcher.terminate()
            watcher.wait()
            load.stop()
    return ratios, share


def interval_of_mean(ratios: list[float], rounds: int = 10_000) -> tuple[float, float]:
    """A 95 % bootstrap interval of the mean."""
    generator = random.Random(42)
    means = sorted(mean(generator.choices(ratios, k=len(ratios))) for _ in range(rounds))
    return means[int(rounds * 0.025)], means[int(rounds * 0.975)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--block", type=int, default=20, help="seconds")
    parser.add_argument("--interval", default="10s")
    options = parser.parse_args()
    cluster = PrivateCluster.create(
        best_binaries(),
        settings={**SCRATCH_SETTINGS, **_SETTINGS},
        preload=["pg_stat_statements"],
    )
    with cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        with psycopg.connect(cluster.dsn("bench"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        cluster.run("pgbench", "-i", "-q", "-s", str(options.scale), "bench")
        for script in ("tpcb-like", "select-only"):
            ratios, share = measure(cluster, script, options)
            low, high = interval_of_mean(ratios)
            print(
                f"{script}: throughput with the daemon / without: {mean(ratios):.4f} "
                f"(95 % {low:.4f} to {high:.4f}, {len(ratios)} pairs); processor time of the "
                f"daemon and its sessions: {share:.2%} of the machine"
            )


if __name__ == "__main__":
    main()
