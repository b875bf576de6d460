"""A report after the measurement on a clone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from golden.rich_report import rich_report
from pgtune_advisor.advise.measured import apply_measurement
from pgtune_advisor.domain.measurement import Dropped, Measured, Measurement
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.snapshot import Gap

QUERY = -8234567890123456789


def probe(before: float | None, after: float | None, **more: Any) -> Measured:
    values: dict[str, Any] = {
        "query_id": QUERY,
        "weight": 1.0,
        "blocks_before": 100.0,
        "blocks_after": 4.0,
        "runs": 3,
        "cpu": True,
    }
    return Measured(before_ms=before, after_ms=after, **(values | more))


def by_id(report: Report) -> dict[str, Recommendation]:
    return {one.id: one for one in report.recommendations}


def test_what_was_confirmed_has_the_confidence_and_its_figures() -> None:
    before = rich_report()
    measurement = Measurement(
        kept=("fk-3fa2c1",),
        probes={
            "a": probe(10.0, 1.0, weight=3.0),
            "b": probe(30.0, 5.0),
            "c": probe(99.0, 99.0, query_id=None),
        },
        size_bytes={"fk-3fa2c1": 4096},
        gaps=(Gap(source="clone:shop.orders", reason="few rows"),),
    )
    after = apply_measurement(before, measurement)
    found = by_id(after)["fk-3fa2c1"]
    assert (found.confidence, found.impact.size_bytes) == ("measured", 4096)
    first, second, *_ = found.impact.statements
    assert (first.measured_ms_before, first.measured_ms_after) == (15.0, 2.0)
    assert (first.cost_before, first.cost_after) == (50.25, 8.44)
    assert second == by_id(before)["fk-3fa2c1"].impact.statements[1]
    assert after.gaps == (*before.gaps, *measurement.gaps)
    assert after.rejected == before.rejected
    rest = [one for one in after.recommendations if one.id != "fk-3fa2c1"]
    assert rest == [one for one in before.recommendations if one.id != "fk-3fa2c1"]


def test_a_statement_that_did_not_finish_has_no_mean() -> None:
    measurement = Measurement(
        kept=("fk-3fa2c1",), probes={"a": probe(10.0, 1.0), "b": probe(None, 2.0)}
    )
    report = rich_report()
    statements = by_id(apply_measurement(report, measurement))["fk-3fa2c1"].impact.statements
    assert statements == by_id(report)["fk-3fa2c1"].impact.statements


def test_what_was_refuted_is_rejected_and_what_was_not_reached_stays() -> None:
    report = rich_report()
    measurement = Measurement(
        dropped=(
            Dropped(id="fk-3fa2c1", reason="made-slower", detail="statement 7 went from 1 to 9 ms"),
            Dropped(id="expr-77", reason="not-reached", detail="no time"),
            Dropped(id="script-2", reason="unused", detail="no plan uses it"),
        )
    )
    after = apply_measurement(report, measurement)
    assert set(by_id(report)) - set(by_id(after)) == {"fk-3fa2c1", "script-2"}
    assert by_id(after)["expr-77"] == by_id(report)["expr-77"]
    slower, unused = after.rejected[len(report.rejected) :]
    assert (slower.reason, unused.reason) == ("measured-slower", "measured-unused")
    assert slower.subject.label == "shop.orders_customer_id_idx"
    assert slower.detail.endswith("statement 7 went from 1 to 9 ms")
    assert (unused.subject.kind, unused.subject.database) == ("recommendation", "shop")


def test_nothing_measured_changes_nothing() -> None:
    report = rich_report()
    assert apply_measurement(report, Measurement()) == replace(report)
