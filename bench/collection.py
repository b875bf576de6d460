"""What a cycle costs on a large catalogue: seconds to read and to judge, peak memory.

python -m bench.collection [--tables N] [--statements N] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from statistics import median

from bench.large import STATEMENTS, TABLES, large_server


def child(dsn: str, runs: int) -> None:
    """In a process of its own, so that its peak memory is the collector's alone."""
    from pgtune_advisor.cli.wiring import collector, reporter
    from pgtune_advisor.domain.codec import encode
    from pgtune_advisor.domain.window import between, lifetime
    from pgtune_advisor.settings import Settings, TargetSection

    target = TargetSection(name="large", dsn=dsn)
    full: list[float] = []
    fast: list[float] = []
    with collector(Settings(), target) as source:
        for _ in range(runs):
            began = time.perf_counter()
            snapshot = source.full()
            full.append(time.perf_counter() - began)
        collected = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counts = {
            name: len(getattr(snapshot, name))
            for name in ("relations", "indexes", "columns", "constraints", "statements")
        }
        gaps = [gap.source for gap in snapshot.gaps]
        size = len(encode(snapshot))
        for _ in range(max(runs * 5, 10)):
            began = time.perf_counter()
            source.fast()
            fast.append(time.perf_counter() - began)
        report = reporter(Settings())
        began = time.perf_counter()
        judged = report(snapshot, lifetime(snapshot))
        evaluation = time.perf_counter() - began
        later = source.full()
        began = time.perf_counter()
        report(later, between(snapshot, later))
        evaluation_of_window = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "rows": counts,
                "gaps": gaps,
                "full_s": {"median": round(median(full), 2), "max": round(max(full), 2)},
                "fast_ms": {
                    "median": round(median(fast) * 1000, 1),
                    "max": round(max(fast) * 1000, 1),
                },
                "evaluation_s": round(evaluation, 2),
                "evaluation_of_a_window_s": round(evaluation_of_window, 2),
                "findings": len(judged.findings),
                "peak_mb": {"collect": collected // 1024, "collect_and_judge": peak // 1024},
                "snapshot_mb": round(size / 1024**2, 2),
            },
            indent=1,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--statements", type=int, default=STATEMENTS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.runs)
        return
    with large_server(arguments.tables, arguments.statements) as cluster:
        options = ["--runs", str(arguments.runs), "--child", cluster.dsn("large")]
        subprocess.run([sys.executable, "-m", "bench.collection", *options], check=True)


if __name__ == "__main__":
    main()
