"""Run the rules over the facts: findings, and what could not be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.findings import Evidence, Finding, Message, Severity, Subject, Unknown
from pgtune_advisor.rules import messages
from pgtune_advisor.rules.detectors import Detection, Undecided, detectors
from pgtune_advisor.rules.factbase import FactBase, values
from pgtune_advisor.rules.loader import Loaded, RuleBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A finding with the row of facts that it is about, and the names its templates may use."""

    loaded: Loaded
    row: Any
    names: Mapping[str, Any]
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What all rules said."""

    matches: tuple[Match, ...]
    unknown: tuple[Unknown, ...]


def run(
    book: RuleBook, facts: FactBase, only: Callable[[Loaded], bool] = lambda _: True
) -> Outcome:
    """Evaluate the rules that `only` admits, in the order of the book."""
    matches: list[Match] = []
    unknown: list[Unknown] = []
    for loaded in book.rules:
        if only(loaded):
            found, missing = _evaluate(loaded, facts)
            matches += found
            unknown += missing
    return Outcome(matches=tuple(matches), unknown=tuple(unknown))


def _evaluate(loaded: Loaded, facts: FactBase) -> tuple[list[Match], list[Unknown]]:
    spec = loaded.rule.spec
    lacking = facts.missing(spec.subject)
    if lacking:
        anything = Subject(kind=spec.subject, label="*")
        return [], [Unknown(rule=spec.id, subject=anything, missing=lacking)]
    decide = _by_detector if spec.detector else _by_condition
    matches: list[Match] = []
    unknown: list[Unknown] = []
    for item in decide(loaded, facts):
        if isinstance(item, Undecided):
            subject = item.row.subject()
            unknown.append(Unknown(rule=spec.id, subject=subject, missing=item.missing))
        else:
            matches.append(_match(loaded, facts, item))
    return matches, unknown


def _by_detector(loaded: Loaded, facts: FactBase) -> Iterable[Detection | Undecided]:
    detect = detectors()[loaded.rule.spec.detector]
    return detect(facts, loaded.params)


def _by_condition(loaded: Loaded, facts: FactBase) -> Iterable[Detection | Undecided]:
    if loaded.when is None:
        return
    subject = loaded.rule.spec.subject
    critical = loaded.critical.sql if loaded.critical else "0"
    rows = facts.rows(subject)
    for number, fires, graver in facts.select(subject, [loaded.when.sql, critical], loaded.params):
        if fires is None:
            yield Undecided(row=rows[number], missing=_missing(loaded, facts, rows[number]))
        elif fires:
            yield Detection(row=rows[number], critical=bool(graver))


def _missing(loaded: Loaded, facts: FactBase, row: Any) -> tuple[str, ...]:
    """What the condition reads and is unknown for this row.

    A condition may also refuse to decide (CASE without ELSE); then all that it reads is named.
    """
    condition = loaded.when
    if condition is None:
        return ()
    own, server = values(row), values(facts.rows("server")[0])
    names = [name for name in condition.facts if own[name] is None]
    names += [f"server.{name}" for name in condition.server_facts if server[name] is None]
    names += [name for name in condition.settings if facts.context.setting(name) is None]
    return tuple(names) or condition.facts


def _match(loaded: Loaded, facts: FactBase, detection: Detection) -> Match:
    spec = loaded.rule.spec
    names = {
        **values(detection.row),
        "server": values(facts.rows("server")[0]),
        "params": loaded.params,
        "setting": facts.context.setting,
        **detection.extra,
    }
    subject = detection.row.subject()
    severity: Severity = "critical" if detection.critical else spec.severity
    finding = Finding(
        key=f"{spec.id}:{subject.label}",
        rule=spec.id,
        category=loaded.rule.category,
        severity=severity,
        subject=subject,
        message=_message(loaded, subject, names),
        evidence=_evidence(loaded, facts, names),
    )
    return Match(loaded=loaded, row=detection.row, names=names, finding=finding)


def _message(loaded: Loaded, subject: Subject, names: Mapping[str, Any]) -> Message:
    """What the rule says; where its templates fail on this row, that it fired and why they do."""
    spec, where = loaded.rule.spec.message, f"{loaded.rule.path}: message"
    try:
        return Message(
            primary=messages.render(spec.primary, names, where),
            detail=messages.render(spec.detail, names, where),
            hint=messages.render(spec.hint, names, where),
        )
    except RuleError as error:
        return Message(
            primary=f"{loaded.id} applies to {subject.label}",
            detail=f"Its message could not be written: {error.detail}.",
            hint=f"Mend the templates in {loaded.rule.path}.",
        )


def _evidence(loaded: Loaded, facts: FactBase, names: Mapping[str, Any]) -> tuple[Evidence, ...]:
    spec = loaded.rule.spec
    at: datetime = facts.context.snapshot.taken_at
    own = facts.catalogue.columns(spec.subject)
    server = facts.catalogue.columns("server")
    found = []
    for name in spec.evidence:
        plain = name.removeprefix("server.")
        column = server[plain] if name.startswith("server.") else own[name]
        value = names["server"][plain] if name.startswith("server.") else names[name]
        if column.type == "boolean" and value is not None:
            value = bool(value)
        found.append(
            Evidence(
                fact=name,
                value=value,
                unit=column.unit,
                kind=column.kind,
                source=column.source,
                at=at,
            )
        )
    return tuple(found)
