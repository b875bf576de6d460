"""A node's first line in EXPLAIN's text: what JSON says of the same node."""

from __future__ import annotations

import re
from typing import Any, Final

Raw = dict[str, Any]

_NUMBER = r"\d+(?:\.\d+)?"
_LINE: Final = re.compile(
    rf"(?P<name>\S.*?)  \(cost=(?P<startup>{_NUMBER})\.\.(?P<total>{_NUMBER})"
    rf" rows=(?P<rows>\d+) width=(?P<width>\d+)\)(?P<ran> \(.*\))?"
)
_ACTUAL: Final = re.compile(
    rf"actual (?:time=(?P<first>{_NUMBER})\.\.(?P<last>{_NUMBER}) )?"
    rf"rows=(?P<rows>{_NUMBER}) loops=(?P<loops>\d+)"
)
_NAME = r'(?:"(?:[^"]|"")*"|[^\s."]+)'
_TARGET: Final = re.compile(
    rf"(?:(?P<schema>{_NAME})\.)?(?P<object>{_NAME})(?: (?P<alias>{_NAME}))?"
)
_INDEXED: Final = re.compile(rf"(?P<head>.+?) using (?P<index>{_NAME})(?P<rest>.*)")
_JOIN: Final = re.compile(
    r"(?P<method>Nested Loop|Hash|Merge)(?: (?P<type>Left|Right|Full|Semi|Anti|Right Semi|"
    r"Right Anti))?(?P<join> Join)?"
)
_AGGREGATES: Final = {
    "Aggregate": "Plain",
    "GroupAggregate": "Sorted",
    "HashAggregate": "Hashed",
    "MixedAggregate": "Mixed",
}
_WRITES: Final = ("Insert", "Update", "Delete", "Merge")
# What the scanned thing is called in JSON, where it is no relation.
_OBJECTS: Final = {
    "Function Scan": "Function Name",
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Named Tuplestore Scan": "Tuplestore Name",
    "Table Function Scan": "Table Function Name",
    "Subquery Scan": "",
    "Values Scan": "",
}


def node_of(line: str) -> Raw | None:
    """The node that a line begins, without its arrow; None where it begins none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    raw: Raw = {
        "Startup Cost": float(match["startup"]),
        "Total Cost": float(match["total"]),
        "Plan Rows": int(match["rows"]),
        "Plan Width": int(match["width"]),
    }
    if match["ran"]:
        raw |= actual_of(match["ran"][2:-1])
    return _named(match["name"]) | raw


def actual_of(text: str) -> Raw:
    """`actual time=0.1..0.2 rows=3 loops=1`, or `never executed`."""
    match = _ACTUAL.fullmatch(text)
    if match is None:
        return {"Actual Rows": 0, "Actual Loops": 0} if text == "never executed" else {}
    raw: Raw = {"Actual Rows": float(match["rows"]), "Actual Loops": int(match["loops"])}
    if match["first"]:
        raw |= {
            "Actual Startup Time": float(match["first"]),
            "Actual Total Time": float(match["last"]),
        }
    return raw


def _named(name: str) -> Raw:
    raw: Raw = {}
    for prefix, key in (("Parallel ", "Parallel Aware"), ("Async ", "Async Capable")):
        if name.startswith(prefix):
            name, raw[key] = name.removeprefix(prefix), True
    head, _, target = name.partition(" on ")
    if head == "Bitmap Index Scan":
        return raw | {"Node Type": head, "Index Name": _plain(target)}
    if indexed := _INDEXED.fullmatch(head):
        head, raw["Index Name"] = indexed["head"], _plain(indexed["index"])
    if head.endswith(" Backward"):
        head, raw["Scan Direction"] = head.removesuffix(" Backward"), "Backward"
    raw |= _kind(head)
    return raw | (_target(raw["Node Type"], target) if target else {})


def _kind(head: str) -> Raw:
    mode, _, rest = head.partition(" ")
    partial = mode if mode in ("Partial", "Finalize") else "Simple"
    plain = rest if partial != "Simple" else head
    if plain in _AGGREGATES:
        strategy = _AGGREGATES[plain]
        return {"Node Type": "Aggregate", "Strategy": strategy, "Partial Mode": partial}
    if head in _WRITES:
        return {"Node Type": "ModifyTable", "Operation": head}
    join = _JOIN.fullmatch(head)
    if join and (join["join"] or join["method"] == "Nested Loop"):
        kind = join["method"] if join["method"] == "Nested Loop" else f"{join['method']} Join"
        return {"Node Type": kind, "Join Type": join["type"] or "Inner"}
    for start, strategy in (("HashSetOp ", "Hashed"), ("SetOp ", "Sorted")):
        if head.startswith(start):
            command = head.removeprefix(start)
            return {"Node Type": "SetOp", "Strategy": strategy, "Command": command}
    if head.startswith("Custom Scan ("):
        return {"Node Type": "Custom Scan", "Custom Plan Provider": head[13:-1]}
    if head.startswith("Foreign ") and head.removeprefix("Foreign ") in _WRITES:
        return {"Node Type": "Foreign Scan", "Operation": head.removeprefix("Foreign ")}
    return {"Node Type": head}


def _target(kind: str, text: str) -> Raw:
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        return {}
    name = _plain(match["object"])
    raw: Raw = {"Alias": _plain(match["alias"]) if match["alias"] else name}
    key = _OBJECTS.get(kind, "Relation Name")
    if key:
        raw[key] = name
    if match["schema"]:
        raw["Schema"] = _plain(match["schema"])
    return raw


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
