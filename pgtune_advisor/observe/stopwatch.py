"""Runs of probes on a clone, each within its time limit and all within the deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.measurement import Probe
from pgtune_advisor.observe.scaffold import Built, Scaffold
from pgtune_advisor.observe.verdicts import Series
from pgtune_advisor.pg.clone import Run
from pgtune_advisor.pg.errors import QueryError
from pgtune_advisor.sqltext import Unparsed, shape_of

_SLOW_MS: Final = 1_000.0


class OutOfTimeError(Exception):
    """The deadline, or the part of it that a step may use, is over."""


@dataclass(slots=True, kw_only=True)
class Stopwatch:
    """Runs probes; `clock` tells seconds, `limit_ms` is the time limit of one statement."""

    scaffold: Scaffold
    clock: Callable[[], float]
    limit_ms: int
    until: float

    def left_ms(self) -> int:
        """Milliseconds to the deadline; OutOfTimeError where none are left."""
        left = int((self.until - self.clock()) * 1000)
        if left <= 0:
            raise OutOfTimeError
        return left

    def series(self, probe: Probe, runs: int, without: Sequence[Built] = ()) -> Series:
        """A run to warm up, unless the statement is slow, and then `runs` that count."""
        try:
            first = self._run(probe, without)
            count = runs - 1 if first.execution_ms > _SLOW_MS else runs
            kept = [first] if count < runs else []
            kept += [self._run(probe, without) for _ in range(count)]
        except QueryError as error:
            if error.kind != "timeout":
                raise
            return self._timed_out(probe, without)
        return Series(runs=tuple(kept), indexes=kept[-1].plan.indexes)

    def pairs(self, probe: Probe, runs: int, without: Sequence[Built]) -> tuple[Series, Series]:
        """Without and with these indexes, turn by turn, so that both see the same weather."""
        bare = [self.series(probe, 1, without)]
        full = [self.series(probe, 1)]
        while len(bare) < runs and bare[-1].runs and full[-1].runs:
            bare.append(self.series(probe, 1, without))
            full.append(self.series(probe, 1))
        return _merged(bare), _merged(full)

    def refusal(self, probe: Probe) -> str | None:
        """Why this statement is not run, or None."""
        shape = shape_of(probe.text, None)
        if isinstance(shape, Unparsed):
            return f"it could not be read: {shape.reason}"
        if shape.kind != "select" or shape.writes:
            return f"it is {shape.command} and may change data"
        body = _body(probe)
        found = self.scaffold.clone.calls(body)
        if found:
            kind, name = found[0]
            what = (
                "calls the volatile function" if kind == "volatile" else "reads the foreign table"
            )
            return f"it {what} {name}"
        plan = self.scaffold.clone.plan(body, min(self.limit_ms, self.left_ms()))
        if any(node.kind == "Foreign Scan" for node in plan.root.walk()):
            return "it reads a foreign table"
        return None

    def _run(self, probe: Probe, without: Sequence[Built]) -> Run:
        limit = min(self.limit_ms, self.left_ms())
        places = [built.place for built in without]
        try:
            return self.scaffold.clone.run(_body(probe), limit, places)
        except QueryError as error:
            if error.kind == "timeout" and limit < self.limit_ms:
                raise OutOfTimeError from None
            raise

    def _timed_out(self, probe: Probe, without: Sequence[Built]) -> Series:
        plan = self.scaffold.clone.plan(_body(probe), min(self.limit_ms, self.left_ms()))
        hidden = frozenset(name for built in without for name in built.names)
        return Series(runs=(), indexes=plan.indexes - hidden, timed_out=True)


def _body(probe: Probe) -> str:
    return probe.text.strip().rstrip(";")


def _merged(series: Sequence[Series]) -> Series:
    last = series[-1]
    if last.timed_out:
        return last
    runs = tuple(run for one in series for run in one.runs)
    return Series(runs=runs, indexes=last.indexes)
