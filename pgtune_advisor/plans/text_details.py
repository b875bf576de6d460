"""The lines below a node in EXPLAIN's text, under the labels and in the units of its JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pgtune_advisor.plans.scanning import split_list
from pgtune_advisor.plans.text_nodes import Raw

LABEL: Final = re.compile(r"([A-Z](?:[\w/.-]| (?! ))*?): (.*)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_PAIR: Final = re.compile(r"([A-Z][\w-]*(?: [\w-]+)*): (.*?)(?=  [A-Z]|\Z)")
_COUNT: Final = re.compile(r"(\w+)=(\d+(?:\.\d+)?)")
_ORIGINALLY: Final = re.compile(r"(\d+)(?: \(originally (\d+)\))?")

_LISTS: Final = frozenset(
    {"Output", "Sort Key", "Presorted Key", "Group Key", "Conflict Arbiter Indexes"}
)
# Labels whose values are numbers, but for those that end in a unit.
_NUMERIC: Final = frozenset(
    {
        "Rows Removed by Filter",
        "Rows Removed by Join Filter",
        "Rows Removed by Index Recheck",
        "Rows Removed by Conflict Filter",
        "Conflicting Tuples",
        "Tuples Inserted",
        "Heap Fetches",
        "Index Searches",
        "Workers Planned",
        "Workers Launched",
        "Query Identifier",
        "Planned Partitions",
        "Functions",
    }
)
_BOOLEAN: Final = frozenset({"Inner Unique", "Single Copy", "Disabled"})


def detail_of(label: str, text: str, kind: str) -> Raw:
    """What a line `label: text` says of a node of this kind; unknown labels keep their text."""
    if read := _SPECIAL.get(label):
        return read(f"{label}: {text}", kind)
    if label in _LISTS:
        return {label: split_list(text)}
    if label in _NUMERIC and _NUMBER.fullmatch(text):
        return {label: _number(text)}
    return {label: text == "true" if label in _BOOLEAN else text}


def grouping(raw: Raw, label: str, text: str) -> None:
    """A line of keys of an Aggregate: JSON lists them apart once there are several sets."""
    keys = [] if text == "()" else split_list(text)
    sets: list[Raw] = raw.setdefault("Grouping Sets", [])
    match label:
        case "Sort Key":
            sets.append({"Sort Key": keys})
        case "Hash Key":
            sets.append({"Hash Keys": [keys]})
        case _:
            if not sets or "Hash Keys" in sets[-1]:
                sets.append({})
            sets[-1].setdefault("Group Keys", []).append(keys)


def grouped(raw: Raw) -> None:
    """One set alone is a plain Group Key."""
    match raw.get("Grouping Sets"):
        case [{"Group Keys": [[*keys]], **rest}] if not rest:
            del raw["Grouping Sets"]
            raw["Group Key"] = keys


def _pairs(line: str) -> dict[str, str]:
    """`Sort Method: quicksort  Memory: 25kB` by label."""
    return {label: text.strip() for label, text in _PAIR.findall(line)}


def _sort(line: str, kind: str) -> Raw:
    del kind
    raw: Raw = {}
    for label, text in _pairs(line).items():
        if label == "Sort Method":
            raw["Sort Method"] = text
        else:
            raw |= {"Sort Space Used": _kilobytes(text), "Sort Space Type": label}
    return raw


def _hash(line: str, kind: str) -> Raw:
    del kind
    raw: Raw = {}
    for label, text in _pairs(line).items():
        if label == "Memory Usage":
            raw["Peak Memory Usage"] = _kilobytes(text)
        elif match := _ORIGINALLY.fullmatch(text):
            now, first = match.groups()
            raw[f"Hash {label}"] = int(now)
            raw[f"Original Hash {label}"] = int(first or now)
    return raw


def _batches(line: str, kind: str) -> Raw:
    """Of an aggregate; each may stand alone on the line or behind another."""
    del kind
    names = {"Batches": "HashAgg Batches", "Memory Usage": "Peak Memory Usage"}
    return {names.get(label, label): _kilobytes(text) for label, text in _pairs(line).items()}


def _memoize(line: str, kind: str) -> Raw:
    del kind
    return {
        "Peak Memory Usage" if label == "Memory Usage" else f"Cache {label}": _kilobytes(text)
        for label, text in _pairs(line).items()
    }


def _groups(line: str, kind: str) -> Raw:
    """Incremental Sort: `Full-sort Groups: 2  Sort Methods: a, b  Average Memory: 26kB …`."""
    del kind
    pairs = _pairs(line)
    label = next(iter(pairs))
    methods = pairs.get("Sort Methods", pairs.get("Sort Method", ""))
    raw: Raw = {"Group Count": _number(pairs[label]), "Sort Methods Used": methods.split(", ")}
    for space in ("Memory", "Disk"):
        if f"Average {space}" in pairs:
            raw[f"Sort Space {space}"] = {
                f"{which} Sort Space Used": _kilobytes(pairs[f"{which} {space}"])
                for which in ("Average", "Peak")
                if f"{which} {space}" in pairs
            }
    return {label: raw}


def _heap_blocks(line: str, kind: str) -> Raw:
    del kind
    return {f"{which.title()} Heap Blocks": _number(count) for which, count in _COUNT.findall(line)}


def _storage(line: str, kind: str) -> Raw:
    del kind
    pairs = _pairs(line)
    return {
        label: _kilobytes(text) if label == "Maximum Storage" else text
        for label, text in pairs.items()
    }


def _buffers(line: str, kind: str) -> Raw:
    del kind
    raw: Raw = {}
    for where, counts in _by_place(line.partition(": ")[2]):
        for what, count in _COUNT.findall(counts):
            raw[f"{where.title()} {what.title()} Blocks"] = int(float(count))
    return raw


def _timings(line: str, kind: str) -> Raw:
    """From 15 on by place; before, of shared and local blocks together and without a word."""
    del kind
    raw: Raw = {}
    for where, times in _by_place(line.partition(": ")[2]):
        place = "Shared" if where == "shared/local" else where.title()
        for what, time in _COUNT.findall(times):
            raw[f"{place} I/O {what.title()} Time".strip()] = float(time)
    return raw


def _wal(line: str, kind: str) -> Raw:
    del kind
    names = {"records": "WAL Records", "fpi": "WAL FPI", "bytes": "WAL Bytes"}
    return {names[what]: int(n) for what, n in _COUNT.findall(line) if what in names}


def _by_place(text: str) -> list[tuple[str, str]]:
    """`shared hit=1 read=2, temp written=3` as [("shared", "hit=1 read=2"), …]."""
    found = []
    for part in text.split(", "):
        head, _, rest = part.partition(" ")
        found.append((head, rest) if "=" not in head else ("", part))
    return found


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _kilobytes(text: str) -> int | float | str:
    plain = text.removesuffix("kB").strip()
    return _number(plain) if _NUMBER.fullmatch(plain) else text


_SPECIAL: Final[dict[str, Callable[[str, str], Raw]]] = {
    "Sort Method": _sort,
    "Buckets": _hash,
    "Batches": _batches,
    "Planned Partitions": _batches,
    "Hits": _memoize,
    "Full-sort Groups": _groups,
    "Pre-sorted Groups": _groups,
    "Heap Blocks": _heap_blocks,
    "Storage": _storage,
    "Buffers": _buffers,
    "I/O Timings": _timings,
    "WAL": _wal,
}
