"""The rewrites that the report gives, run beside their originals on the shop's rows."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.indexes.planning import sampled_values
from pgtune_advisor.advise.indexes.values import values_of
from pgtune_advisor.cli.demo import clients
from pgtune_advisor.cli.demo.faults import Fault
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.plans import PlanError
from pgtune_advisor.rules.facts.tables_known import tables_known
from pgtune_advisor.sqltext import (
    Parametrised,
    canonical,
    literals_as_parameters,
    preparable,
    substituted,
)
from pgtune_advisor.sqltext.rewrites import Lookup, Rewritten, rewrite, rewrites
from pgtune_advisor.sqltext.unparsed import Unparsed

TIMEOUT_MS: Final = 10_000
PAGE: Final = 20
OFFSETS: Final = (20, 1_000, 40_000)
VISITED: Final = ("7", "123", "4567")
_VARIABLE: Final = re.compile(r"(?<!:):[a-z]\w*")
_LIMIT: Final = re.compile(r"LIMIT \$(\d+)")
_OFFSET: Final = re.compile(r"OFFSET \$(\d+)")
_KEY: Final = re.compile(r"\$(\d+) is (\w+) of the last row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A rewrite that was run: how often, how many rows came, and whether all were the same.

    `failed` says why it could not be run.
    """

    rule: str
    text: str
    runs: int = 0
    rows: int = 0
    same: bool = False
    failed: str = ""


def compared(
    cluster: PrivateCluster, report: Report, snapshot: Snapshot, planted: Sequence[Fault]
) -> list[Compared]:
    """Each rewrite of the report, with the visitors' values and with those of the statistics."""
    lookup = tables_known(snapshot, clients.DATABASE)
    found: list[Compared] = []
    dsn = cluster.dsn(clients.DATABASE)
    with Explainer.connect(dsn, where="the demo's server", timeout_ms=TIMEOUT_MS) as server:
        for rule, made in _given(report, snapshot, lookup):
            try:
                pairs = list(_pairs(made, server, snapshot, planted))
            except PlanError as error:
                found.append(Compared(rule=rule, text=made.text, failed=error.detail))
                continue
            found.append(
                Compared(
                    rule=rule,
                    text=made.text,
                    runs=len(pairs),
                    rows=sum(len(before) for before, _ in pairs),
                    same=bool(pairs) and all(before == after for before, after in pairs),
                )
            )
    return found


def text(found: list[Compared], width: int) -> str:
    """What was compared, for the reader."""
    if not found:
        return "No rewrite was given."
    lines = [f"Ran {len(found)} rewritten statements beside the originals on the shop's rows:"]
    for one in found:
        said = f"could not be run: {one.failed}"
        if not one.failed:
            verdict = "the same answer" if one.same else "ANOTHER ANSWER"
            said = f"{verdict} in {one.runs} runs, {one.rows} rows"
        words = f"{one.rule}: {said}. {one.text}"
        lines.append(textwrap.indent(textwrap.fill(words, width - 2), "  "))
    return "\n".join(lines) + "\n"


def _given(report: Report, snapshot: Snapshot, lookup: Lookup) -> Iterator[tuple[str, Rewritten]]:
    texts = {row.query_id: row.text for row in snapshot.statement_texts}
    for finding in report.findings:
        evidence = {one.fact: one.value for one in finding.evidence}
        original = texts.get(_query_id(evidence))
        if not evidence.get("rewrite") or original is None:
            continue
        for name in rewrites():
            made = rewrite(original, name, lookup)
            if isinstance(made, Rewritten) and made.text == evidence["rewrite"]:
                yield finding.rule, made
                break


def _query_id(evidence: Mapping[str, object]) -> int:
    value = evidence.get("query_id")
    return value if isinstance(value, int) else 0


def _pairs(
    made: Rewritten, server: Explainer, snapshot: Snapshot, planted: Sequence[Fault]
) -> Iterator[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]]:
    """The answers of original and rewrite, with each of the sampled values."""
    prepared = preparable(made.baseline)
    if isinstance(prepared, Unparsed):
        return
    described = server.describe(prepared.text)
    variants = sampled_values(described, values_of(snapshot, clients.DATABASE))
    for literals in (*_visited(made.baseline, planted), *(dict(v.literals) for v in variants)):
        if made.name == "keyset":
            yield from _pages(made, server, literals)
        else:
            before = server.ask(substituted(made.baseline, literals))
            yield sorted(before), sorted(server.ask(substituted(made.text, literals)))


def _visited(original: str, planted: Sequence[Fault]) -> Iterator[dict[int, str]]:
    """The constants with which the shop's visitors send a statement."""
    for fault in planted:
        if fault.way != "traffic":
            continue
        lines = fault.path.read_text(encoding="utf-8").splitlines()
        script = " ".join(line for line in lines if not line.startswith(("--", "\\")))
        for number in VISITED:
            sent = literals_as_parameters(_VARIABLE.sub(number, script.rstrip("; ")))
            if isinstance(sent, Parametrised) and canonical(sent.text) == canonical(original):
                yield dict(sent.literals)


def _pages(
    made: Rewritten, server: Explainer, literals: dict[int, str]
) -> Iterator[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]]:
    """The page at an offset, and the same page by the last row of the one before."""
    limit, offset = _LIMIT.search(made.baseline), _OFFSET.search(made.baseline)
    if limit is None or offset is None:
        return
    keys = [_KEY.match(said) for said in made.parameters]
    names = ", ".join(f'"{key[2]}"' for key in keys if key)
    numbers = [int(key[1]) for key in keys if key]
    for skipped in OFFSETS:
        given = literals | {int(limit[1]): str(PAGE)}
        page = substituted(made.baseline, given | {int(offset[1]): str(skipped)})
        earlier = substituted(made.baseline, given | {int(offset[1]): str(skipped - PAGE)})
        last = server.ask(f"SELECT {names} FROM ({earlier}) AS page")[-1:]  # noqa: S608
        if not last:
            return
        values = {
            n: "'" + v.replace("'", "''") + "'" for n, v in zip(numbers, last[0], strict=True)
        }
        yield server.ask(page), server.ask(substituted(made.text, given | values))
