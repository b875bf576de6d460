"""How many clients there are, how many of them work, and what ordinary roles may open."""

from __future__ import annotations

from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.sessions import clients


def usable_connections(context: Context) -> int:
    """What max_connections leaves to ordinary roles."""
    server = context.snapshot.server
    return max(server.max_connections - server.reserved_connections, 0)


def active_sessions(context: Context) -> int | None:
    """Client sessions that run a statement, as sampled now and when the window began."""
    if not context.has("backends"):
        return None
    samples = [context.snapshot.backends, context.window.backends_before or ()]
    return max(sum(b.state == "active" for b in clients(sample)) for sample in samples)


def pool_size(context: Context) -> int | None:
    """Connections that carry the load: twice the active sessions, or the processors; at least 4."""
    active = active_sessions(context)
    if active is None:
        return None
    return max(active * 2, (context.snapshot.host.cpus or 0) * 2, 4)
