"""A migration file: a header for the reviewer, the statements, a seal that shows later edits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from pgtune_advisor.domain.findings import Evidence
from pgtune_advisor.domain.recommendations import Recommendation
from pgtune_advisor.emit import migration_sql
from pgtune_advisor.emit.migration_sql import Migration
from pgtune_advisor.emit.risk import MEANING, risk
from pgtune_advisor.emit.summary import impact_text
from pgtune_advisor.emit.text import full_evidence, one_line, wrap

Direction = Literal["up", "down"]
EVIDENCE: Final = 12
_WIDTH: Final = 98
_SEAL: Final = re.compile(r"-- sealed: statements ([0-9a-f]{16}), file ([0-9a-f]{16})\n\Z")
_RUN: Final = """\
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f {file}
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One change of a recommendation that becomes a migration."""

    recommendation: Recommendation
    position: int
    change: Migration
    evidence: tuple[Evidence, ...]


def file_name(stem: str, direction: Direction) -> str:
    """`0001_create_index_x.up.sql`."""
    return f"{stem}.{direction}.sql"


def text(task: Task, stem: str, direction: Direction) -> str:
    """The whole file. It holds no time of writing but those of its evidence."""
    body = statements(task.change, direction)
    content = "\n".join([*_header(task, stem, direction), "", *_client(body), ""])
    return f"{content}-- sealed: statements {_digest(body)}, file {_digest(content)}\n"


def statements(change: Migration, direction: Direction) -> str:
    """What the file runs."""
    return migration_sql.up(change) if direction == "up" else migration_sql.down(change)


def is_edited(content: str) -> bool:
    """Whether the file is no longer as it was written."""
    seal = _SEAL.search(content)
    return seal is None or seal[2] != _digest(content[: seal.start()])


def says(content: str, change: Migration, direction: Direction) -> bool:
    """Whether an unedited file runs what would be written today."""
    seal = _SEAL.search(content)
    return seal is not None and seal[1] == _digest(statements(change, direction))


def _digest(content: str) -> str:
    return sha256(content.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _client(body: str) -> list[str]:
    return ["SET client_encoding = 'UTF8';", body, ""]


def _header(task: Task, stem: str, direction: Direction) -> list[str]:
    one, change = task.recommendation, task.change
    database = one_line(change.database) if change.database else "any"
    lines = [
        *_comment(f"{'' if direction == 'up' else 'Undo: '}{one.title}"),
        *_comment(f"Recommendation {one.id}, change {task.position} of {len(one.changes)}"),
        *_comment(f"Rules: {', '.join(one.rules) or 'none'}"),
        *_comment(f"Database: {database}"),
        *_comment(f"Lock: {change.lock}"),
        *_comment(f"Duration: {change.duration}; needs: {change.needs}"),
        *_comment(f"Applicability: {one.applicability} ({MEANING[one.applicability]})"),
        *_comment(f"Confidence: {one.confidence}; phase: {one.phase}"),
    ]
    if direction == "down":
        return [*lines, *_comment(f"Undoes: {file_name(stem, 'up')}"), *_run(stem, direction)]
    impact = impact_text(one)
    return [
        *lines,
        *_comment(f"Risk: {risk(change)}"),
        *(_comment(f"Impact: {impact}") if impact else []),
        *evidence_lines(task.evidence),
        *_comment(f"Undo: {file_name(stem, 'down')}"),
        *_run(stem, direction),
    ]


def evidence_lines(evidence: Sequence[Evidence], mark: str = "-- ") -> list[str]:
    """The facts as lines of a comment."""
    if not evidence:
        return [f"{mark}Evidence: none recorded"]
    lines = [f"{mark}Evidence:"]
    lines += [f"{mark}  {full_evidence(one)}" for one in evidence[:EVIDENCE]]
    hidden = len(evidence) - EVIDENCE
    return lines + ([f"{mark}  and {hidden} more, see report.json"] if hidden > 0 else [])


def _comment(line: str) -> list[str]:
    return wrap(line, _WIDTH, "-- ", "--   ")


def _run(stem: str, direction: Direction) -> list[str]:
    return ["--", *_RUN.format(file=file_name(stem, direction)).split("\n")]
