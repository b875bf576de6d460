"""What is said of one target: in the log once a change, in the metrics and the health each time."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pgtune_advisor.daemon.cycle import Done
from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.metrics import Metrics, Miss
from pgtune_advisor.daemon.pace import Pace
from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.logs import log
from pgtune_advisor.store import Cadence

_LOGGER = logging.getLogger(__name__)


class Teller:
    """Speaks for one target until it is hushed. `changed` is called when its state may differ."""

    def __init__(
        self, target: str, metrics: Metrics, health: Health, changed: Callable[[], None]
    ) -> None:
        self._target = target
        self._metrics = metrics
        self._health = health
        self._changed = changed
        self._trouble: dict[Cadence, str] = {}
        self._hushed = False
        health.add(target)
        metrics.up.labels(target).set(0)

    def hush(self) -> None:
        """From now on speak into the void: the target is another's, or nobody's."""
        self._hushed = True
        self._metrics, self._health, self._changed = Metrics(), Health(), lambda: None

    def good(self, cadence: Cadence, done: Done, seconds: float, lasts_s: float) -> None:
        """A cycle succeeded; the next is expected within `lasts_s`."""
        target, metrics = self._target, self._metrics
        self._trouble.pop(cadence, None)
        metrics.cycle(target, cadence, "ok", seconds)
        metrics.opened(target, done.recorded)
        metrics.collections.labels(target, cadence).set(done.collected_s)
        metrics.gaps.labels(target).set(done.gaps)
        metrics.up.labels(target).set(1)
        metrics.successes.labels(target, cadence).set_to_current_time()
        # While the full cycles fail, good fast ones do not make the target well.
        if not self._trouble:
            self._health.good(target, lasts_s)
        self._changed()
        self._log(
            logging.INFO if cadence == "full" else logging.DEBUG,
            f"a {cadence} cycle of {target} took {seconds:.2f} s",
            action="cycle",
            cadence=cadence,
            duration_ms=round(seconds * 1000, 1),
            collected_ms=round(done.collected_s * 1000, 1),
            gaps=done.gaps,
            findings=sum(done.recorded.findings.values()),
            appeared=len(done.recorded.appeared),
            resolved=len(done.recorded.resolved),
        )

    def up(self, failures: int) -> None:
        """The target is back after so many failures in a row."""
        message = f"{self._target} is up after {failures} failures"
        self._log(logging.INFO, message, action="target_up", failures=failures)

    def down(self, error: TargetError, cadence: Cadence, seconds: float, *, first: bool) -> None:
        """A cycle did not reach the target."""
        self._metrics.cycle(self._target, cadence, "unreachable", seconds)
        self._metrics.up.labels(self._target).set(0)
        self._health.bad(self._target, "down", error.primary)
        if first:
            self._error(logging.WARNING, f"{self._target} is down", error, action="target_down")
            self._changed()

    def silent(self, error: AdvisorError) -> None:
        """A target that is down does not answer yet."""
        self._metrics.pings.labels(self._target).inc()
        self._health.bad(self._target, "down", error.primary)

    def failed(self, error: AdvisorError, cadence: Cadence, seconds: float) -> None:
        """The target answered, but its cycle could not be finished."""
        if self._trouble.get(cadence) != error.primary:
            message = f"a {cadence} cycle of {self._target} failed"
            self._error(logging.ERROR, message, error, action="cycle_failed", cadence=cadence)
        self.crashed(error.primary, cadence, seconds)

    def crashed(self, error: str, cadence: Cadence, seconds: float) -> None:
        """A cycle ended as it must not; its log line comes with missed()."""
        self._trouble[cadence] = error
        self._metrics.cycle(self._target, cadence, "failed", seconds)
        self._health.bad(self._target, "failing", error)
        self._changed()

    def missed(self, reason: Miss, trace: str, *, again: bool) -> None:
        """The schedule could not run a cycle, or one crashed; `again`: that was said before."""
        self._metrics.missed(self._target, reason)
        name = self._target
        if reason == "crashed":
            message = f"a cycle of {name} crashed"
            self._log(logging.ERROR, message, action="cycle_crashed", traceback=trace)
        elif reason == "missed":
            self._log(logging.WARNING, f"a cycle of {name} was late", action="cycle_missed")
        elif not again:
            message = f"a cycle of {name} lasts longer than its interval"
            self._log(logging.WARNING, message, action="cycle_overlapped")

    def cancelled(self, seconds: float) -> None:
        """A cycle that hangs is ended."""
        message = f"a cycle of {self._target} is cancelled after {seconds:.0f} s"
        self._log(logging.WARNING, message, action="cycle_cancelled")

    def not_cancelled(self, error: AdvisorError) -> None:
        """A query in flight could not be ended."""
        message = f"a query of {self._target} could not be cancelled"
        self._error(logging.WARNING, message, error, action="not_cancelled")

    def not_kept(self, error: AdvisorError) -> None:
        """A failure could not be written down."""
        self._metrics.store_failures.inc()
        self._error(logging.ERROR, "the store failed", error, action="store_failed")

    def paced(self, cadence: Cadence, pace: Pace, before: Pace | None = None) -> None:
        """How often the target is asked from now on."""
        self._metrics.delays.labels(self._target, cadence).set(pace.delay_s)
        if before is not None and before.factor != pace.factor:
            slower = pace.factor > before.factor
            message = f"{cadence} cycles of {self._target} now come every {pace.delay_s:.0f} s"
            level = logging.WARNING if slower else logging.INFO
            action = "target_slow" if slower else "target_faster"
            self._log(level, message, action=action, cadence=cadence)

    def _error(
        self, level: int, what: str, error: AdvisorError, *, action: str, **fields: object
    ) -> None:
        fields |= {"detail": error.detail, "hint": error.hint}
        self._log(level, f"{what}: {error.primary}", action=action, **fields)

    def _log(self, level: int, message: str, *, action: str, **fields: object) -> None:
        if not self._hushed:
            log(_LOGGER, level, message, action=action, target=self._target, **fields)
