"""What Prometheus is told of the daemon and its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeVar, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from pgtune_advisor import __version__
from pgtune_advisor.domain.findings import SEVERITIES, Phase, Severity
from pgtune_advisor.store import Cadence, Outcome, Recorded

Miss = Literal["missed", "overlapped", "crashed"]

M = TypeVar("M", Gauge, Counter)

_PREFIX: Final = "pgtune_advisor"
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """A registry of our own, so that nothing else of the process is exposed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._of_targets: list[Gauge | Counter | Histogram] = []
        ProcessCollector(registry=self.registry)
        gauge, counter = self._gauge, self._counter
        self.build = gauge("build_info", "The release that runs.", "version")
        self.cycles = counter("cycles", "Cycles by outcome.", "target", "cadence", "outcome")
        self.durations = Histogram(
            f"{_PREFIX}_cycle_duration_seconds",
            "Time from the first query of a cycle to its record in the store.",
            ("target", "cadence"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._of_targets.append(self.durations)
        self.collections = gauge(
            "last_collection_seconds",
            "Time that the last cycle spent on the target.",
            "target",
            "cadence",
        )
        self.delays = gauge(
            "poll_interval_seconds", "Time between cycles now.", "target", "cadence"
        )
        self.findings = gauge("findings", "Open findings.", "target", "severity")
        self.recommendations = gauge("recommendations", "Open advice.", "target", "phase")
        self.gaps = gauge("gaps", "Facts that the last cycle could not read.", "target")
        self.up = gauge("target_up", "Whether the target answers.", "target")
        self.pings = counter("failed_pings", "Failed pings of a target that is down.", "target")
        self.successes = gauge(
            "last_success_timestamp_seconds", "When the last good cycle ended.", "target", "cadence"
        )
        self.misses = counter(
            "scheduler_misses", "Cycles that did not run or did not end.", "target", "reason"
        )
        self.store_size = gauge("store_size_bytes", "Size of the store.")
        self.store_failures = counter("store_failures", "Failures of the store outside of a cycle.")
        self.reloads = counter("config_reloads", "Reloads of the configuration.", "outcome")
        self.reloaded = gauge("config_last_reload_successful", "Whether the last reload worked.")
        self.reload_time = gauge(
            "config_last_reload_success_timestamp_seconds", "When the configuration took effect."
        )
        self.build.labels(__version__).set(1)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return self._kept(Gauge(f"{_PREFIX}_{name}", text, labels, registry=self.registry), labels)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        made = Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)
        return self._kept(made, labels)

    def _kept(self, metric: M, labels: tuple[str, ...]) -> M:
        if "target" in labels:
            self._of_targets.append(metric)
        return metric

    def cycle(self, target: str, cadence: Cadence, outcome: Outcome, seconds: float) -> None:
        """Count a cycle and its duration."""
        self.cycles.labels(target, cadence, outcome).inc()
        self.durations.labels(target, cadence).observe(seconds)

    def opened(self, target: str, recorded: Recorded) -> None:
        """Show what is open on the target, zeros included."""
        severities: Mapping[Severity, int] = recorded.findings
        for severity in SEVERITIES:
            self.findings.labels(target, severity).set(severities.get(severity, 0))
        phases: tuple[Phase, ...] = get_args(Phase)
        for phase in phases:
            self.recommendations.labels(target, phase).set(recorded.recommendations.get(phase, 0))

    def missed(self, target: str, reason: Miss) -> None:
        """Count a cycle that the schedule lost."""
        self.misses.labels(target, reason).inc()

    def reload(self, now: float, *, ok: bool) -> None:
        """Count a reload; `now` in seconds since the epoch."""
        self.reloads.labels("ok" if ok else "failed").inc()
        self.reloaded.set(ok)
        if ok:
            self.reload_time.set(now)

    def forget(self, target: str) -> None:
        """Remove every series of a target."""
        for metric in self._of_targets:
            metric.remove_by_labels({"target": target})

    def text(self) -> bytes:
        """All of it, in the text format."""
        return generate_latest(self.registry)
