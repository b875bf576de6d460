"""One cycle of one target: collect, compare with before, judge, keep, publish."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from pgtune_advisor.daemon.wiring import CollectorLike, Wiring
from pgtune_advisor.domain import window as windows
from pgtune_advisor.domain.errors import AdvisorError, OutputError, SnapshotError
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.logs import log
from pgtune_advisor.settings import DaemonSection
from pgtune_advisor.store import Cadence, Cycle, Recorded, Store

# The least that a full evaluation looks back, so that rates are not those of one moment.
LOOK_BACK: Final = timedelta(hours=1)

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A good cycle: seconds spent on the target, what could not be read, what is open now."""

    collected_s: float
    gaps: int
    recorded: Recorded


class TargetCycles:
    """The cycles of one target, one after another; it remembers the last full snapshot."""

    def __init__(self, target: str, store: Store, wiring: Wiring, daemon: DaemonSection) -> None:
        self._target = target
        self._store = store
        self._wiring = wiring
        self._daemon = daemon
        self._base: Snapshot | None = None

    def run(self, collector: CollectorLike, cadence: Cadence) -> Done:
        """Run one cycle. Without a full snapshot to stand on, a fast cycle collects all.

        Raises TargetError where the target does not answer, other AdvisorErrors where what was
        read could not be judged, kept or published.
        """
        started, began = datetime.now(UTC), time.monotonic()
        base = None if cadence == "full" else self._full_snapshot()
        # Let the last one go before the next is read: each may be large.
        self._base = None
        snapshot = collector.fast() if base else collector.full()
        collected_s = time.monotonic() - began
        self._base = base or snapshot
        # How it ended is known only after the cycle that is kept has been judged.
        error, report = "the evaluation did not end", None
        try:
            report = self._judge(snapshot, base)
            error = ""
        except AdvisorError as failure:
            error = failure.primary
            raise
        finally:
            cycle = Cycle(
                target=self._target,
                started_at=started,
                duration_ms=(time.monotonic() - began) * 1000,
                cadence="fast" if base else "full",
                outcome="ok" if report else "failed",
                error=error,
            )
            recorded = self._store.record_cycle(cycle, snapshot, report)
        if base is None:
            self._publish(report)
        return Done(collected_s=collected_s, gaps=len(snapshot.gaps), recorded=recorded)

    def _full_snapshot(self) -> Snapshot | None:
        if self._base is None:
            with self._readable():
                self._base = self._store.latest_snapshot(self._target, full=True)
        return self._base

    def _judge(self, snapshot: Snapshot, base: Snapshot | None) -> Report:
        if base is not None:
            window = self._window(snapshot, self._daemon.slow_interval, base)
            return self._wiring.evaluate(snapshot.over(base), window, False)
        span = max(LOOK_BACK, 3 * self._daemon.slow_interval)
        return self._wiring.evaluate(snapshot, self._window(snapshot, span, None), True)

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
            fields = {"action": "snapshot_damaged", "target": self._target}
            log(_LOGGER, logging.WARNING, f"{error.primary}: {error.detail}", **fields)

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
        number = len(report.recommendations)
        fields = {"action": "advice_written", "target": self._target, "recommendations": number}
        log(_LOGGER, logging.INFO, f"the advice for {self._target} changed", **fields)


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
