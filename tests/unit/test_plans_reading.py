"""Plans of every version as kept samples, garbage, and no constant in what is kept."""

from __future__ import annotations

import json
import re
import string
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgtune_advisor.domain.plan_observations import (
    MemoryNeed,
    MisEstimate,
    Pattern,
    Skipped,
    Spill,
    TempUse,
)
from pgtune_advisor.plans import LoggedPlan, Unreadable, read_logged
from pgtune_advisor.plans.scanning import without_literals

SECRET = "s3cret"


def node(kind: str, *children: dict[str, Any], **values: Any) -> dict[str, Any]:
    plan = {"Node Type": kind, "Startup Cost": 0.0, "Total Cost": 10.0, "Plan Rows": 1000}
    plan |= {"Plan Width": 40, **{key.replace("_", " "): value for key, value in values.items()}}
    return plan | ({"Plans": list(children)} if children else {})


def logged(plan: dict[str, Any], **beside: Any) -> LoggedPlan:
    found = read_logged(json.dumps({"Query Text": "SELECT 1", "Plan": plan, **beside}).encode())
    assert isinstance(found, LoggedPlan)
    return found


def test_versions_name_their_fields_differently_and_lose_nothing() -> None:
    """14 counts rows in whole numbers, 18 as an average; 19 may bring what nobody knows yet."""
    for rows in (3, 3.25):
        plan = node("Seq Scan", Relation_Name="t", Actual_Rows=rows, Actual_Loops=4, Novelty=[1])
        (scan,) = logged(plan).plan.root.walk()
        assert scan.extra["Actual Rows"] == rows
        assert scan.extra["Novelty"] == [1]
    old = {"Functions": 3, "Timing": {"Generation": 1.5, "Total": 9.5}}
    new = {"Functions": 3, "Timing": {"Generation": {"Deform": 0.5, "Total": 1.5}, "Total": 9.5}}
    ran = node("Result", Actual_Rows=1, Actual_Loops=1, Actual_Total_Time=38.0)
    told = [logged(ran, JIT=jit).seen.observations for jit in (old, new)]
    assert told[0] == told[1]
    assert told[0][-1].time_ms == 9.5  # type: ignore[union-attr]
    assert told[0][-1].share == 0.25  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "kind", "disk"),
    [
        ({"Sort_Space_Type": "Disk", "Sort_Space_Used": 10}, "sort", 10240),
        ({"Pre-sorted_Groups": {"Sort Space Disk": {"Peak Sort Space Used": 7}}}, "sort", 7168),
        ({"Hash_Batches": 4, "Original_Hash_Batches": 1}, "hash", None),
        ({"Strategy": "Hashed", "Disk_Usage": 5, "HashAgg_Batches": 9}, "aggregate", 5120),
        ({"Storage": "Disk", "Maximum_Storage": 6}, "materialize", 6144),
        ({"Sort_Space_Type": "Memory", "Sort_Space_Used": 10}, None, None),
        ({"Hash_Batches": 1}, None, None),
        ({"Strategy": "Hashed", "Disk_Usage": 0}, None, None),
    ],
)
def test_spills(values: dict[str, Any], kind: str | None, disk: int | None) -> None:
    of = {"sort": "Incremental Sort", "hash": "Hash", "aggregate": "Aggregate"}
    plan = node(of.get(kind or "sort", "CTE Scan"), **values)
    if values.get("Strategy"):
        plan["Node Type"] = "Aggregate"
    found = [one for one in logged(plan).seen.observations if isinstance(one, Spill)]
    assert [(one.kind, one.disk_bytes) for one in found] == ([(kind, disk)] if kind else [])


def test_a_spill_of_a_worker_counts() -> None:
    worker = {"Worker Number": 0, "Sort Space Type": "Disk", "Sort Space Used": 3}
    found = logged(node("Sort", Workers=[worker])).seen.observations
    assert [one.disk_bytes for one in found if isinstance(one, Spill)] == [3072]


def test_what_was_stopped_by_a_limit_was_not_misjudged() -> None:
    scan = node("Seq Scan", Relation_Name="t", Actual_Rows=5, Actual_Loops=1)
    limit = node("Limit", scan, Actual_Rows=5, Actual_Loops=1)
    limit["Plan Rows"] = 5
    assert not _misjudged(limit)
    below_sort = node("Limit", node("Sort", scan), Actual_Rows=5, Actual_Loops=1)
    below_sort["Plan Rows"] = 5
    assert _misjudged(below_sort) == [200.0]
    more = node("Seq Scan", Relation_Name="t", Actual_Rows=500_000, Actual_Loops=1)
    assert _misjudged(node("Limit", more, Actual_Rows=990, Actual_Loops=1)) == [500.0]


def _misjudged(plan: dict[str, Any]) -> list[float]:
    found = logged(plan).seen.observations
    return [one.factor for one in found if isinstance(one, MisEstimate)]


def test_needs_by_estimate_and_pages() -> None:
    scan = node("Seq Scan", Relation_Name="t") | {"Plan Rows": 100_000}
    (need,) = [
        one for one in logged(node("Sort", scan)).seen.observations if isinstance(one, MemoryNeed)
    ]
    assert (need.rows, need.bytes) == (100_000, 6_400_000)
    page = node("Limit", node("Sort", scan)) | {"Plan Rows": 10}
    found = logged(page).seen.observations
    assert not [one for one in found if isinstance(one, MemoryNeed)]
    (skipped,) = [one for one in found if isinstance(one, Skipped)]
    assert skipped.sorted
    assert not skipped.measured


def test_temporary_blocks_and_patterns() -> None:
    plan = node("Seq Scan", Relation_Name="t", Temp_Written_Blocks=7)
    plan["Filter"] = "((a ~~ '%x'::text) AND (\"B\" !~~* 'x%'::text) AND ((c)::text ~~ $1))"
    found = logged(plan).seen.observations
    assert [one.written_blocks for one in found if isinstance(one, TempUse)] == [7]
    assert [(p.column, p.operator, p.form) for p in found if isinstance(p, Pattern)] == [
        ("a", "~~", "leading-wildcard"),
        ("B", "!~~*", "prefix"),
        ("c", "~~", "parameter"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"hello", "not-a-plan"),
        (b"\xff\x00\xfe", "not-a-plan"),
        (b"x" * 6_000_000, "too-long"),
        (b'{"Query Text": "SELECT 1", "Plan": {"Node Type": "Sort"', "truncated"),
        (b'{"Query Text": "SELECT', "truncated"),
        (b'{"Query Text": 1}', "not-a-plan"),
        (b'{"Plan": {"Node Type": "X", "Plan Rows": "many"}}', "not-a-plan"),
        (b'{"Plan": {"Node Type": "X", "Plan Width": 1e999}}', "not-a-plan"),
        (b'{"Plan": {"Node Type": "X", "Filter": false}}', "not-a-plan"),
        (b'{"Plan": [1, 2]}', "not-a-plan"),
        (b'{"Plan": ' * 90_000, "too-deep"),
        (b"duration: 1.5 ms  plan:\nQuery Text: SELECT 1\n", "not-a-plan"),
        (b"Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\nnonsense", "not-a-plan"),
        (b"Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = 'x", "not-a-plan"),
    ],
)
def test_garbage_has_a_name(text: bytes, reason: str) -> None:
    assert read_logged(text) == Unreadable(reason=reason)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_nothing_raises(text: bytes) -> None:
    assert isinstance(read_logged(text), LoggedPlan | Unreadable)


PLAIN = (
    "duration: 1,5 ms  plan:\n\tQuery Text: SELECT 1\n\t  FROM t\n"
    "\tLimit  (cost=0.00..1.00 rows=1 width=4)\n"
    "\t  ->  Seq Scan on public.t  (cost=0.00..1.00 rows=1 width=4)\n"
    "\t        Filter: (a = 'it''s'::text)\n"
)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)), st.text(max_size=4))
def test_nothing_raises_on_what_is_nearly_a_plan(start: int, end: int, put: str) -> None:
    text = PLAIN[:start] + put + PLAIN[max(start, end) :]
    assert isinstance(read_logged(text.encode()), LoggedPlan | Unreadable)


FIRST = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)"


@pytest.mark.parametrize(
    "text",
    [
        "1" * 200_000,
        "1 ms " * 40_000,
        f"{FIRST}\n" * 40_000,
        "".join(f"{FIRST}\n  Filter: (a = $t{n}$\n" for n in range(20_000)),
    ],
    ids=["digits", "times", "first lines", "strings that do not end"],
)
def test_a_text_that_is_made_to_be_slow_is_no_plan(text: str) -> None:
    """Each took minutes, or grew with the square of its length."""
    assert read_logged(text.encode()) == Unreadable(reason="not-a-plan")


def test_tabs_and_commas_of_a_log() -> None:
    found = read_logged(PLAIN.encode())
    assert isinstance(found, LoggedPlan)
    assert found.duration_ms == 1.5
    assert found.statement == "SELECT 1\n  FROM t"
    assert [n.conditions for n in found.plan.root.walk()] == [{}, {"Filter": "(a = $1::text)"}]


_QUOTED = st.text(alphabet=string.printable + "é'\\\"$", max_size=12).map(lambda t: SECRET + t)
_LITERAL = st.one_of(
    _QUOTED.map(lambda t: "'" + t.replace("'", "''") + "'::text"),
    _QUOTED.map(lambda t: "E'" + t.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    _QUOTED.filter(lambda t: "$" not in t).map(lambda t: f"$q${t}$q$"),
    st.integers(10**9, 10**12).map(lambda n: f"'-{n}'::integer"),
    st.floats(1e9, 1e12).map(repr),
)
_LABELS = st.sampled_from(
    [
        "Filter",
        "Index Cond",
        "Output",
        "Cache Key",
        "Function Call",
        "Sort Key",
        "Order By",
        "TID Cond",
        "Remote SQL",
        "Something Of A Later Version",
    ]
)


@settings(max_examples=80, deadline=None)
@given(_LITERAL, _LABELS, st.booleans())
def test_no_constant_is_kept(literal: str, label: str, is_text: bool) -> None:
    condition = f'((t."it\'s" = {literal}) AND (f({literal}, b) OR (id <> $3)))'
    value: Any = [condition] if label in ("Output", "Sort Key") else condition
    statement = f"SELECT {literal}"
    if is_text:
        text = (
            f"Query Text: {statement}\n"
            "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual rows=1 loops=1)\n"
            f"  {label}: {condition}\n  Rows Removed by Filter: 5"
        )
    else:
        scan = node("Seq Scan", Relation_Name="t", Actual_Rows=1, Actual_Loops=1)
        scan |= {label: value, "Rows Removed by Filter": 5}
        text = json.dumps({"Query Text": statement, "Query Parameters": literal, "Plan": scan})
    found = read_logged(text.encode())
    assert isinstance(found, LoggedPlan)
    kept = "\n".join(_texts((found.plan, found.seen)))
    assert SECRET not in kept
    assert "$4" in kept
    assert "it's\"" in kept
    assert not re.search(r"\d{9}", kept)
    assert statement not in repr(found)


def _texts(value: Any) -> list[str]:
    """Every text inside, wherever it is."""
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [t for f in fields(value) for t in _texts(getattr(value, f.name))]
    if isinstance(value, dict):
        return [t for pair in value.items() for one in pair for t in _texts(one)]
    if isinstance(value, tuple | list):
        return [t for one in value for t in _texts(one)]
    return []


def test_what_looks_like_a_parameter_in_a_constant_does_not_count() -> None:
    assert without_literals("((a = 'cost $4711') AND (b = $2))") == "((a = $3) AND (b = $2))"


def test_what_is_no_constant_stays() -> None:
    for text in (
        "((t1.a2 = $1) AND (hashed SubPlan 1))",
        "((x)::numeric(10,2) > $2)",
        '("it\'s 5" IS NULL)',
        "(alternatives: SubPlan 1 or hashed SubPlan 2)",
    ):
        assert without_literals(text) == text
    assert without_literals("a = ANY ('{1,2}'::integer[])") == "a = ANY ($1::integer[])"
    assert without_literals("a>-1.5e3") == "a>-$1"
