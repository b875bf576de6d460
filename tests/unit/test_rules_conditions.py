"""Conditions: what they may say, what they may not, and that SQLite is held to it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from pgtune_advisor.domain.custom import CustomFact, FactColumn
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import lifetime
from pgtune_advisor.rules.conditions import Condition, compile_condition
from pgtune_advisor.rules.factbase import Catalogue, FactBase
from pgtune_advisor.rules.facts.base import Context
from rules.casefile import Case, Tables
from rules.world import snapshot

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
COLUMNS = (
    FactColumn(name="calls", type="integer", meaning="calls"),
    FactColumn(name="ratio", type="real", meaning="a ratio"),
    FactColumn(name="kind", type="text", meaning="a kind"),
    FactColumn(name="valid", type="boolean", meaning="a yes or no"),
    FactColumn(name="major", type="integer", meaning="a fact of the server's has this name too"),
)
CATALOGUE = Catalogue(custom={"thing": COLUMNS})


def compiled(text: str) -> Condition:
    return compile_condition(
        text,
        facts=CATALOGUE.columns("thing"),
        server_facts=CATALOGUE.columns("server"),
        params={"limit"},
        where="rule.toml: when",
    )


def answer(text: str, **facts: str | float | bool | None) -> object:
    """What a condition says of one row: 1, 0 or None."""
    known = {"calls": 1, "ratio": 0.5, "kind": "a", "valid": True, "major": 7, **facts}
    row = CustomFact(database="shop", table="thing", label="it", values=tuple(known.items()))
    base = snapshot(Case(about="x", expect="silent", snapshot=Tables()))
    state: Snapshot = type(base)(
        target="t",
        taken_at=base.taken_at,
        server=base.server,
        collected=base.collected,
        settings=base.settings,
        custom=(row,),
    )
    bench = FactBase(Context(snapshot=state, window=lifetime(state), now=NOW), CATALOGUE)
    try:
        [(number, value)] = bench.select("thing", [compiled(text).sql], {"limit": 10.0})
    finally:
        bench.close()
    assert number == 0
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("calls >= 1", 1),
        ("calls > 1", 0),
        ("calls BETWEEN 1 AND 3 AND kind IN ('a', 'b')", 1),
        ("kind LIKE 'A%'", 1),
        ("NOT valid OR calls + 1 = 2", 1),
        ("coalesce(ratio, 0) * 2 - 1 = abs(-0.0)", 1),
        ("calls < :limit", 1),
        ("CASE WHEN valid THEN calls ELSE 0 END = 1", 1),
        ("server.major = 18 AND major = 7", 1),
        ("setting('work_mem') = 4194304", 1),
        ("setting('track_io_timing') = 0", 1),
        ("setting('wal_level') = 'replica'", 1),
        ("setting('no_such_setting') IS NULL AND calls = 1", 1),
        ("calls = 1 -- a remark", 1),
    ],
)
def test_what_a_condition_says(text: str, value: int) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("calls > 5", None),
        ("calls > 5 AND ratio > 0.9", 0),
        ("calls > 5 OR ratio > 0.1", 1),
        ("calls IS NULL", 1),
        ("NOT calls > 5", None),
        ("setting('no_such_setting') > 1 AND valid", None),
        ("CASE WHEN ratio > 0.9 THEN 1 END = 1", None),
    ],
)
def test_null_is_unknown(text: str, value: int | None) -> None:
    assert answer(text, calls=None) == value


@pytest.mark.parametrize(
    ("text", "primary", "hint"),
    [
        ("cals > 1", 'unknown fact "cals"', 'Did you mean "calls"?'),
        ("calls > :limt", 'unknown parameter "limt"', 'Did you mean "limit"?'),
        ("server.majr > 1", 'unknown fact "majr"', 'Did you mean "major"?'),
        ("other.calls > 1", 'unknown table "other"', "server.<fact>"),
        ("main.server.major > 1", 'unknown table "server"', "server.<fact>"),
        ("calls >", "not valid SQL", ""),
        ("calls = 1; calls = 2", "BLOCK is not allowed", ""),
        ("calls IN (SELECT 1)", "SUBQUERY is not allowed", ""),
        ("(SELECT count(*) FROM thing) > 1", "not allowed", ""),
        ("calls / 2 > 1", "DIV is not allowed", "integers as integers"),
        ("calls % 2 > 1", "MOD is not allowed", ""),
        ("CAST(calls AS text) = '1'", "CAST is not allowed", ""),
        ("kind || 'x' = 'ax'", "DPIPE is not allowed", ""),
        ("kind GLOB 'a*'", "GLOB is not allowed", ""),
        ("(calls, major) = (1, 2)", "TUPLE is not allowed", ""),
        ("load_extension('x')", "function load_extension is not allowed", "setting('name')"),
        ("randomblob(1000000000) = calls", "function randomblob is not allowed", ""),
        ("setting(kind) = 1", "function setting is not allowed", ""),
        ("setting('a', 'b') = 1", "function setting is not allowed", ""),
        ("1 = 1", "reads no fact", ""),
    ],
)
def test_what_a_condition_may_not_say(text: str, primary: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        compiled(text)
    assert caught.value.primary.startswith("rule.toml: when: ")
    assert primary in caught.value.primary
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "kind = 1",
        "kind > :limit",
        "calls = 'a'",
        "calls IN (1, 'a')",
        "kind BETWEEN 'a' AND 2",
        "server.major = '18'",
        "server.platform = 1",
        "kind = calls",
        "valid = 'on'",
        "coalesce(kind, '') = 0",
        "CASE WHEN valid THEN kind END = 1",
        "calls LIKE '1%'",
        "kind + 1 = 2",
        "abs(kind) = 1",
        "kind AND valid",
        "NOT kind",
        "kind",
        "calls",
        "calls AND valid",
        "CASE WHEN calls THEN valid END",
    ],
)
def test_types_must_agree(text: str) -> None:
    with pytest.raises(RuleError, match=r"text|number"):
        compiled(text)


def test_what_a_condition_reads() -> None:
    condition = compiled("calls > :limit AND server.major > 14 AND setting('work_mem') > calls")
    assert condition.facts == ("calls",)
    assert condition.server_facts == ("major",)
    assert condition.settings == ("work_mem",)
    assert condition.params == ("limit",)


@pytest.mark.parametrize(
    "sql",
    [
        "(SELECT sql FROM sqlite_master) IS NULL",
        "load_extension('x')",
        "randomblob(9)",
        "(WITH t AS (SELECT 1) SELECT count(*) FROM pragma_table_info('thing')) = 1",
    ],
)
def test_sqlite_itself_denies_the_rest(sql: str) -> None:
    """Were the check of the tree to miss something, the authorizer does not."""
    state = snapshot(Case(about="x", expect="silent", snapshot=Tables()))
    bench = FactBase(Context(snapshot=state, window=lifetime(state), now=NOW), CATALOGUE)
    try:
        with pytest.raises((sqlite3.DatabaseError, sqlite3.OperationalError)):
            bench.select("thing", [sql], {})
    finally:
        bench.close()
