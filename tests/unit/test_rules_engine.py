"""The engine: findings with their proof, what is unknown, messages, suppressions, facts by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.findings import Suppression
from pgtune_advisor.rules import engine, messages, suppressions
from pgtune_advisor.rules.factbase import Catalogue, FactBase, fact_tables
from pgtune_advisor.rules.facts.base import columns
from pgtune_advisor.rules.loader import RuleBook, load_rules
from rules import world
from rules.casefile import Case, Tables
from unit import rule_files

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


def outcome(book: RuleBook, *rows: dict[str, object], **more: object) -> engine.Outcome:
    case = Case.model_validate({"about": "x", "expect": "fires", "rows": list(rows), **more})
    facts = world.facts(case, book.rules[0].rule.spec.subject)
    try:
        return engine.run(book, facts)
    finally:
        facts.close()


def book_of(folder: Path, extra: str = "", **instead: str) -> RuleBook:
    rule_files.write(folder / "indexes", "a-rule", extra, **instead)
    return load_rules([folder], Catalogue())


def test_a_finding_carries_its_proof(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        evidence='["scans", "is_valid", "size_bytes", "server.major"]',
        critical_when='"size_bytes > 100"',
    )
    [small, large] = outcome(book, {"size_bytes": 7}, {"name": "big", "size_bytes": 700}).matches
    finding = small.finding
    assert finding.key == "a-rule:shop.public.orders_idx"
    assert (finding.rule, finding.category, finding.severity) == ("a-rule", "indexes", "warning")
    assert large.finding.severity == "critical"
    assert (finding.subject.kind, finding.subject.schema) == ("index", "public")
    proof = {e.fact: e for e in finding.evidence}
    assert proof["scans"].value == 0
    assert proof["is_valid"].value is True
    assert (proof["size_bytes"].unit, proof["size_bytes"].kind) == ("bytes", "derived")
    assert proof["server.major"].value == 18
    assert {e.at for e in finding.evidence} == {NOW}
    assert all(e.source for e in finding.evidence)


def test_what_is_unknown_names_what_is_missing(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        when='''"scans = 0 AND replica_scans = 0 AND server.memory_bytes > setting('work_mem')"''',
    )
    [row] = outcome(book, {"scans": "?"}).unknown
    assert (row.rule, row.subject.label, row.missing) == (
        "a-rule",
        "shop.public.orders_idx",
        ("scans",),
    )
    [row] = outcome(book, {"replica_scans": "?"}, server={"memory_bytes": "?"}).unknown
    assert row.missing == ("replica_scans", "server.memory_bytes")
    [row] = outcome(book, {}, settings={"work_mem": "?"}).unknown
    assert row.missing == ("work_mem",)


def test_a_condition_that_refuses_to_decide_names_all_that_it_reads(tmp_path: Path) -> None:
    book = book_of(tmp_path, when='"CASE WHEN is_valid THEN scans END = 0"')
    [row] = outcome(book, {"is_valid": False}).unknown
    assert set(row.missing) == {"is_valid", "scans"}


def test_a_table_that_was_not_read_is_unknown_as_a_whole(tmp_path: Path) -> None:
    book = book_of(tmp_path)
    tables = Tables.model_validate({"not_collected": ["indexes"]})
    case = Case(about="x", expect="unknown", snapshot=tables)
    facts = FactBase(world.context(case), Catalogue())
    [row] = engine.run(book, facts).unknown
    facts.close()
    assert (row.subject.label, row.missing) == ("*", ("indexes",))


def test_a_message_that_fails_on_a_row_does_not_hide_the_finding(tmp_path: Path) -> None:
    book = book_of(tmp_path, primary='"{{ replica_scans + 1 }} scans"')
    [match] = outcome(book, {"replica_scans": "?"}).matches
    message = match.finding.message
    assert message.primary == "a-rule applies to shop.public.orders_idx"
    assert "could not be written" in message.detail
    assert "a-rule.toml" in message.hint


def test_only_some_rules_may_run(tmp_path: Path) -> None:
    rule_files.write(tmp_path / "indexes", "b-rule")
    book = book_of(tmp_path)
    case = Case(about="x", expect="fires", rows=[{"name": "i"}])
    facts = world.facts(case, "index")
    found = engine.run(book, facts, lambda loaded: loaded.id == "b-rule")
    facts.close()
    assert [match.finding.rule for match in found.matches] == ["b-rule"]


@pytest.mark.parametrize("kind", sorted(fact_tables()))
def test_every_fact_is_described(kind: str) -> None:
    table = fact_tables()[kind]
    known = columns(table)
    assert known
    assert len({column.name for column in known}) == len(known)
    for column in known:
        assert column.meaning, column.name
        assert column.source, column.name
        assert not column.name.startswith("_")
    assert table.__doc__


@pytest.mark.parametrize("kind", sorted(fact_tables()))
def test_nothing_is_built_from_an_empty_snapshot_but_what_is_always_there(kind: str) -> None:
    """No fact table fails where nothing was read; settings that are missing are unknown."""
    everything = world.settings_of_18()
    case = Case(
        about="x",
        expect="silent",
        snapshot=Tables.model_validate({"databases": []}),
        settings=dict.fromkeys(everything, "?"),
    )
    facts = FactBase(world.context(case), Catalogue())
    rows = facts.rows(kind)
    facts.close()
    assert all(row.subject().label for row in rows)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ size | bytes }}", "1.5 GB"),
        ("{{ time | ms }}", "2 min"),
        ("{{ number | count }}", "1,234,567"),
        ("{{ share | percent }}", "12.5 %"),
        ("{{ size | setting_bytes }}", "1536MB"),
        ("{{ 'a b' | ident }}", '"a b"'),
        ('{{ "it\'s" | literal }}', "'it''s'"),
        ("{{ 'a  b\n c' | words }}", "a b c"),
        ("{{ 'abcdef' | words(4) }}", "abc…"),
        ("{{ nothing }}", "unknown"),
        ("{{ nothing | bytes }} {{ nothing | ms }}", "unknown unknown"),
        ("{{ nothing | count }} {{ nothing | percent }}", "unknown unknown"),
        ("{% if nothing is none %}none{% endif %}", "none"),
        ("{{ max(1, 2) }}", "2"),
        ("{{ 1 | counted('row') }}, {{ 1200 | counted('row') }}", "1 row, 1,200 rows"),
        ("{{ nothing | counted('row') }}", "an unknown number of rows"),
        ("  a\n  b  ", "a\n  b"),
    ],
)
def test_numbers_are_written_for_people(text: str, written: str) -> None:
    names = {
        "size": 1.5 * 2**30,
        "time": 120_000.0,
        "number": 1234567,
        "share": 0.125,
        "nothing": None,
    }
    assert messages.render(text, names, "where") == written


@pytest.mark.parametrize(
    "text", ["{{ absent }}", "{{ 1 / 0 }}", "{{ ''.__class__.__mro__ }}", "{{ range(9) }}"]
)
def test_a_template_that_cannot_be_filled(text: str) -> None:
    with pytest.raises(RuleError, match="where: the template cannot be filled"):
        messages.render(text, {}, "where")


@pytest.mark.parametrize(
    ("key", "until", "kept"),
    [
        ("a-rule:shop.public.orders_idx", None, False),
        ("a-rule:*orders*", None, False),
        ("*", None, False),
        ("a-rule:shop.public.order", None, True),
        ("A-RULE:*", None, True),
        ("a-rule:*", NOW + timedelta(days=1), False),
        ("a-rule:*", NOW, False),
        ("a-rule:*", NOW - timedelta(seconds=1), True),
    ],
)
def test_suppressions(tmp_path: Path, key: str, until: datetime | None, kept: bool) -> None:
    matches = outcome(book_of(tmp_path), {}).matches
    known = Suppression(key=key, reason="kept for the old application", until=until)
    standing, rejected = suppressions.apply(matches, [known], NOW)
    assert len(standing) == int(kept)
    assert [r.reason for r in rejected] == ([] if kept else ["suppressed"])
    if not kept:
        assert "kept for the old application" in rejected[0].detail
        assert rejected[0].subject == matches[0].finding.subject


def test_a_key_with_the_letters_of_a_glob_is_taken_as_it_is(tmp_path: Path) -> None:
    matches = outcome(book_of(tmp_path), {"name": "a[1]?*"}).matches
    key = matches[0].finding.key
    assert key == 'a-rule:shop.public."a[1]?*"'
    standing, rejected = suppressions.apply(matches, [Suppression(key=key, reason="r")], NOW)
    assert not standing
    assert rejected
