"""The runs of a workload: a server with it, our advisor, others' sets, and one table of all."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.index import servers
from bench.index.advisor import Advice, AdvisorFailedError, advise
from bench.index.evaluate import Evaluation, Evaluator
from bench.index.tables import line, per_statement, say, side_by_side, write_json
from bench.index.workload import IndexSet, Workload, index_set, statements_in


def parser(about: str | None) -> argparse.ArgumentParser:
    """The options that every run has."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--dsn", help="a server with the workload loaded, instead of a private one")
    made.add_argument("--keep", type=Path, metavar="DIR", help="keep the loaded data there")
    made.add_argument("--major", type=int, help="PostgreSQL's version, of those at hand")
    made.add_argument("--planner", action="append", choices=("auto", "hypopg", "shadow", "none"))
    made.add_argument("--budget", action="append", help="storage for indexes, such as 450MB")
    made.add_argument("--deadline", help="the advisor's time, such as 60s")
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return made


def comparing(about: str | None) -> argparse.ArgumentParser:
    """The options of a run that measures sets side by side; each may be given several times:
    --planner, --budget, --peers and --set."""
    made = parser(about)
    made.add_argument("--runs", type=int, default=3, help="executions after one to warm up")
    made.add_argument("--timeout", type=float, default=120, help="seconds for one execution")
    made.add_argument("--peers", action="append", help='others\' sets by name, or "none"')
    made.add_argument("--set", action="append", type=Path, default=[], metavar="FILE")
    made.add_argument("--no-advisor", action="store_true", help="measure the given sets alone")
    made.add_argument("--statements", action="store_true", help="print each set's statements")
    return made


@contextmanager
def server(workload: Workload, options: argparse.Namespace) -> Iterator[str]:
    """The DSN of the named server, or of a private one with the workload in it."""
    if options.dsn:
        yield options.dsn
        return
    with servers.loaded(workload, keep=options.keep, major=options.major) as dsn:
        yield dsn


def compare(workload: Workload, options: argparse.Namespace) -> list[Evaluation]:
    """Advise, build, measure and print; raises SystemExit at the end where the advisor failed."""
    statements = statements_in(workload.queries)
    failures: list[str] = []
    with server(workload, options) as dsn:
        # Before the advisor, which is to find HypoPG if there is one.
        evaluator = Evaluator(dsn, statements, runs=options.runs, timeout=options.timeout)
        advices = [] if options.no_advisor else list(_advices(dsn, workload, options, failures))
        sets = [one.index_set for one in advices]
        sets += [index_set(file) for file in [*options.set, *_peers(workload, options)]]
        say(f"measuring {len(statements)} statements without any of {len(sets)} sets")
        before = evaluator.measure_before()
        cpu = sum(before[one.name].cpu * one.calls for one in statements)
        found = [_evaluated(evaluator, one, options) for one in sets]
        clock = evaluator.watch.clock
        evaluator.close()
    print(
        f"\n{workload.name}: {len(statements)} statements, {cpu:.2f} s ({clock}) without the sets"
    )
    print(side_by_side(found))
    if options.json:
        reports = {one.name: one.report for one in advices}
        write_json(options.json, found, workload=workload.name, clock=clock, reports=reports)
    if failures:
        raise SystemExit("\n".join(failures))
    return found


def advised(
    dsn: str, workload: Workload, planner: str | None, budget: str | None, deadline: str | None
) -> Advice:
    """One run of our advisor. Raises AdvisorFailedError."""
    given = {"planner": planner, "budget": budget, "deadline": deadline}
    words = [word for name, value in given.items() if value for word in (f"--{name}", value)]
    name = " ".join(["ours", *[value for value in given.values() if value]])
    advice = advise(dsn, name=name, queries=workload.queries, options=words)
    say(f"{name}: {len(advice.ddl)} statements of DDL in {advice.seconds:.1f} s, {advice.planner}")
    return advice


def ours(found: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations of our own advice."""
    return [one for one in found if one.seconds is not None]


def _advices(
    dsn: str, workload: Workload, options: argparse.Namespace, failures: list[str]
) -> Iterator[Advice]:
    for planner, budget in itertools.product(options.planner or [None], options.budget or [None]):
        try:
            yield advised(dsn, workload, planner, budget, options.deadline)
        except AdvisorFailedError as error:
            say(f"our advisor failed: {error}")
            failures.append(f"our advisor failed: {str(error).splitlines()[0]}")


def _evaluated(evaluator: Evaluator, one: IndexSet, options: argparse.Namespace) -> Evaluation:
    found = evaluator.evaluate(one)
    say(line(found))
    if options.statements:
        say(per_statement(found))
    return found


def _peers(workload: Workload, options: argparse.Namespace) -> Sequence[Path]:
    if workload.peers is None or options.peers == ["none"]:
        return ()
    known = {file.stem: file for file in sorted(workload.peers.glob("*.sql"))}
    unknown = sorted(set(options.peers or ()) - set(known))
    if unknown:
        raise SystemExit(f"no set {', '.join(unknown)}; there are {', '.join(known)}")
    return [file for name, file in known.items() if name in (options.peers or known)]
