"""What the history answers: targets, cycles, findings, recommendations, and the moments of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, func, select

from pgtune_advisor.domain.findings import Message, Subject
from pgtune_advisor.store.records import (
    CycleRecord,
    Event,
    EventKind,
    FindingRecord,
    RecommendationRecord,
    TargetRecord,
)
from pgtune_advisor.store.schema import (
    cycles,
    findings,
    recommendations,
    snapshots,
    targets,
    text_runs,
    texts,
)

# Rows other than snapshots and texts, with their indexes, take about this many bytes each.
_ROW_BYTES = 256


def all_targets(connection: Connection) -> tuple[TargetRecord, ...]:
    """Every target, by name."""
    rows = connection.execute(select(targets).order_by(targets.c.name))
    return tuple(
        TargetRecord(
            name=row.name,
            system_identifier=row.system_identifier,
            server_version=row.server_version,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
        )
        for row in rows
    )


def _of(table: Table, target: str) -> Select[Any]:
    return select(table).join(targets).where(targets.c.name == target)


def last_cycles(connection: Connection, target: str, limit: int) -> tuple[CycleRecord, ...]:
    """The newest cycles first."""
    query = _of(cycles, target).order_by(cycles.c.started_at.desc(), cycles.c.id.desc())
    return tuple(
        CycleRecord(
            target=target,
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            cadence=row.cadence,
            outcome=row.outcome,
            gaps=len(row.gap_sources),
            error=row.error,
        )
        for row in connection.execute(query.limit(limit))
    )


def last_findings(
    connection: Connection, target: str, limit: int, *, open_only: bool
) -> tuple[FindingRecord, ...]:
    """The findings that appeared last first."""
    query = _of(findings, target).order_by(findings.c.first_seen.desc(), findings.c.key)
    if open_only:
        query = query.where(findings.c.resolved_at.is_(None))
    return tuple(_finding(row) for row in connection.execute(query.limit(limit)))


def _finding(row: Any) -> FindingRecord:
    return FindingRecord(
        key=row.key,
        rule=row.rule,
        severity=row.severity,
        category=row.category,
        subject=Subject(**row.subject),
        message=Message(**row.message),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        resolved_at=row.resolved_at,
    )


def last_recommendations(
    connection: Connection, target: str, limit: int, *, open_only: bool
) -> tuple[RecommendationRecord, ...]:
    """The recommendations that were made last first."""
    table = recommendations
    query = _of(table, target).order_by(table.c.first_seen.desc(), table.c.recommendation)
    if open_only:
        query = query.where(table.c.withdrawn_at.is_(None))
    return tuple(
        RecommendationRecord(
            id=row.recommendation,
            title=row.title,
            phase=row.phase,
            sql=row.sql,
            finding_keys=tuple(row.finding_keys),
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            withdrawn_at=row.withdrawn_at,
        )
        for row in connection.execute(query.limit(limit))
    )


def events(connection: Connection, target: str, limit: int) -> tuple[Event, ...]:
    """What came and what went on the target, the newest moment first."""
    found = [
        *_moments(connection, target, limit, findings.c.first_seen, "appeared"),
        *_moments(connection, target, limit, findings.c.resolved_at, "resolved"),
        *_moments(connection, target, limit, recommendations.c.first_seen, "recommended"),
        *_moments(connection, target, limit, recommendations.c.withdrawn_at, "withdrawn"),
    ]
    return tuple(sorted(found, key=lambda e: (e.at, e.kind, e.key), reverse=True)[:limit])


def _moments(
    connection: Connection, target: str, limit: int, moment: Column[Any], kind: EventKind
) -> Iterator[Event]:
    query = _of(moment.table, target).where(moment.is_not(None)).order_by(moment.desc())
    for row in connection.execute(query.limit(limit)):
        is_finding = moment.table is findings
        yield Event(
            at=getattr(row, moment.name),
            kind=kind,
            key=row.key if is_finding else row.recommendation,
            severity=row.severity if is_finding else None,
            text=row.message["primary"] if is_finding else row.title,
        )


def data_bytes(connection: Connection) -> int:
    """Bytes of the pages in use with SQLite; on PostgreSQL about those of the data."""
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    bodies = select(func.coalesce(func.sum(snapshots.c.size_bytes), 0))
    contents = select(func.coalesce(func.sum(func.octet_length(texts.c.text)), 0))
    small = (cycles, findings, recommendations, text_runs)
    rows = [select(func.count() * _ROW_BYTES).select_from(table) for table in small]
    return sum(int(connection.execute(query).scalar_one()) for query in (bodies, contents, *rows))
