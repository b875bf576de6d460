"""All targets under watch, as the configuration has them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.metrics import Metrics, Miss
from pgtune_advisor.daemon.schedule import Schedule
from pgtune_advisor.daemon.telling import Teller
from pgtune_advisor.daemon.watch import Watch
from pgtune_advisor.daemon.wiring import Wiring
from pgtune_advisor.settings import Settings, TargetSection
from pgtune_advisor.store import Store

# Between the first cycles of neighbours, so that many targets do not all begin at once.
_STAGGER_S = 0.25


class Watches:
    """The targets' watches and their places in the schedule; for the main thread."""

    def __init__(
        self, store: Store, metrics: Metrics, health: Health, changed: Callable[[], None]
    ) -> None:
        self.schedule = Schedule(self._missed)
        self._store = store
        self._metrics = metrics
        self._health = health
        self._changed = changed
        self._watches: dict[str, Watch] = {}
        self._numbers = itertools.count(1)

    def follow(self, settings: Settings, wiring: Wiring) -> None:
        """Add, replace, remove and go on, so that the targets are those of the settings."""
        wanted = {target.name: target for target in settings.targets}
        for job, watch in list(self._watches.items()):
            if wanted.get(watch.section.name) != watch.section:
                self._remove(job, watch)
            else:
                if watch.rewire(wiring, settings.daemon):
                    self.schedule.pace(job, watch.delay_s)
        known = {watch.section.name for watch in self._watches.values()}
        new = [target for target in settings.targets if target.name not in known]
        for number, target in enumerate(new):
            self._add(target, settings, wiring, number * _STAGGER_S)

    def _add(
        self, target: TargetSection, settings: Settings, wiring: Wiring, first_in_s: float
    ) -> None:
        teller = Teller(target.name, self._metrics, self._health, self._changed)
        watch = Watch(target, wiring, settings.daemon, self._store, teller)
        # A name of its own: a predecessor that still hangs must not count as its run.
        job = f"{target.name}#{next(self._numbers)}"
        self._watches[job] = watch
        self.schedule.add(job, watch.step, watch.delay_s, first_in_s=first_in_s)

    def _remove(self, job: str, watch: Watch) -> None:
        self.schedule.remove(job)
        del self._watches[job]
        watch.stop()
        self._health.forget(watch.section.name)
        self._metrics.forget(watch.section.name)

    def _missed(self, job: str, reason: Miss, trace: str) -> None:
        if watch := self._watches.get(job):
            watch.missed(reason, trace)

    def stop(self, within_s: float) -> bool:
        """Cancel what runs and wait for it; returns whether all ended within the time."""
        deadline = time.monotonic() + within_s
        for watch in self._watches.values():
            watch.stop()
        ended = [
            watch.join(max(deadline - time.monotonic(), 0)) for watch in self._watches.values()
        ]
        return all(ended)
