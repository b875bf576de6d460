"""What systemd is told: readiness, reloads, the end, and that the daemon is alive."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pgtune_advisor.logs import log

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """The notification socket, where there is one; `watchdog_s` is how often it must hear of us."""

    address: str | None = None
    watchdog_s: float | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """What systemd handed to this process: nothing, unless it started it."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls()
        # A leading @ names an abstract socket, which begins with a zero byte.
        address = f"\0{address[1:]}" if address.startswith("@") else address
        period = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = int(period) / 1e6 if period.isdigit() and int(period) and ours else None
        return cls(address=address, watchdog_s=watchdog)

    def ready(self, status: str) -> None:
        """The start or a reload is done."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}", "STATUS=Reading the configuration")

    def stopping(self) -> None:
        """The end begins."""
        self._send("STOPPING=1", "STATUS=Stopping")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """The scheduler works."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if self.address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.sendto("\n".join(lines).encode(), self.address)
        except OSError as error:
            message = f"systemd could not be told: {error}"
            log(_LOGGER, logging.WARNING, message, action="notify_failed")
