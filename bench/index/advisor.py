"""Our advisor, run as its users run it: the command, its wall time, and what it recommends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.index.workload import IndexSet, split

RULE: Final = "missing-index"
_STATISTICS: Final = re.compile(r"\s*CREATE\s+STATISTICS\b", re.IGNORECASE)
# What `advise` returns with a report: nothing found, or findings.
_REPORTED: Final = (0, 1)


class AdvisorFailedError(Exception):
    """The command ended without a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`seconds` is the wall time of the whole command; `report` is docs/report.schema.json."""

    name: str
    seconds: float
    ddl: tuple[str, ...]
    report: dict[str, Any] = field(repr=False)

    @property
    def index_set(self) -> IndexSet:
        return IndexSet(name=self.name, ddl=self.ddl, seconds=self.seconds)

    @property
    def planner(self) -> str:
        """How the planner was asked, in one line."""
        told = self.report["planner"]
        fidelity = "" if told["fidelity"] is None else f", fidelity {told['fidelity']:.3f}"
        return f"planner {told['kind']}, {told['calls']} calls{fidelity}"


def advise(
    dsn: str,
    *,
    name: str = "ours",
    queries: Path | None = None,
    options: Sequence[str] = (),
    timeout: float = 1800,
) -> Advice:
    """Run `pgtune-advisor advise`. Raises AdvisorFailedError, with what it said."""
    command = [sys.executable, "-m", "pgtune_advisor.cli.main", "advise", "--dsn", dsn]
    if queries is not None:
        command += ["--queries", str(queries)]
    command += [*options, "--format", "json"]
    with tempfile.TemporaryDirectory() as state:
        # A daemon's history of this machine must not come in.
        environment = os.environ | {"PGTUNE_ADVISOR__DAEMON__STATE_DIR": state}
        began = time.perf_counter()
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise AdvisorFailedError(f"advise did not end within {timeout:.0f} s") from error
        seconds = time.perf_counter() - began
    if done.returncode not in _REPORTED:
        raise AdvisorFailedError(f"advise returned {done.returncode}:\n{done.stderr.strip()}")
    report = json.loads(done.stdout)
    return Advice(name=name, seconds=seconds, ddl=recommended(report), report=report)


def recommended(report: dict[str, Any]) -> tuple[str, ...]:
    """The DDL of the indexes that the workload asks for, and of extended statistics."""
    found: list[str] = []
    for recommendation in report["recommendations"]:
        for change in recommendation["changes"]:
            sql = change["sql"]
            wanted = change["kind"] == "create-index" and RULE in recommendation["rules"]
            if sql is not None and (wanted or _STATISTICS.match(sql)):
                found += split(sql)
    return tuple(found)


def rejections(report: dict[str, Any], limit: int = 10) -> list[str]:
    """What was turned down and why, a line each."""
    return [
        f"{one['reason']}: {one['subject']['label']}: {one['detail']}"
        for one in report["rejected"][:limit]
    ]
