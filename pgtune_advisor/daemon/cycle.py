"""One cycle of one target: collect, compare with before, judge, keep, publish."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from pgtune_advisor.daemon.index_plans import IndexPlans
from pgtune_advisor.daemon.statement_history import StatementHistory
from pgtune_advisor.daemon.wiring import CollectorLike, Stopped, Wiring
from pgtune_advisor.domain import window as windows
from pgtune_advisor.domain.errors import AdvisorError, OutputError, SnapshotError
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import StatementReading
from pgtune_advisor.domain.window import Window
from pgtune_advisor.logs import log
from pgtune_advisor.settings import DaemonSection, TargetSection
from pgtune_advisor.store import Cadence, Cycle, Outcome, Recorded, Store

# The least that a full evaluation looks back, so that rates are not those of one moment.
LOOK_BACK: Final = timedelta(hours=1)

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A good cycle: seconds spent on the target, what could not be read, what is open now."""

    collected_s: float
    gaps: int
    recorded: Recorded


class _Began:
    """A cycle that has begun."""

    def __init__(self, target: str, cadence: Cadence) -> None:
        self._target = target
        self._cadence = cadence
        self._at = datetime.now(UTC)
        self._clock = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._clock

    def ended(self, outcome: Outcome, error: str = "") -> Cycle:
        return Cycle(
            target=self._target,
            started_at=self._at,
            duration_ms=self.seconds() * 1000,
            cadence=self._cadence,
            outcome=outcome,
            error=error,
        )


class TargetCycles:
    """The cycles of one target, one after another; it remembers the last full snapshot."""

    def __init__(
        self, section: TargetSection, store: Store, wiring: Wiring, daemon: DaemonSection
    ) -> None:
        self._target = section.name
        self._store = store
        self._wiring = wiring
        self._daemon = daemon
        self._base: Snapshot | None = None
        make = None if section.planner == "none" else wiring.planning
        planning = make(section) if make else None
        self._indexes = IndexPlans(section.name, planning, daemon.index_interval)
        self._statements = StatementHistory(self._older_readings)

    def close(self) -> None:
        """No further cycle comes."""
        self._indexes.close()

    def cadence(self, *, full_due: bool) -> Cadence:
        """What the next cycle reads: all, unless that is not due and was read before."""
        return "full" if full_due or self._full_snapshot() is None else "fast"

    def run(self, collector: CollectorLike, cadence: Cadence, stopped: Stopped) -> Done:
        """Run one cycle; `stopped` ends the planning of indexes, and collector.cancel() the rest.

        Raises TargetError where the target does not answer, other AdvisorErrors where what was
        read could not be judged, kept or published.
        """
        began = _Began(self._target, cadence)
        base = self._full_snapshot() if cadence == "fast" else None
        full = base is None
        # Let the last one go before the next is read: each may be large.
        self._base = base
        snapshot = collector.full(values=self._indexes.begin()) if full else collector.fast()
        collected_s = began.seconds()
        self._base = base or snapshot.without_data()
        report, recorded = self._judge_and_keep(began, snapshot, base, stopped)
        if full:
            self._publish(report)
        return Done(collected_s=collected_s, gaps=len(snapshot.gaps), recorded=recorded)

    def _judge_and_keep(
        self, began: _Began, snapshot: Snapshot, base: Snapshot | None, stopped: Stopped
    ) -> tuple[Report, Recorded]:
        """What was read is kept whether or not it can be judged."""
        try:
            report = self._judge(snapshot, base, stopped)
        except BaseException as error:
            reason = error.primary if isinstance(error, AdvisorError) else type(error).__name__
            reason = f"the evaluation failed: {reason}"
            self._store.record_cycle(began.ended("failed", reason), snapshot.without_data())
            raise
        return report, self._store.record_cycle(began.ended("ok"), snapshot.without_data(), report)

    def _full_snapshot(self) -> Snapshot | None:
        if self._base is None:
            with self._readable():
                self._base = self._store.latest_snapshot(self._target, full=True)
        return self._base

    def _older_readings(self, snapshot: Snapshot, limit: int) -> list[StatementReading]:
        found: list[StatementReading] = []
        with self._readable():
            found += self._store.statement_readings(self._target, snapshot.taken_at, limit)
        return found

    def _judge(self, snapshot: Snapshot, base: Snapshot | None, stopped: Stopped) -> Report:
        short = self._statements.add(snapshot)
        if base is not None:
            window = self._window(snapshot, self._daemon.slow_interval, base)
            return self._wiring.evaluate(snapshot.over(base), window, False, None)
        span = max(LOOK_BACK, 3 * self._daemon.slow_interval)
        window = replace(self._window(snapshot, span, None), statement_windows=short)
        advice = self._indexes.advice(snapshot, window, stopped)
        return self._wiring.evaluate(snapshot.without_data(), window, True, advice)

    def _window(self, snapshot: Snapshot, span: timedelta, base: Snapshot | None) -> Window:
        """What happened since about `span` ago; the totals where there is nothing older."""
        older: Snapshot | None = None
        with self._readable():
            older = self._store.window_base(snapshot, span, full=base is None)
        older = older or base
        if older is None or older.taken_at >= snapshot.taken_at:
            return windows.lifetime(snapshot)
        return windows.between(older, snapshot)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Go on without an older snapshot that cannot be read any more."""
        try:
            yield
        except SnapshotError as error:
            message = f"an older snapshot is left out: {error.primary}"
            log(
                _LOGGER,
                logging.WARNING,
                message,
                action="snapshot_damaged",
                target=self._target,
                detail=error.detail,
            )

    def _publish(self, report: Report) -> None:
        """Write the advice where it changed since it was written last, a restart included."""
        folder = self._daemon.state_dir / "advice"
        mark = folder / f".{self._target}"
        advice = _digest(report)
        if _read(mark) == advice:
            return
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            mark.unlink(missing_ok=True)
            self._wiring.publish(report, folder / self._target)
            mark.write_text(advice, encoding="ascii")
        except OSError as error:
            raise OutputError(
                f"the advice for {self._target} cannot be written",
                detail=f"{error.strerror}: {error.filename}",
                hint=f"Check the owner of {folder} and the free space.",
            ) from None
        log(
            _LOGGER,
            logging.INFO,
            f"the advice for {self._target} changed",
            action="advice_written",
            target=self._target,
            recommendations=len(report.recommendations),
        )


def _read(mark: Path) -> str:
    try:
        return mark.read_text(encoding="ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _digest(report: Report) -> str:
    """What the set of recommendations is known by: their ids and their statements."""
    parts = sorted(
        "\0".join([item.id, *(change.sql or "" for change in item.changes)])
        for item in report.recommendations
    )
    return sha256("\1".join(parts).encode()).hexdigest()
