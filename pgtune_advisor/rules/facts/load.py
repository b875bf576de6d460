"""How many clients there are, how many of them work, and what ordinary roles may open."""

from __future__ import annotations

from math import ceil

from pgtune_advisor.rules.facts.base import Context, ratio
from pgtune_advisor.rules.facts.sessions import clients


def usable_connections(context: Context) -> int:
    """What max_connections leaves to ordinary roles."""
    server = context.snapshot.server
    return max(server.max_connections - server.reserved_connections, 0)


def sessions_hidden(context: Context) -> bool:
    """Whether this role may not see what kind of session the others are."""
    return any(not backend.backend_type for backend in context.snapshot.backends)


def active_sessions(context: Context) -> int | None:
    """Client sessions that run a statement, as sampled now and when the window began.

    None where they were not read, or where this role may not see what others do.
    """
    if not context.has("backends") or sessions_hidden(context):
        return None
    samples = [context.snapshot.backends, context.window.backends_before or ()]
    return max(sum(b.state == "active" for b in clients(sample)) for sample in samples)


def busy_sessions(context: Context) -> float | None:
    """Sessions busy on average over the window, by Little's law: busy time over elapsed time."""
    shares = [
        ratio(row.active_time_ms, seconds * 1000)
        for row in context.deltas("databases") or ()
        if (seconds := context.window.seconds("databases", row)) is not None
    ]
    known = [share for share in shares if share is not None]
    return sum(known) if known else None


def pool_size(context: Context) -> int | None:
    """Connections that carry the load: twice the busy ones, one for each processor, at least 4."""
    active, busy = active_sessions(context), busy_sessions(context)
    if active is None and busy is None:
        return None
    return max(ceil(2 * (busy or 0.0)), 2 * (active or 0), context.snapshot.host.cpus or 0, 4)
