"""From findings to recommendations: grouping, stable ids, drops solved together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.domain.changes import Advice
from pgtune_advisor.domain.findings import Suppression
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.domain.window import between
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.loader import load_rules
from rules import world
from rules.defaults import NOW
from unit import rule_files
from unit.report_making import case, only, report

SHOP: Mapping[str, Any] = {
    "indexes": [
        {"name": "a", "keys": ["a"], "pages": 1000},
        {"name": "ab", "keys": ["a", "b"], "pages": 1000},
        {"name": "note", "keys": ["note"], "pages": 1000},
    ],
    "relations": [{"dead_rows": 90000, "rows": 1e5, "live_rows": 100000}],
}


def test_findings_come_gravest_first_and_the_report_says_what_it_is() -> None:
    found = report(rules_dir(), SHOP, settings={"autovacuum": "off"})
    ranks = ["critical", "warning", "info"]
    assert [f.severity for f in found.findings] == sorted(
        (f.severity for f in found.findings), key=ranks.index
    )
    assert found.findings[0].severity == "critical"
    assert (found.target.name, found.target.server_version) == ("shop", "18.6")
    assert (found.generated_at, found.advisor_version) == (NOW, "1.2.3")
    assert any(gap.source == "window" and "lifetime" in gap.reason for gap in found.gaps)


def test_the_first_recommendation_is_of_the_gravest_finding() -> None:
    found = report(rules_dir(), SHOP, settings={"autovacuum": "off"})
    gravest = found.findings[0].key
    assert gravest in found.recommendations[0].finding_keys


def test_every_finding_is_in_a_recommendation_or_was_rejected() -> None:
    found = report(rules_dir(), SHOP)
    advised = {key for r in found.recommendations for key in r.finding_keys}
    turned_down = {r.subject for r in found.rejected}
    assert all(f.key in advised or f.subject in turned_down for f in found.findings)


def test_two_rules_that_want_the_same_change_are_one_recommendation() -> None:
    tables = {"indexes": SHOP["indexes"][:2]}
    found = report(rules_dir(), tables)
    drops = [r for r in found.recommendations if r.changes[0].kind == "drop-index"]
    [drop] = drops
    assert drop.changes[0].sql == "DROP INDEX CONCURRENTLY public.a"
    assert set(drop.rules) == {"index-redundant", "index-unused"}
    assert set(drop.finding_keys) == {
        "index-redundant:shop.public.a",
        "index-unused:shop.public.a",
    }
    assert drop.phase == "quick win"
    assert drop.impact.size_bytes == -1000 * 8192
    [rejected] = [r for r in found.rejected if r.reason == "twin-dropped"]
    assert rejected.subject.name == "ab"
    assert "public.a is dropped" in rejected.detail


def test_the_used_one_of_a_pair_stays() -> None:
    narrow = {"name": "a", "keys": ["a"], "pages": 1000, "scans": 5, "rows_read": 5}
    wide = {"name": "ab", "keys": ["a", "b"], "pages": 1000}
    found = report(rules_dir(), {"indexes": [narrow, wide]})
    drops = [c.sql for r in found.recommendations for c in r.changes if c.kind == "drop-index"]
    assert drops == ["DROP INDEX CONCURRENTLY public.ab"]


def test_of_two_narrow_ones_under_an_unused_wide_one_no_look_up_is_lost() -> None:
    tables = {
        "indexes": [
            {"name": "a", "keys": ["a"], "pages": 1000, "scans": 5, "rows_read": 5},
            {"name": "ab", "keys": ["a", "b"], "pages": 1000},
            {"name": "abc", "keys": ["a", "b", "c"], "pages": 1000},
        ]
    }
    found = report(rules_dir(), tables)
    drops = {c.sql for r in found.recommendations for c in r.changes if c.kind == "drop-index"}
    assert "DROP INDEX CONCURRENTLY public.a" not in drops
    assert drops


def test_a_suppressed_drop_frees_its_twin() -> None:
    known = [
        Suppression(key="index-redundant:*", reason="kept"),
        Suppression(key="*:shop.public.a", reason="kept"),
    ]
    found = report(rules_dir(), {"indexes": SHOP["indexes"][:2]}, suppress=known)
    drops = [c.sql for r in found.recommendations for c in r.changes if c.kind == "drop-index"]
    assert drops == ["DROP INDEX CONCURRENTLY public.ab"]
    assert {r.reason for r in found.rejected} == {"suppressed"}


def test_ids_stay_while_the_advice_stays(tmp_path: Path) -> None:
    rule_files.write(
        tmp_path,
        "a-rule",
        subject='"memory"',
        when='"work_mem > 0"',
        evidence='["work_mem"]',
        change='{ kind = "set-parameter", name = "work_mem", '
        'value = "{{ (work_mem * 2) | setting_bytes }}" }',
        primary='"work_mem is {{ work_mem | bytes }}"',
        detail='"-"',
    )
    small = only(tmp_path, {}, settings={"work_mem": "4MB"})
    large = only(tmp_path, {}, settings={"work_mem": "64MB"})
    assert small.id == large.id
    assert len(small.id) == 12
    assert small.title == "Set work_mem to 8MB (now 4MB)"
    assert large.title == "Set work_mem to 128MB (now 64MB)"


def test_ids_of_different_advice_differ(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule")
    found = report(tmp_path, SHOP)
    assert len({r.id for r in found.recommendations}) == 3
    again = report(tmp_path, SHOP)
    assert [r.id for r in found.recommendations] == [r.id for r in again.recommendations]
    assert {type(c) for r in found.recommendations for c in r.changes} == {Advice}
    assert found.recommendations[0].changes[0] == Advice(text="Look at it.")


def test_applicability_is_the_most_cautious_and_advice_without_sql(tmp_path: Path) -> None:
    drop = '{ kind = "drop-index" }'
    rule_files.write(tmp_path, "a-rule", change=drop, applicability='"auto"', phase='"advanced"')
    rule_files.write(tmp_path, "b-rule", change=drop, applicability='"review"', phase='"core"')
    found = only(tmp_path, {"indexes": [{}]})
    assert (found.applicability, found.phase) == ("review", "core")
    rule_files.write(tmp_path, "a-rule", applicability='"auto"')
    rule_files.write(tmp_path, "b-rule", applicability='"auto"')
    assert {r.applicability for r in report(tmp_path, {"indexes": [{}]}).recommendations} == {
        "advice"
    }


def test_only_what_a_fast_cycle_has_read_is_judged(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule")
    assert not report(tmp_path, SHOP, fresh=frozenset({"backends"})).findings
    assert report(tmp_path, SHOP, fresh=frozenset({"indexes", "relations"})).findings


def test_a_restart_inside_the_window_is_said(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule")
    now = world.snapshot(case({"server": {"started_at": "-1m"}}))
    then = world.snapshot(case({}))
    earlier = type(then)(
        target="shop",
        taken_at=datetime(2027, 1, 1, 11, tzinfo=UTC),
        server=then.server,
        collected=then.collected,
    )
    found = evaluate(
        now,
        between(earlier, now),
        load_rules([tmp_path], Catalogue()),
        now=NOW,
        advisor_version="0",
    )
    assert any("restarted" in gap.reason for gap in found.gaps)
    assert found.window.resets[0].reason == "restart"


def test_unfinished_index_advice_is_undecided_and_kept_advice_is_used() -> None:
    book = load_rules([rules_dir()], Catalogue())
    context = world.context(case({"relations": [{}]}))

    def judged(advice: IndexAdvice | None) -> Report:
        return evaluate(
            context.snapshot, context.window, book, now=NOW, advisor_version="0", advice=advice
        )

    gap = Gap(source="planner:shop", reason="lost")
    lost = judged(IndexAdvice(undecided=("shop",), gaps=(gap,)))
    assert ("missing-index", "*") in {(u.rule, u.subject.label) for u in lost.unknown}
    assert gap in lost.gaps
    for whole in (IndexAdvice(), None):
        assert "missing-index" not in {u.rule for u in judged(whole).unknown}
