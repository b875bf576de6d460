"""Judge sets of indexes on a database that is there: build each for real, measure it, drop it.

python -m bench.index --dsn DSN --queries DIR [--runs 3] [--timeout 120] [--json OUT] SET.sql…

A SET.sql holds CREATE INDEX and CREATE STATISTICS statements. Nobody else should use the database
meanwhile. Indexes that exist before stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.index.evaluate import Evaluator
from bench.index.tables import line, say, side_by_side, write_json
from bench.index.workload import index_set, statements_in


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--queries", required=True, type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one execution")
    parser.add_argument("--json", type=Path, help="write everything there")
    parser.add_argument("sets", nargs="+", type=Path)
    options = parser.parse_args()
    statements = statements_in(options.queries)
    evaluator = Evaluator(options.dsn, statements, runs=options.runs, timeout=options.timeout)
    found = []
    for file in options.sets:
        found.append(evaluator.evaluate(index_set(file)))
        say(line(found[-1]))
    print(side_by_side(found))
    if options.json:
        write_json(options.json, found, clock=evaluator.watch.clock)
    evaluator.close()


if __name__ == "__main__":
    main()
