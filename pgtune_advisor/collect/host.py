"""The machine below the server: declared, seen from here, or read through the server."""

from __future__ import annotations

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.domain.server import Host
from pgtune_advisor.pg.session import Session
from pgtune_advisor.settings import HostSection


def read_host(cycle: Cycle, session: Session, declared: HostSection) -> Host:
    """What is known of the host."""
    return Host(memory_bytes=declared.memory, memory_source="declared" if declared.memory else None)
