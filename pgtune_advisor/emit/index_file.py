"""INDEX.md: what each file of an output directory is, its lock, its risk, its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.changes import Advice
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.emit import manifest, settings_files
from pgtune_advisor.emit.manifest import MigrationEntry, SettingEntry
from pgtune_advisor.emit.markdown_text import cell, code, escape, table
from pgtune_advisor.emit.migration_file import EVIDENCE, Task, file_name
from pgtune_advisor.emit.risk import MEANING, risk
from pgtune_advisor.emit.settings_files import Item
from pgtune_advisor.emit.summary import (
    confidence_text,
    counts_text,
    evidence_by_key,
    impact_text,
    planner_text,
    shown_statements,
    statement_parts,
    target_text,
    window_lines,
)
from pgtune_advisor.emit.text import cut, full_evidence, moment

FILE: Final = "INDEX.md"
STATEMENTS: Final = 5
_HOW: Final = (
    "Read each file before you run it, one at a time, from the top: "
    "`psql -X -v ON_ERROR_STOP=1 -f FILE`, never with `-c` or `-1`. "
    "The file that ends in `.down.sql` undoes the `.up.sql` of the same number, or says why "
    "nothing does."
)
_KEPT: Final = (
    "A recommendation keeps its number and its file from run to run. A file that was edited by "
    "hand is never written over."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the directory holds after this run. `edited` are files that differ from the advice."""

    report: Report
    tasks: Sequence[tuple[Task, MigrationEntry]]
    settings: Sequence[Item]
    where: str | None
    edited: Sequence[str]
    retired_migrations: Sequence[MigrationEntry]
    retired_settings: Sequence[SettingEntry]


def text(contents: Contents) -> str:
    """The index as Markdown."""
    blocks = [
        *_head(contents.report),
        *_migrations(contents),
        *_settings(contents),
        *_advice(contents.report),
        *_retired(contents),
        *_files(),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(report: Report) -> list[list[str]]:
    window, *notes = window_lines(report)
    planner = planner_text(report)
    return [
        [f"# Advice for {escape(report.target.name)}"],
        [
            f"- Server: {escape(target_text(report))}",
            f"- Counters: {escape(window)}",
            *(f"  - {escape(note)}" for note in notes),
            *([f"- Planner: {escape(planner)}"] if planner else []),
            f"- Written {moment(report.generated_at)} by pgtune-advisor "
            f"{escape(report.advisor_version)}",
            f"- {escape(counts_text(report))}",
        ],
    ]


def _migrations(contents: Contents) -> list[list[str]]:
    if not contents.tasks:
        return [["## Migrations"], ["None: no change of this report is a migration."]]
    rows = [
        [
            f"[{entry.stem}](#{entry.number:04})",
            escape(task.recommendation.title),
            cell(task.change.database) if task.change.database else "any",
            escape(task.change.lock),
            task.recommendation.applicability,
            task.recommendation.confidence,
        ]
        for task, entry in contents.tasks
    ]
    headers = ("file", "what", "database", "lock", "apply", "confidence")
    blocks = [["## Migrations"], [_HOW], [_KEPT], table(headers, rows)]
    facts = evidence_by_key(contents.report)
    for task, entry in contents.tasks:
        confidence = confidence_text(task.recommendation, facts)
        blocks += _migration(task, entry, confidence, contents.edited)
    return blocks


def _migration(
    task: Task, entry: MigrationEntry, confidence: str, edited: Sequence[str]
) -> list[list[str]]:
    one, change = task.recommendation, task.change
    up, down = file_name(entry.stem, "up"), file_name(entry.stem, "down")
    rules = ", ".join(code(rule) for rule in one.rules) or "none"
    lines = [
        f"- {escape(one.title)}",
        f"- Files: [{up}](migrations/{up}), [{down}](migrations/{down})",
        f"- Recommendation {code(one.id)}, change {task.position} of {len(one.changes)}, "
        f"{one.phase}; rules: {rules}",
        f"- Apply: {one.applicability}, {MEANING[one.applicability]}. "
        f"Confidence: {escape(confidence)}.",
        f"- Lock: {escape(change.lock)}. Duration: {change.duration}. Needs: {change.needs}.",
        f"- Risk: {escape(risk(change))}",
    ]
    impact = impact_text(one)
    lines += [f"- Impact: {escape(impact)}"] if impact else []
    lines += _statements(one) if task.position == 1 else []
    lines += [
        f"- {code(name)} was edited by hand, so it was left as it is; what the advice says now "
        "is in report.md."
        for name in edited
        if name in (up, down)
    ]
    if task.evidence:
        lines.append("- Evidence:")
        lines += [f"  - {escape(full_evidence(e))}" for e in task.evidence[:EVIDENCE]]
        hidden = len(task.evidence) - EVIDENCE
        lines += [f"  - and {hidden} more, see report.json"] if hidden > 0 else []
    title = f'### <a id="{entry.number:04}"></a>{entry.stem}'
    return [[title], lines]


def _statements(one: Recommendation) -> list[str]:
    """Which statements gain, and all that become dearer."""
    shown, hidden = shown_statements(one, STATEMENTS)
    if not shown:
        return []
    lines = ["- Statements:"]
    for statement in shown:
        parts = escape(", ".join(statement_parts(statement)))
        text = code(cut(statement.text, 100)) if statement.text else "a text that is unknown"
        lines.append(f"  - {parts}: {text}" if parts else f"  - {text}")
    return lines + ([f"  - and {hidden:,} more, see report.md"] if hidden else [])


def _settings(contents: Contents) -> list[list[str]]:
    if not contents.settings:
        return []
    blocks = [["## Settings"]]
    if contents.where is not None:
        blocks.append([f"{contents.where} See {_link(settings_files.PARAMETERS)}."])
    else:
        up, down = settings_files.UP, settings_files.DOWN
        blocks.append(
            [
                f"Either run {_link(up)}, which {_link(down)} undoes,",
                f"or copy {_link(settings_files.CONF)} to where the server includes it.",
                "What ALTER SYSTEM has set wins over included files.",
            ]
        )
    blocks.append(settings_files.settings_table(contents.settings))
    risks = dict.fromkeys(
        f"- {item.change.needs}: {escape(risk(item.change))}" for item in contents.settings
    )
    blocks.append(list(risks))
    blocks += [_setting_evidence(item) for item in contents.settings]
    return blocks


def _setting_evidence(item: Item) -> list[str]:
    one = item.recommendation
    lines = [
        f"- {code(item.change.name)}: {escape(one.title)}; apply: {one.applicability}, "
        f"confidence: {one.confidence}"
    ]
    return lines + [f"  - {escape(full_evidence(e))}" for e in item.evidence[:EVIDENCE]]


def _link(path: str) -> str:
    return f"[{path}]({path})"


def _advice(report: Report) -> list[list[str]]:
    found = [
        f"- **{escape(one.title)}** ({code(one.id)}): {escape(change.text)}"
        for one in report.recommendations
        for change in one.changes
        if isinstance(change, Advice)
    ]
    return [["## For a person: no statement does it"], found] if found else []


def _retired(contents: Contents) -> list[list[str]]:
    if not contents.retired_migrations and not contents.retired_settings:
        return []
    rows = [
        [code(_up_path(entry)), cell(entry.recommendation), escape(entry.title)]
        for entry in contents.retired_migrations
    ]
    rows += [
        [code("settings"), cell(entry.recommendation), cell(f"{entry.name} = {entry.value}")]
        for entry in contents.retired_settings
    ]
    why = "Earlier runs wrote these; this one does not ask for them: applied, or needed no more."
    return [
        ["## No longer recommended"],
        [f"{why} Nothing was deleted."],
        table(("where", "recommendation", "what"), rows),
    ]


def _up_path(entry: MigrationEntry) -> str:
    return f"migrations/{file_name(entry.stem, 'up')}"


def _files() -> list[list[str]]:
    return [
        ["## Also here"],
        [
            "- [report.md](report.md): the whole report to read",
            "- [report.json](report.json): the same for programs, with nothing cut",
            f"- [{manifest.FILE}]({manifest.FILE}): which number belongs to which recommendation; "
            "leave it where it is",
        ],
    ]
