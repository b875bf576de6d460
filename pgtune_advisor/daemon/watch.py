"""One target under watch: when it is asked for what, and what happens when it does not answer."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pgtune_advisor.daemon.cycle import Done, TargetCycles
from pgtune_advisor.daemon.metrics import Miss
from pgtune_advisor.daemon.pace import Pace, retry_delay_s
from pgtune_advisor.daemon.telling import Teller
from pgtune_advisor.daemon.wiring import Cancellable, CollectorLike, Wiring
from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.settings import DaemonSection, TargetSection
from pgtune_advisor.store import Cadence, Cycle, Store

# A cycle that lasts longer than this when the next is due is cancelled.
PATIENCE_S: Final = 300.0


class Watch:
    """The state of one target. step() runs in one thread at a time, the rest in any."""

    def __init__(
        self,
        section: TargetSection,
        wiring: Wiring,
        daemon: DaemonSection,
        store: Store,
        teller: Teller,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.section = section
        self._store = store
        self._teller = teller
        self._patience_s = patience_s
        self._busy = threading.Lock()
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._cancelled = threading.Event()
        self._collector: CollectorLike | None = None
        self._began: float | None = None
        self._overlapped = False
        self._failures = 0
        self._full_at = 0.0
        self._pending: tuple[Wiring, DaemonSection] | None = None
        self._paces: dict[Cadence, Pace] = {}
        self._wire(wiring, daemon)

    @property
    def delay_s(self) -> float:
        """Seconds between the steps of a target that answers."""
        return self._interval.total_seconds() * self._paces["fast"].factor

    def step(self) -> float:
        """Look at the target, or ask whether it is back; returns the seconds to the next step."""
        with self._busy:
            if self._stopping.is_set():
                return self.delay_s
            if self._pending is not None:
                pending, self._pending = self._pending, None
                self._close()
                self._cycles.close()
                self._wire(*pending)
            self._began, self._overlapped = time.monotonic(), False
            self._cancelled.clear()
            try:
                delay_s = self._step()
            finally:
                self._began = None
            return self.delay_s if self._pending else delay_s

    def rewire(self, wiring: Wiring, daemon: DaemonSection) -> bool:
        """Work with another configuration from the next step on; whether its interval differs."""
        before = self._interval
        self._pending = (wiring, daemon)
        return self._interval != before

    @property
    def _interval(self) -> timedelta:
        return (self._pending[1] if self._pending else self._daemon).interval

    def missed(self, reason: Miss, trace: str) -> None:
        """The schedule could not run a step, or one crashed. A step that hangs is cancelled."""
        self._teller.missed(reason, trace, again=self._overlapped)
        if reason != "overlapped":
            return
        self._overlapped = True
        began = self._began
        lasted = time.monotonic() - began if began is not None else 0.0
        if lasted > self._patience_s:
            self._teller.cancelled(lasted)
            # It may have to connect first, and this is the scheduler's thread.
            threading.Thread(target=self._cancel, daemon=True).start()

    def stop(self) -> None:
        """Cancel what runs and take no further step; join() waits for it."""
        self._stopping.set()
        self._cancelled.set()
        self._teller.hush()
        threading.Thread(target=self._finish, daemon=True).start()

    def join(self, timeout_s: float) -> bool:
        """Wait for stop() to be done; returns whether it is."""
        return self._stopped.wait(timeout_s)

    def _finish(self) -> None:
        self._cancel()
        with self._busy:
            self._close()
            self._cycles.close()
        self._stopped.set()

    def _wire(self, wiring: Wiring, daemon: DaemonSection) -> None:
        self._wiring, self._daemon = wiring, daemon
        self._cycles = TargetCycles(self.section, self._store, wiring, daemon)
        fast, full = daemon.interval.total_seconds(), daemon.slow_interval.total_seconds()
        self._set_pace("fast", fast)
        self._set_pace("full", max(full, fast))

    def _set_pace(self, cadence: Cadence, interval_s: float) -> None:
        known = self._paces.get(cadence, Pace(interval_s=interval_s))
        self._paces[cadence] = replace(known, interval_s=interval_s)
        self._teller.paced(cadence, self._paces[cadence])

    def _step(self) -> float:
        if not self._failures or self._answers():
            self._look(full_due=time.monotonic() + self.delay_s / 2 >= self._full_at)
        if self._failures:
            interval_s = self._paces["fast"].interval_s
            return retry_delay_s(self._failures, interval_s, random.random())
        return self.delay_s

    def _answers(self) -> bool:
        """Whether a target that is down answers again; only a good cycle makes it up."""
        try:
            self._open().ping()
        except AdvisorError as error:
            self._close()
            self._failures += 1
            self._teller.silent(error)
            return False
        return True

    def _look(self, *, full_due: bool) -> None:
        began = time.monotonic()
        cadence: Cadence = "full" if full_due else "fast"
        try:
            cadence = self._cycles.cadence(full_due=full_due)
            if cadence == "full":
                self._full_at = began + self._paces["full"].delay_s
            done = self._cycles.run(self._open(), cadence, self._ended)
        except TargetError as error:
            self._down(error, cadence, time.monotonic() - began)
        except AdvisorError as error:
            self._teller.failed(error, cadence, time.monotonic() - began)
        except BaseException:
            seconds = time.monotonic() - began
            self._teller.crashed("an internal error: see the log", cadence, seconds)
            raise
        else:
            self._good(done, cadence, time.monotonic() - began)

    def _good(self, done: Done, cadence: Cadence, seconds: float) -> None:
        if self._failures:
            self._teller.up(self._failures)
        self._failures = 0
        before = self._paces[cadence]
        pace = before.after(done.collected_s)
        self._paces[cadence] = pace
        self._teller.paced(cadence, pace, before)
        if cadence == "full":
            self._full_at += pace.delay_s - before.delay_s
        self._teller.good(cadence, done, seconds, 3 * self.delay_s + 60)

    def _down(self, error: TargetError, cadence: Cadence, seconds: float) -> None:
        self._close()
        if self._stopping.is_set():
            return
        self._failures += 1
        # All that is known of it is old by then: look at everything when it is back.
        self._full_at = 0.0
        first = self._failures == 1
        self._teller.down(error, cadence, seconds, first=first)
        if first:
            self._keep(error, cadence, seconds)

    def _keep(self, error: TargetError, cadence: Cadence, seconds: float) -> None:
        cycle = Cycle(
            target=self.section.name,
            started_at=datetime.now(UTC) - timedelta(seconds=seconds),
            duration_ms=seconds * 1000,
            cadence=cadence,
            outcome="unreachable",
            error=error.primary,
        )
        try:
            self._store.record_cycle(cycle)
        except AdvisorError as failure:
            self._teller.not_kept(failure)

    def _open(self) -> CollectorLike:
        if self._collector is None:
            self._collector = self._wiring.collector(self.section)
        return self._collector

    def _close(self) -> None:
        collector, self._collector = self._collector, None
        if collector is not None:
            collector.close()

    def _ended(self) -> bool:
        return self._stopping.is_set() or self._cancelled.is_set()

    def _cancel(self) -> None:
        self._cancelled.set()
        collector = self._collector
        try:
            if isinstance(collector, Cancellable):
                collector.cancel()
            elif collector is not None:
                collector.close()
        except AdvisorError as error:
            self._teller.not_cancelled(error)
