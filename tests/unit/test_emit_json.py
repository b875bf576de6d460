"""The JSON report against its schema, and the schema against the domain's types."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from golden.rich_report import empty_report, rich_report
from pgtune_advisor.domain import changes as kinds
from pgtune_advisor.domain import findings, recommendations
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.emit.report_json import dumps, to_dict

SCHEMA: Final[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text("utf-8")
)
FORMATS: Final = FormatChecker(())


@FORMATS.checks("date-time")
def is_utc_time(value: object) -> bool:
    """RFC 3339 in UTC, and no other way to write it."""
    if not isinstance(value, str):
        return True
    return value.endswith("Z") and datetime.fromisoformat(value).tzinfo == UTC


VALIDATOR: Final = Draft202012Validator(SCHEMA, format_checker=FORMATS)

text = st.text(max_size=20)
number = st.none() | st.floats()
finite = st.floats(min_value=0, max_value=1e12)
planner = st.builds(
    recommendations.PlannerUse,
    fidelity=st.none() | st.floats(0, 1),
    calls=st.integers(0, 10**9),
    elapsed_ms=finite,
)
aware = st.datetimes(timezones=st.timezones())
evidence = st.builds(
    findings.Evidence,
    value=st.none() | st.booleans() | st.integers() | st.floats() | text,
    at=aware,
)
finding = st.builds(findings.Finding, evidence=st.lists(evidence, max_size=3).map(tuple))
statement = st.builds(
    recommendations.StatementImpact,
    query_id=st.none() | st.integers(-(2**63), 2**63 - 1),
    calls=number,
    cost_before=number,
    cost_after=number,
)
impact = st.builds(
    recommendations.Impact,
    cost_before=number,
    statements=st.lists(statement, max_size=2).map(tuple),
)
pairs = st.lists(st.tuples(text, text), min_size=1, max_size=2).map(tuple)
change = st.one_of(
    *(
        st.builds(kind, options=pairs) if kind is kinds.SetStorage else st.builds(kind)
        for kind in get_args(kinds.Change)
    )
)
recommendation = st.builds(
    recommendations.Recommendation,
    impact=impact,
    changes=st.lists(change, max_size=3).map(tuple),
)
window = st.builds(
    recommendations.ReportWindow,
    since=st.none() | aware,
    until=aware,
    resets=st.lists(st.builds(recommendations.Reset, at=st.none() | aware), max_size=2).map(tuple),
)
report_of_any_kind = st.builds(
    Report,
    generated_at=aware,
    window=window,
    findings=st.lists(finding, max_size=3).map(tuple),
    recommendations=st.lists(recommendation, max_size=3).map(tuple),
    rejected=st.lists(st.builds(findings.Rejected), max_size=2).map(tuple),
    unknown=st.lists(st.builds(findings.Unknown), max_size=2).map(tuple),
    gaps=st.lists(st.builds(Gap), max_size=2).map(tuple),
    planner=planner,
)


def errors(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", [rich_report(), empty_report()], ids=["rich", "empty"])
def test_a_report_fits_the_schema(report: Report) -> None:
    assert errors(json.loads(dumps(report))) == []


@settings(max_examples=60, deadline=None)
@given(report_of_any_kind)
def test_every_report_fits_the_schema(report: Report) -> None:
    document = json.loads(dumps(report))
    assert errors(document) == []
    assert document == to_dict(report)


@pytest.mark.parametrize(
    ("enum", "literal"),
    [
        ("severity", findings.Severity),
        ("evidence_kind", findings.EvidenceKind),
        ("applicability", findings.Applicability),
        ("confidence", findings.Confidence),
        ("phase", findings.Phase),
        ("needs", kinds.Needs),
        ("duration", kinds.Duration),
    ],
)
def test_enums_are_those_of_the_domain(enum: str, literal: Any) -> None:
    assert SCHEMA["$defs"][enum]["enum"] == list(get_args(literal))


def test_kinds_of_changes_are_those_of_the_domain() -> None:
    in_domain = {kind.kind for kind in get_args(kinds.Change)}
    assert set(SCHEMA["$defs"]["change_kind"]["enum"]) == in_domain


def test_no_enum_is_left_untested() -> None:
    tested = {"severity", "evidence_kind", "applicability", "confidence", "phase", "needs"}
    found = {name for name, definition in SCHEMA["$defs"].items() if "enum" in definition}
    assert found == tested | {"duration", "change_kind"}


@pytest.mark.parametrize(
    ("definition", "row_type"),
    [
        (SCHEMA["$defs"]["target"], recommendations.ReportTarget),
        (SCHEMA["$defs"]["window"], recommendations.ReportWindow),
        (SCHEMA["$defs"]["reset"], recommendations.Reset),
        (SCHEMA["$defs"]["finding"], findings.Finding),
        (SCHEMA["$defs"]["message"], findings.Message),
        (SCHEMA["$defs"]["subject"], findings.Subject),
        (SCHEMA["$defs"]["evidence"], findings.Evidence),
        (SCHEMA["$defs"]["recommendation"], recommendations.Recommendation),
        (SCHEMA["$defs"]["impact"], recommendations.Impact),
        (SCHEMA["$defs"]["statement"], recommendations.StatementImpact),
        (SCHEMA["$defs"]["rejected"], findings.Rejected),
        (SCHEMA["$defs"]["unknown"], findings.Unknown),
        (SCHEMA["$defs"]["gap"], Gap),
        (SCHEMA["$defs"]["planner"], recommendations.PlannerUse),
    ],
)
def test_no_field_of_the_domain_is_left_out(definition: dict[str, Any], row_type: Any) -> None:
    assert set(definition["required"]) == {one.name for one in fields(row_type)}


def test_every_object_is_closed_and_complete() -> None:
    objects = [SCHEMA, *(one for one in SCHEMA["$defs"].values() if one.get("type") == "object")]
    for one in objects:
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])


@pytest.mark.parametrize("place", ["", "target", "window", "planner"])
def test_an_unknown_key_does_not_fit(place: str) -> None:
    document = to_dict(empty_report())
    (document[place] if place else document)["more"] = 1
    assert errors(document) != []


def test_a_query_id_is_text() -> None:
    [first, second, *_] = to_dict(rich_report())["recommendations"][1]["impact"]["statements"]
    assert first["query_id"] == "-8234567890123456789"
    assert second["query_id"] is None


def test_advice_has_no_sql() -> None:
    [change] = to_dict(rich_report())["recommendations"][-1]["changes"]
    assert (change["kind"], change["sql"], change["inverse"]) == ("advice", None, None)


def test_what_is_not_a_number_is_unknown() -> None:
    report = rich_report()
    [fact, *_] = report.findings[0].evidence
    broken = replace(report.findings[0], evidence=(replace(fact, value=float("nan")),))
    document = to_dict(replace(report, findings=(broken,)))
    assert document["findings"][0]["evidence"][0]["value"] is None


def test_order_does_not_depend_on_the_order_of_arrival() -> None:
    report = rich_report()
    turned = replace(
        report,
        findings=report.findings[::-1],
        rejected=report.rejected[::-1],
        unknown=report.unknown[::-1],
        gaps=report.gaps[::-1],
    )
    assert dumps(turned) == dumps(report)


def test_findings_come_by_severity_then_by_rank_of_the_remedy() -> None:
    rules = [finding["rule"] for finding in to_dict(rich_report())["findings"]]
    assert rules == [
        "wraparound-near",
        "foreign-key-unindexed",
        "index-unused",
        "checkpoints-forced",
        "leading-wildcard-like",
    ]
