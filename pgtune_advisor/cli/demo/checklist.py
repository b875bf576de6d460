"""Which of the planted faults the report names."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pgtune_advisor.cli.demo.faults import Fault
from pgtune_advisor.domain.findings import Finding
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.statements import StatementText
from pgtune_advisor.emit.tables import plain_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A fault, and the findings that name it: none is a miss.

    `lacking` are facts that were unknown where the rule could not decide.
    """

    fault: Fault
    findings: tuple[Finding, ...]
    lacking: tuple[str, ...]


def compare(
    faults: Iterable[Fault], report: Report, statements: Iterable[StatementText]
) -> tuple[Check, ...]:
    """Each fault with what was found of it; the statements tell which of them a finding means."""
    texts = {statement.query_id: statement.text or "" for statement in statements}
    return tuple(
        Check(
            fault=fault,
            findings=tuple(f for f in report.findings if _names(f, fault, texts)),
            lacking=_lacking(fault, report),
        )
        for fault in faults
    )


def complete(checks: Iterable[Check]) -> bool:
    """Whether every fault was found."""
    return all(check.findings for check in checks)


def text(checks: Sequence[Check], report: Report, width: int) -> str:
    """The list for the reader: what was planted and found, what was missed, what else there is."""
    found = sum(bool(check.findings) for check in checks)
    named = {finding.key for check in checks for finding in check.findings}
    rows = [
        ["found" if check.findings else "MISSED", check.fault.rule, _words(check)]
        for check in checks
    ]
    others = [finding for finding in report.findings if finding.key not in named]
    lines = [
        f"Planted {len(checks)} faults: found {found}.",
        "",
        plain_table(["", "rule", "what was planted"], rows, width=width),
        *_lowered(checks),
    ]
    if others:
        counts = sorted(Counter(finding.rule for finding in others).items())
        rules = ", ".join(f"{rule} ({count})" for rule, count in counts)
        beyond = f"Beyond these, {len(others)} findings that were not planted: {rules}."
        lines += textwrap.wrap(beyond, width, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def _words(check: Check) -> str:
    fault = check.fault
    plain = fault.subject.removeprefix("shop.")
    speaking = plain != "server" and not set(plain) & set("*/")
    words = f"{plain}: {fault.planted}" if speaking else fault.planted
    if check.findings or not check.lacking:
        return words
    return f"{words} Undecided, for want of {', '.join(check.lacking)}."


def _lacking(fault: Fault, report: Report) -> tuple[str, ...]:
    undecided = (unknown for unknown in report.unknown if unknown.rule == fault.rule)
    facts = {
        fact
        for unknown in undecided
        if unknown.subject.label == "*" or fnmatchcase(unknown.subject.label, fault.subject)
        for fact in unknown.missing
    }
    return tuple(sorted(facts))


def _lowered(checks: Iterable[Check]) -> list[str]:
    """Thresholds that hold in the demo alone."""
    lines = [
        f"  {check.fault.rule}: {name} = {value}, since {check.fault.because}"
        for check in checks
        for name, value in check.fault.params.items()
    ]
    return ["Thresholds lowered for the demo:", *lines, ""] if lines else []


def _names(finding: Finding, fault: Fault, texts: Mapping[int, str]) -> bool:
    label = finding.subject.label
    if finding.rule != fault.rule or not fnmatchcase(label, fault.subject):
        return False
    if not fault.statement:
        return True
    places = label.split("/")
    return any(fault.statement in text and str(key) in places for key, text in texts.items())
