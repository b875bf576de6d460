"""The daemon's main thread: start, signals, reload, stop."""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import SimpleQueue
from types import FrameType
from typing import Final, Literal, assert_never

from pgtune_advisor.daemon.endpoint import Endpoint
from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.lock import only_daemon
from pgtune_advisor.daemon.metrics import Metrics
from pgtune_advisor.daemon.notify import Notifier
from pgtune_advisor.daemon.watches import Watches
from pgtune_advisor.daemon.wiring import Wiring
from pgtune_advisor.domain.errors import AdvisorError, ConfigError
from pgtune_advisor.logs import log
from pgtune_advisor.settings import Settings
from pgtune_advisor.store import Store

Load = Callable[[], Settings]
Wire = Callable[[Settings], Wiring]
Message = Literal["stop", "reload", "beat", "changed"]

# Half of the 5 s that a stop may take: the rest is for the endpoint, the store and the process.
_STOP_S: Final = 2.5
_UPKEEP_S: Final = 600.0

_LOGGER = logging.getLogger(__name__)


def run(load: Load, wire: Wire) -> int:
    """Watch the targets until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    `wire` makes the parts that depend on the configuration, at the start and at each reload.
    Runs in the main thread and returns the exit code. Raises AdvisorError where it cannot start:
    a wrong configuration, no target, a second daemon, a port in use, a store that fails.
    """
    inbox: SimpleQueue[Message] = SimpleQueue()
    with _signals(inbox), contextlib.ExitStack() as stack:
        settings = load()
        _require_targets(settings)
        stack.enter_context(only_daemon(settings.daemon.state_dir))
        store = stack.enter_context(Store.open(settings.store, settings.daemon.state_dir))
        service = _Service(load, wire, settings, store, inbox)
        service.start()
        stack.callback(service.stop)
        service.serve()
    log(_LOGGER, logging.INFO, "the daemon has stopped", action="stopped")
    return 0


@contextlib.contextmanager
def _signals(inbox: SimpleQueue[Message]) -> Iterator[None]:
    """Turn signals into messages; the handlers before come back at the end."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        inbox.put("stop")

    def reload(_number: int, _frame: FrameType | None) -> None:
        inbox.put("reload")

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, stop),
        signal.SIGINT: signal.signal(signal.SIGINT, stop),
        signal.SIGHUP: signal.signal(signal.SIGHUP, reload),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _require_targets(settings: Settings) -> None:
    if not settings.targets:
        raise ConfigError(
            "no target is configured",
            detail="The daemon has nothing to watch.",
            hint="Add a [[targets]] section with a name and a dsn.",
        )


class _Service:
    def __init__(
        self,
        load: Load,
        wire: Wire,
        settings: Settings,
        store: Store,
        inbox: SimpleQueue[Message],
    ) -> None:
        self._load = load
        self._wire = wire
        self._settings = settings
        self._store = store
        self._inbox = inbox
        self._metrics = Metrics()
        self._health = Health()
        self._notifier = Notifier.from_environment()
        self._endpoint: Endpoint | None = None
        self._watches = Watches(store, self._metrics, self._health, lambda: inbox.put("changed"))
        self._status = ""

    def start(self) -> None:
        """Take up the work; raises AdvisorError where it cannot be done."""
        wiring = self._wire(self._settings)
        self._endpoint = self._listen(self._settings)
        schedule = self._watches.schedule
        schedule.start()
        schedule.add("upkeep", self._upkeep, _UPKEEP_S)
        if period := self._notifier.watchdog_s:
            schedule.add("heartbeat", lambda: self._beat(period / 3), period / 3)
        self._watches.follow(self._settings, wiring)
        self._metrics.reload(time.time(), ok=True)
        self._notifier.ready(self._describe())
        log(
            _LOGGER,
            logging.INFO,
            f"watching {len(self._settings.targets)} targets",
            action="started",
            listen=self._listening(),
            state_dir=str(self._settings.daemon.state_dir),
        )

    def serve(self) -> None:
        """Answer the messages until one says stop."""
        while True:
            match self._inbox.get():
                case "stop":
                    return
                case "reload":
                    self._reload()
                case "beat":
                    # Sent by a job, passed on by this thread: both are alive.
                    self._notifier.alive()
                case "changed":
                    self._tell()
                case unknown:
                    assert_never(unknown)

    def stop(self) -> None:
        """End everything in under 5 s; what does not end by then is left to the process's end."""
        log(_LOGGER, logging.INFO, "stopping", action="stopping")
        self._notifier.stopping()
        self._watches.schedule.stop()
        if not self._watches.stop(_STOP_S):
            message = "a cycle did not end in time and is abandoned"
            log(_LOGGER, logging.WARNING, message, action="cycle_abandoned")
        if self._endpoint is not None:
            self._endpoint.close()

    def _listen(self, settings: Settings) -> Endpoint | None:
        if not settings.metrics.listen:
            return None
        return Endpoint.listen(settings.metrics.listen, self._metrics, self._health)

    def _listening(self) -> str:
        host = self._settings.metrics.listen.rpartition(":")[0]
        return f"{host}:{self._endpoint.port}" if self._endpoint else ""

    def _beat(self, period_s: float) -> float:
        self._inbox.put("beat")
        return period_s

    def _tell(self) -> None:
        status = self._describe()
        if status != self._status:
            self._status = status
            self._notifier.status(status)

    def _describe(self) -> str:
        count, unwell = self._health.counts()
        return f"Watching {count} targets" + (f", {unwell} of them not well" if unwell else "")

    def _upkeep(self) -> float:
        try:
            self._store.prune(datetime.now(UTC))
            self._metrics.store_size.set(self._store.size_bytes())
        except AdvisorError as error:
            self._metrics.store_failures.inc()
            parts = {"detail": error.detail, "hint": error.hint}
            log(_LOGGER, logging.ERROR, error.primary, action="store_failed", **parts)
        return _UPKEEP_S

    def _reload(self) -> None:
        self._notifier.reloading()
        try:
            settings = self._load()
            _require_targets(settings)
            settings = self._keep_fixed(settings)
            wiring = self._wire(settings)
            self._move(settings)
        except AdvisorError as error:
            self._metrics.reload(time.time(), ok=False)
            message = f"the old configuration stays: {error.primary}"
            parts = {"detail": error.detail, "hint": error.hint}
            log(_LOGGER, logging.ERROR, message, action="reload_failed", **parts)
        else:
            self._settings = settings
            self._store.keep(settings.store.retention, settings.store.max_size)
            self._watches.follow(settings, wiring)
            self._metrics.reload(time.time(), ok=True)
            message = f"watching {len(settings.targets)} targets"
            log(_LOGGER, logging.INFO, message, action="reloaded", listen=self._listening())
        self._notifier.ready(self._describe())

    def _keep_fixed(self, settings: Settings) -> Settings:
        """The settings with the store's place as it is: that takes a restart."""
        old = self._settings
        daemon = settings.daemon.model_copy(update={"state_dir": old.daemon.state_dir})
        store = settings.store.model_copy(update={"url": old.store.url})
        if (daemon, store) != (settings.daemon, settings.store):
            message = "daemon.state_dir and store.url take effect with a restart"
            log(_LOGGER, logging.WARNING, message, action="restart_needed")
        return settings.model_copy(update={"daemon": daemon, "store": store})

    def _move(self, settings: Settings) -> None:
        """Listen elsewhere where the settings say so."""
        if settings.metrics.listen == self._settings.metrics.listen:
            return
        endpoint, self._endpoint = self._endpoint, self._listen(settings)
        if endpoint is not None:
            endpoint.close()
