"""Snapshots in the store: the body of each, and the statements' texts once by content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pgtune_advisor.domain import codec
from pgtune_advisor.domain.snapshot import SNAPSHOT_VERSION, Snapshot
from pgtune_advisor.domain.statement_windows import READING_TABLES, StatementReading
from pgtune_advisor.domain.statements import StatementText
from pgtune_advisor.domain.window import WINDOW_TABLES
from pgtune_advisor.store.schema import snapshots, targets, text_runs, texts

_BATCH: Final = 500


def save(connection: Connection, target_id: int, snapshot: Snapshot, *, full: bool) -> None:
    """Keep the snapshot."""
    body = codec.encode(replace(snapshot.without_data(), statement_texts=()))
    row = {
        "target_id": target_id,
        "taken_at": snapshot.taken_at,
        "is_full": full,
        "format": SNAPSHOT_VERSION,
        "server_started_at": snapshot.server.started_at,
        "size_bytes": len(body),
        "body": body,
    }
    returning = insert(snapshots).returning(snapshots.c.id)
    snapshot_id = connection.execute(returning, row).scalar_one()
    _save_texts(connection, target_id, snapshot_id, snapshot.statement_texts, full=full)


def _save_texts(
    connection: Connection,
    target_id: int,
    snapshot_id: int,
    statement_texts: tuple[StatementText, ...],
    *,
    full: bool,
) -> None:
    now = {(t.query_id, sha256(t.text.encode()).digest()): t.text for t in statement_texts}
    open_runs = (
        select(text_runs.c.id, text_runs.c.query_id, texts.c.hash)
        .join(texts)
        .where(
            text_runs.c.target_id == target_id,
            text_runs.c.is_full == full,
            text_runs.c.until_id.is_(None),
        )
    )
    before = {(r.query_id, bytes(r.hash)): r.id for r in connection.execute(open_runs)}
    ended = [{"run": run} for key, run in before.items() if key not in now]
    if ended:
        close = update(text_runs).where(text_runs.c.id == bindparam("run"))
        connection.execute(close.values(until_id=snapshot_id), ended)
    new = {key: text for key, text in now.items() if key not in before}
    ids = _text_ids(connection, {digest: text for (_, digest), text in new.items()})
    runs = [
        {
            "target_id": target_id,
            "is_full": full,
            "query_id": query_id,
            "text_id": ids[digest],
            "since_id": snapshot_id,
        }
        for query_id, digest in new
    ]
    if runs:
        connection.execute(insert(text_runs), runs)


def _text_ids(connection: Connection, new: dict[bytes, str]) -> dict[bytes, int]:
    """The ids of the texts by hash; those that are not there yet are added."""
    if not new:
        return {}
    add: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # In one order for all daemons that share the store, or two of them could wait in a circle.
    rows = [{"hash": digest, "text": new[digest]} for digest in sorted(new)]
    connection.execute(add(texts).on_conflict_do_nothing(index_elements=["hash"]), rows)
    ids: dict[bytes, int] = {}
    for some in _batches(sorted(new)):
        found = select(texts.c.hash, texts.c.id).where(texts.c.hash.in_(some))
        ids |= {bytes(row.hash): row.id for row in connection.execute(found)}
    return ids


def _batches(items: list[bytes]) -> Iterable[list[bytes]]:
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))


def _of(target: str, full: bool | None) -> Select[Any]:
    """The snapshots of a target that this release can read."""
    query = (
        select(snapshots.c.id, snapshots.c.target_id, snapshots.c.is_full, snapshots.c.body)
        .join(targets)
        .where(targets.c.name == target, snapshots.c.format == SNAPSHOT_VERSION)
    )
    return query if full is None else query.where(snapshots.c.is_full == full)


def latest(connection: Connection, target: str, *, full: bool | None) -> Snapshot | None:
    """The snapshot of the target that was recorded last."""
    return _load(connection, _of(target, full).order_by(snapshots.c.id.desc()))


def before(
    connection: Connection, target: str, moment: datetime, *, full: bool | None
) -> Snapshot | None:
    """The snapshot that was taken nearest at or before `moment`."""
    query = _of(target, full).where(snapshots.c.taken_at <= moment)
    return _load(connection, query.order_by(snapshots.c.taken_at.desc()))


def window_base(
    connection: Connection, snapshot: Snapshot, span: timedelta, *, full: bool
) -> Snapshot | None:
    """The snapshot that a window of about `span` up to `snapshot` begins with.

    A restart breaks counters: the nearest at or before the span of the server's present life, else
    the oldest of that life, else the last of an earlier life, so that the window says why it is
    empty. It comes with the tables that a window compares, and without the rest, which is large.
    """
    older = _of(snapshot.target, full).where(snapshots.c.taken_at < snapshot.taken_at)
    alive = older.where(snapshots.c.server_started_at == snapshot.server.started_at)
    newest_first = snapshots.c.taken_at.desc()
    began = snapshot.taken_at - span
    for query in (
        alive.where(snapshots.c.taken_at <= began).order_by(newest_first),
        alive.order_by(snapshots.c.taken_at),
        older.order_by(newest_first),
    ):
        if row := connection.execute(query.limit(1)).first():
            return codec.decode(row.body, WINDOW_TABLES)
    return None


def readings(
    connection: Connection, target: str, until: datetime, limit: int
) -> list[StatementReading]:
    """The counters of statements in the last snapshots before `until`, the oldest first."""
    query = _of(target, None).where(snapshots.c.taken_at < until)
    rows = connection.execute(query.order_by(snapshots.c.taken_at.desc()).limit(limit)).all()
    found = (StatementReading.of(codec.decode(row.body, READING_TABLES)) for row in reversed(rows))
    return [one for one in found if one is not None]


def _load(connection: Connection, query: Select[Any]) -> Snapshot | None:
    """The first snapshot of the query, its texts back in place."""
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    snapshot_id = row.id
    held = (
        select(text_runs.c.query_id, texts.c.text)
        .join(texts)
        .where(
            and_(
                text_runs.c.target_id == row.target_id,
                text_runs.c.is_full == row.is_full,
                text_runs.c.since_id <= snapshot_id,
                or_(text_runs.c.until_id.is_(None), text_runs.c.until_id > snapshot_id),
            )
        )
        .order_by(text_runs.c.query_id, texts.c.text)
    )
    rows = connection.execute(held)
    statement_texts = tuple(StatementText(query_id=r.query_id, text=r.text) for r in rows)
    return replace(codec.decode(row.body), statement_texts=statement_texts)
