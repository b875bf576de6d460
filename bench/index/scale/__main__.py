"""1,000 statements over 30 tables: the advice of a minute against that of unlimited time.

python -m bench.index.scale [--budget 150MB] [--deadline 60s] [--unlimited 1h] [--keep DIR]

Prints for both the seconds, the planner's calls, the indexes and the planned cost that is left
with them built for real, and the ratio of the two costs.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tabulate import tabulate

from bench.index.advisor import Advice, AdvisorFailedError
from bench.index.evaluate import Evaluation, Evaluator
from bench.index.runner import advised, parser, server
from bench.index.scale.statements import draw_statements, wished_indexes, write_statements
from bench.index.scale.tables import draw_tables, load_sql
from bench.index.tables import line, say, write_json
from bench.index.workload import Workload, index_set, statements_in

SEED = 20260101
# Room for a part of what the statements would like: there is something to choose.
BUDGET = "150MB"


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--tables", type=int, default=30)
    made.add_argument("--number", type=int, default=1000, help="statements")
    made.add_argument("--unlimited", default="1h", help="a deadline that is never reached")
    made.add_argument("--set", type=Path, action="append", default=[], metavar="FILE")
    made.add_argument("--no-advisor", action="store_true", help="judge the given sets alone")
    options = made.parse_args()
    tables = draw_tables(SEED, options.tables)
    drafts = draw_statements(tables, SEED, options.number)
    with tempfile.TemporaryDirectory() as folder:
        write_statements(drafts, Path(folder), SEED)
        workload = Workload(name="scale", load=(load_sql(tables),), queries=Path(folder))
        say(f"{len(drafts)} statements would like {wished_indexes(drafts)} different indexes")
        with server(workload, options) as dsn:
            run(dsn, workload, options)


def run(dsn: str, workload: Workload, options: argparse.Namespace) -> None:
    """Advise for each deadline, then build and plan."""
    evaluator = Evaluator(dsn, statements_in(workload.queries))
    advices = [] if options.no_advisor else advise_twice(dsn, workload, options)
    sets = [one.index_set for one in advices] + [index_set(file) for file in options.set]
    found = []
    for one in sets:
        found.append(evaluator.evaluate(one, timed=False))
        say(line(found[-1]))
    evaluator.close()
    report(advices, found)
    if options.json:
        reports = {one.name: one.report for one in advices}
        write_json(options.json, found, workload=workload.name, reports=reports)


def advise_twice(dsn: str, workload: Workload, options: argparse.Namespace) -> list[Advice]:
    """For each planner and budget: in time, then with all the time."""
    try:
        return [
            advised(dsn, workload, planner, budget, deadline)
            for planner in options.planner or [None]
            for budget in options.budget or [BUDGET]
            for deadline in (options.deadline or "60s", options.unlimited)
        ]
    except AdvisorFailedError as error:
        raise SystemExit(f"our advisor failed: {error}") from error


def report(advices: list[Advice], found: list[Evaluation]) -> None:
    """A row a run, and for each pair the cost in time over the cost with all the time."""
    calls = [str(one.report["planner"]["calls"]) for one in advices]
    rows = [
        (
            one.name,
            "-" if one.seconds is None else f"{one.seconds:.1f}",
            calls[position] if position < len(calls) else "-",
            one.indexes,
            f"{one.size / 1024**2:.0f}",
            f"{one.planned:.4f}",
        )
        for position, one in enumerate(found)
    ]
    headers = ("set", "seconds", "planner calls", "indexes", "real MB", "cost left")
    print(tabulate(rows, headers=headers, disable_numparse=True))
    ours = found[: len(advices)]
    for quick, whole in zip(ours[::2], ours[1::2], strict=True):
        print(f"{quick.name} / {whole.name}: {quick.planned / whole.planned:.4f}")


if __name__ == "__main__":
    main()
