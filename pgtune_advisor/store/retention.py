"""What is forgotten: what is too old, and the oldest of what is too much."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Delete, and_, delete, exists, func, or_, select

from pgtune_advisor.store.schema import (
    cycles,
    findings,
    recommendations,
    snapshots,
    targets,
    text_runs,
    texts,
)

# Fast snapshots serve windows of minutes; after this their full neighbours say enough.
FAST_KEPT: Final = timedelta(days=1)


def forget_before(connection: Connection, cutoff: datetime, fast_cutoff: datetime) -> int:
    """Remove what ended before `cutoff`, and fast snapshots of before `fast_cutoff`.

    Returns the number of snapshots that went.
    """
    old = or_(
        snapshots.c.taken_at < cutoff,
        and_(snapshots.c.is_full.is_(False), snapshots.c.taken_at < fast_cutoff),
    )
    removed = connection.execute(delete(snapshots).where(old)).rowcount
    if removed:
        _forget_texts(connection)
    connection.execute(delete(cycles).where(cycles.c.started_at < cutoff))
    connection.execute(delete(findings).where(findings.c.last_seen < cutoff))
    connection.execute(delete(recommendations).where(recommendations.c.last_seen < cutoff))
    connection.execute(_abandoned(cutoff))
    return removed


def _abandoned(cutoff: datetime) -> Delete:
    """Targets that nothing has been heard of since."""
    return delete(targets).where(targets.c.last_seen < cutoff)


def forget_oldest(connection: Connection, excess_bytes: int) -> int:
    """Remove the oldest snapshots, at least `excess_bytes` of them, and the history before them.

    The newest of each target and cadence stays. Returns how many rows went; 0: nothing can.
    """
    newest = (
        select(func.max(snapshots.c.id))
        .group_by(snapshots.c.target_id, snapshots.c.is_full)
        .scalar_subquery()
    )
    query = (
        select(snapshots.c.id, snapshots.c.taken_at, snapshots.c.size_bytes)
        .where(snapshots.c.id.not_in(newest))
        .order_by(snapshots.c.taken_at, snapshots.c.id)
    )
    doomed: list[int] = []
    freed, cutoff = 0, None
    for row in connection.execute(query):
        doomed.append(row.id)
        freed += row.size_bytes
        cutoff = row.taken_at
        if freed >= excess_bytes or len(doomed) >= 10_000:
            break
    if cutoff is None:
        return _forget_half(connection)
    connection.execute(delete(snapshots).where(snapshots.c.id.in_(doomed)))
    _forget_texts(connection)
    return len(doomed) + _forget_ended(connection, cutoff)


def _forget_half(connection: Connection) -> int:
    """Where no snapshot can go: the older half of the cycles, and what ended in their time."""
    count = connection.execute(select(func.count()).select_from(cycles)).scalar_one()
    middle = select(cycles.c.started_at).order_by(cycles.c.started_at).offset(count // 2).limit(1)
    cutoff = connection.execute(middle).scalar_one_or_none()
    return 0 if cutoff is None else _forget_ended(connection, cutoff)


def _forget_ended(connection: Connection, cutoff: datetime) -> int:
    removed: Any = 0
    for ended in (
        delete(cycles).where(cycles.c.started_at < cutoff),
        delete(findings).where(findings.c.resolved_at < cutoff),
        delete(recommendations).where(recommendations.c.withdrawn_at < cutoff),
    ):
        removed += connection.execute(ended).rowcount
    return int(removed)


def _forget_texts(connection: Connection) -> None:
    """Remove the runs that no snapshot is left of, and the texts that no run is left of."""
    held = exists().where(
        snapshots.c.target_id == text_runs.c.target_id,
        snapshots.c.is_full == text_runs.c.is_full,
        snapshots.c.id >= text_runs.c.since_id,
        or_(text_runs.c.until_id.is_(None), snapshots.c.id < text_runs.c.until_id),
    )
    connection.execute(delete(text_runs).where(~held))
    connection.execute(delete(texts).where(~exists().where(text_runs.c.text_id == texts.c.id)))
