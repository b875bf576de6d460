"""Whether the server runs on this very machine: proved by its process, not by its address.

A forwarded port or a container's mapped one also answers on 127.0.0.1. So an address is only the
first condition; the second is that the process that serves our session is visible here under its
pid, is a postgres, and was started when the server says that our session began.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.pg.rows import OwnProcess
from pgtune_advisor.pg.session import Session

_TOLERANCE: Final = timedelta(seconds=2)
_START_TIME: Final = 19


def server_process(cycle: Cycle, session: Session) -> int | None:
    """The pid of our server process if it runs on this machine, else None."""
    if not is_near(*session.peer):
        return None
    rows: list[OwnProcess] = cycle.read(session, "own_process", "host") or []
    return next((own.pid for own in rows if is_visible(own.pid, own.began_at)), None)


def own_file(path: str) -> str | None:
    """A file of this machine, or None where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def is_near(host: str, address: str) -> bool:
    """Whether the address is a Unix socket or a loopback address."""
    if host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_visible(pid: int, began: datetime | None) -> bool:
    """Whether this machine has a postgres with that pid which started at that time."""
    stat = own_file(f"/proc/{pid}/stat")
    boot = _boot_time()
    if stat is None or boot is None or began is None:
        return False
    # The name stands in parentheses and may itself hold spaces and parentheses.
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    ticks = int(stat[stat.rindex(")") + 2 :].split()[_START_TIME])
    started = boot + timedelta(seconds=ticks / os.sysconf("SC_CLK_TCK"))
    return name.startswith("postgres") and abs(started - began) <= _TOLERANCE


def _boot_time() -> datetime | None:
    for line in (own_file("/proc/stat") or "").splitlines():
        if line.startswith("btime "):
            return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return None
