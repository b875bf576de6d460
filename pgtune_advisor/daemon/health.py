"""Whether every target is looked at: what /healthz answers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["starting", "up", "down", "failing"]


@dataclass(slots=True)
class _Target:
    state: State = "starting"
    error: str = ""
    succeeded_at: datetime | None = None
    good_until: float = 0.0


class Health:
    """The state of each target, written by its thread and read by the endpoint's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: dict[str, _Target] = {}

    def add(self, name: str) -> None:
        """Expect cycles of the target."""
        with self._lock:
            self._targets[name] = _Target()

    def forget(self, name: str) -> None:
        """Expect no more of the target."""
        with self._lock:
            self._targets.pop(name, None)

    def good(self, name: str, lasts_s: float) -> None:
        """A cycle succeeded; the next one is expected within `lasts_s` seconds."""
        with self._lock:
            if target := self._targets.get(name):
                target.state, target.error = "up", ""
                target.succeeded_at = datetime.now(UTC)
                target.good_until = time.monotonic() + lasts_s

    def bad(self, name: str, state: Literal["down", "failing"], error: str) -> None:
        """A cycle did not succeed."""
        with self._lock:
            if target := self._targets.get(name):
                target.state, target.error = state, error

    def counts(self) -> tuple[int, int]:
        """How many targets there are, and how many of them are not well."""
        with self._lock:
            return len(self._targets), sum(not _well(t) for t in self._targets.values())

    def answer(self) -> tuple[bool, dict[str, Any]]:
        """Whether all targets had a good cycle recently, and each one's state."""
        with self._lock:
            targets = {name: _described(t) for name, t in sorted(self._targets.items())}
            ok = all(_well(t) for t in self._targets.values())
        return ok, {"status": "ok" if ok else "failing", "targets": targets}


def _well(target: _Target) -> bool:
    return target.state == "up" and time.monotonic() <= target.good_until


def _described(target: _Target) -> dict[str, Any]:
    well = _well(target)
    overdue = "The last good cycle is too long ago."
    return {
        "ok": well,
        "state": target.state,
        "last_success": target.succeeded_at.isoformat() if target.succeeded_at else None,
        "error": target.error or ("" if well or target.state == "starting" else overdue),
    }
