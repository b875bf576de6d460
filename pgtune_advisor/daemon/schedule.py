"""When things run: a thread of its own for each job, so that none waits for another."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
)
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from pgtune_advisor.daemon.metrics import Miss

Step = Callable[[], float]
"""A piece of work; it returns the seconds until it is due again."""

OnMiss = Callable[[str, Miss, str], None]
"""Hears the step's name, what happened, and the traceback where it crashed."""

_REASONS: Final[dict[int, Miss]] = {
    EVENT_JOB_MISSED: "missed",
    EVENT_JOB_MAX_INSTANCES: "overlapped",
    EVENT_JOB_ERROR: "crashed",
}


class Schedule:
    """Steps by name. `on_miss` hears of each run that was late, overlapped or crashed."""

    def __init__(self, on_miss: OnMiss) -> None:
        self._on_miss = on_miss
        self._delays: dict[str, float] = {}
        # Its own records carry no action: what they say is told to on_miss.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": _Threads()})
        self._scheduler.add_listener(
            self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR
        )

    def start(self) -> None:
        """Begin to run what is due."""
        self._scheduler.start()

    def stop(self) -> None:
        """Run nothing more; what runs is not waited for."""
        self._scheduler.shutdown(wait=False)

    def add(self, name: str, step: Step, every_s: float, *, first_in_s: float = 0.0) -> None:
        """Run the step soon, and then at the delay that it returns, `every_s` at first."""
        self._delays[name] = every_s
        self._scheduler.add_job(
            self._run,
            _every(every_s),
            args=(name, step),
            id=name,
            next_run_time=datetime.now(UTC) + timedelta(seconds=first_in_s),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=max(30, math.ceil(every_s)),
        )

    def remove(self, name: str) -> None:
        """Run the step no more."""
        self._delays.pop(name, None)
        with contextlib.suppress(JobLookupError):
            self._scheduler.remove_job(name)

    def pace(self, name: str, delay_s: float) -> None:
        """Let `delay_s` pass between runs; where that is so already, nothing moves."""
        if self._delays.get(name, delay_s) == delay_s:
            return
        self._delays[name] = delay_s
        with contextlib.suppress(JobLookupError):
            self._scheduler.reschedule_job(name, trigger=_every(delay_s))

    def _run(self, name: str, step: Step) -> None:
        self.pace(name, step())

    def _missed(self, event: Any) -> None:
        crash = getattr(event, "exception", None)
        trace = f"{getattr(event, 'traceback', '')}{crash!r}" if crash is not None else ""
        self._on_miss(event.job_id, _REASONS[event.code], trace)


def _every(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone=UTC)


class _Threads(BaseExecutor):  # type: ignore[misc]
    """A thread for each run. It is a daemon thread: one that hangs must not keep the process."""

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        thread = threading.Thread(
            target=self._work, args=(job, run_times), name=job.id, daemon=True
        )
        thread.start()

    def _work(self, job: Any, run_times: list[datetime]) -> None:
        events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        self._run_job_success(job.id, events)
