"""The lives of findings and recommendations: when each came, and when it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from pgtune_advisor.domain.findings import Finding, Unknown
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.store.records import Recorded
from pgtune_advisor.store.schema import cycles, findings, recommendations

_EVERY_SUBJECT = frozenset({"", "*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The cycle that is being recorded: whose, when, and what it could not read."""

    target_id: int
    cycle_id: int
    at: datetime
    full: bool
    gaps: frozenset[str]


class _Life(NamedTuple):
    """A finding that has not ended."""

    id: int
    key: str
    rule: str
    last_cycle_id: int


def save(connection: Connection, report: Report, now: Now) -> tuple[list[str], list[str]]:
    """Bring history up to the report; returns the keys that appeared and those resolved.

    Only a full report ends a life: a fast one has looked at some subjects only. A finding lives
    on while its rule cannot decide, or while something is unreadable that was not before.
    """
    lives = _open_findings(connection, now.target_id)
    rows = [_finding(finding, now) for finding in _distinct(report.findings)]
    appeared = [row for row in rows if row["key"] not in lives]
    if appeared:
        connection.execute(insert(findings), [row | {"first_seen": now.at} for row in appeared])
    _refresh(connection, findings, [(lives[r["key"]].id, r) for r in rows if r["key"] in lives])
    resolved: list[str] = []
    held: frozenset[str] = frozenset()
    if now.full:
        present = {row["key"] for row in rows}
        absent = [life for key, life in lives.items() if key not in present]
        held = _held(connection, absent, report.unknown, now)
        ended = [life for life in absent if life.key not in held]
        _end(connection, findings, "resolved_at", [life.id for life in ended], now.at)
        resolved = [life.key for life in ended]
    _save_recommendations(connection, report.recommendations, held, now)
    return [row["key"] for row in appeared], resolved


def _distinct(found: Iterable[Finding]) -> list[Finding]:
    return list({finding.key: finding for finding in found}.values())


def _open_findings(connection: Connection, target_id: int) -> dict[str, _Life]:
    query = select(findings.c.id, findings.c.key, findings.c.rule, findings.c.last_cycle_id).where(
        findings.c.target_id == target_id, findings.c.resolved_at.is_(None)
    )
    return {row.key: _Life(*row) for row in connection.execute(query)}


def _finding(finding: Finding, now: Now) -> dict[str, Any]:
    return {
        "target_id": now.target_id,
        "key": finding.key,
        "rule": finding.rule,
        "severity": finding.severity,
        "category": finding.category,
        "subject": asdict(finding.subject),
        "message": asdict(finding.message),
        "last_seen": now.at,
        "last_cycle_id": now.cycle_id,
    }


def _refresh(connection: Connection, table: Table, seen: list[tuple[int, dict[str, Any]]]) -> None:
    """Write what may have changed since the last cycle into the lives that go on."""
    rows = [
        {"life": life} | {k: v for k, v in row.items() if k != "target_id"} for life, row in seen
    ]
    if rows:
        connection.execute(update(table).where(table.c.id == bindparam("life")), rows)


def _held(
    connection: Connection, absent: list[_Life], unknown: tuple[Unknown, ...], now: Now
) -> frozenset[str]:
    """The keys among `absent` of which this cycle cannot say that they are gone."""
    undecided = {f"{item.rule}:{item.subject.label}" for item in unknown}
    blind = {item.rule for item in unknown if item.subject.label in _EVERY_SUBJECT}
    last_cycles = {life.last_cycle_id for life in absent}
    query = select(cycles.c.id, cycles.c.gap_sources).where(cycles.c.id.in_(sorted(last_cycles)))
    gaps = {row.id: frozenset(row.gap_sources) for row in connection.execute(query)}
    return frozenset(
        life.key
        for life in absent
        if life.key in undecided
        or life.rule in blind
        or not now.gaps <= gaps.get(life.last_cycle_id, now.gaps)
    )


def _end(connection: Connection, table: Table, column: str, ended: list[int], at: datetime) -> None:
    if ended:
        close = update(table).where(table.c.id == bindparam("life")).values({column: at})
        connection.execute(close, [{"life": life} for life in ended])


def _save_recommendations(
    connection: Connection,
    made: tuple[Recommendation, ...],
    held: frozenset[str],
    now: Now,
) -> None:
    table = recommendations
    query = select(table.c.id, table.c.recommendation, table.c.finding_keys).where(
        table.c.target_id == now.target_id, table.c.withdrawn_at.is_(None)
    )
    lives = {row.recommendation: row for row in connection.execute(query)}
    rows = {item.id: _recommendation(item, now) for item in made}
    new = [row | {"first_seen": now.at} for key, row in rows.items() if key not in lives]
    if new:
        connection.execute(insert(table), new)
    _refresh(connection, table, [(lives[k].id, row) for k, row in rows.items() if k in lives])
    if now.full:
        gone = [row for key, row in lives.items() if key not in rows]
        ended = [row.id for row in gone if held.isdisjoint(row.finding_keys)]
        _end(connection, table, "withdrawn_at", ended, now.at)


def _recommendation(item: Recommendation, now: Now) -> dict[str, Any]:
    return {
        "target_id": now.target_id,
        "recommendation": item.id,
        "title": item.title,
        "phase": item.phase,
        "sql": "\n".join(f"{c.sql.rstrip().rstrip(';')};" for c in item.changes if c.sql),
        "finding_keys": list(item.finding_keys),
        "last_seen": now.at,
    }


def open_counts(
    connection: Connection, target_id: int, appeared: list[str], resolved: list[str]
) -> Recorded:
    """What is open on the target: findings by severity, recommendations by phase."""
    severities = select(findings.c.severity).where(
        findings.c.target_id == target_id, findings.c.resolved_at.is_(None)
    )
    phases = select(recommendations.c.phase).where(
        recommendations.c.target_id == target_id, recommendations.c.withdrawn_at.is_(None)
    )
    return Recorded(
        findings=Counter(connection.scalars(severities)),
        recommendations=Counter(connection.scalars(phases)),
        appeared=tuple(appeared),
        resolved=tuple(resolved),
    )
