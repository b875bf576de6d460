"""Snapshots and reports that are made up, small, and the same for the same arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pgtune_advisor.domain.changes import SetParameter
from pgtune_advisor.domain.findings import Finding, Message, Severity, Subject, Unknown
from pgtune_advisor.domain.recommendations import (
    Impact,
    Recommendation,
    Report,
    ReportTarget,
    ReportWindow,
)
from pgtune_advisor.domain.row import counters
from pgtune_advisor.domain.server import Database, Server
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.statements import StatementText
from pgtune_advisor.store import Cadence, Cycle

START = datetime(2027, 1, 1, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """A moment some minutes into the story."""
    return START + timedelta(minutes=minutes)


def cycle(minutes: float = 0, *, target: str = "shop", cadence: Cadence = "full") -> Cycle:
    """A good cycle some minutes into the story."""
    return Cycle(
        target=target,
        started_at=after(minutes),
        duration_ms=12.5,
        cadence=cadence,
        outcome="ok",
    )


def server(*, started: datetime = START, clock: datetime = START) -> Server:
    return Server(
        version_num=180006,
        version="18.6",
        system_identifier="7000000000000000001",
        started_at=started,
        clock=clock,
        in_recovery=False,
        role="advisor",
        database="shop",
        wal_position_bytes=1000,
        replay_lag_ms=None,
        max_connections=100,
        reserved_connections=3,
    )


def snapshot(
    minutes: float = 0,
    *,
    target: str = "shop",
    texts: Iterable[tuple[int, str]] = (),
    gaps: Iterable[str] = (),
    started: datetime = START,
    filler: str = "",
    commits: int = 0,
) -> Snapshot:
    """A snapshot taken some minutes into the story; `filler` makes it larger."""
    return Snapshot(
        target=target,
        taken_at=after(minutes),
        server=server(started=started, clock=after(minutes)),
        collected=frozenset({"databases", "statement_texts"}),
        databases=(database(filler or "shop", commits),),
        statement_texts=tuple(StatementText(query_id=i, text=t) for i, t in sorted(texts)),
        gaps=tuple(Gap(source=source, reason="permission denied") for source in gaps),
    )


def database(name: str, commits: int) -> Database:
    return Database(
        name=name,
        is_template=False,
        allows_connections=True,
        connection_limit=-1,
        xid_age=1,
        mxid_age=1,
        backends=1,
        stats_reset=None,
        **{**dict.fromkeys(counters(Database), 0), "commits": commits},
    )


def finding(
    label: str, *, rule: str = "index-unused", severity: Severity = "warning", text: str = "unused"
) -> Finding:
    return Finding(
        key=f"{rule}:{label}",
        rule=rule,
        category="indexes",
        severity=severity,
        subject=Subject(kind="index", label=label, database="shop", schema="public", name=label),
        message=Message(primary=f"{label} is {text}", detail="never scanned", hint="drop it"),
        evidence=(),
    )


def recommendation(name: str, keys: Iterable[str]) -> Recommendation:
    return Recommendation(
        id=name,
        title=f"Do {name}",
        rules=("index-unused",),
        finding_keys=tuple(keys),
        category="indexes",
        applicability="review",
        confidence="heuristic",
        phase="core",
        impact=Impact(),
        changes=(
            SetParameter(
                name="work_mem", value="8MB", current="4MB", previous=None, needs="reload"
            ),
        ),
    )


def report(
    at: datetime,
    findings: Iterable[Finding] = (),
    recommendations: Iterable[Recommendation] = (),
    unknown: Iterable[Unknown] = (),
    *,
    target: str = "shop",
) -> Report:
    return Report(
        generated_at=at,
        advisor_version="0",
        target=ReportTarget(
            name=target,
            server_version="18.6",
            database="shop",
            system_identifier=None,
            in_recovery=False,
        ),
        window=ReportWindow(since=None, until=at),
        findings=tuple(findings),
        recommendations=tuple(recommendations),
        unknown=tuple(unknown),
    )
