"""EXPLAIN's text, as auto_explain logs it, to what its JSON would have been."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from pgtune_advisor.plans.scanning import is_whole
from pgtune_advisor.plans.text_details import LABEL, detail_of, grouped, grouping
from pgtune_advisor.plans.text_nodes import Raw, actual_of, node_of

_ARROW: Final = "->  "
_SUBPLAN: Final = re.compile(r"(InitPlan|SubPlan|CTE) \S.*")
_WORKER: Final = re.compile(r"Worker (\d+):(?:  (.*))?", re.DOTALL)
_QUERY: Final = "Query Text: "
# Lines that look like a plan's first: more are a text made to look so.
_MOST_STARTS: Final = 100
# A line that goes on in the next: only strings and names do, and rarely for long. So many
# characters are read again for that.
_MOST_AGAIN: Final = 2_000_000


@dataclass(slots=True)
class _Open:
    """A node that may still get lines: those at `indent` are its own."""

    raw: Raw
    indent: int
    worker: Raw | None = None


@dataclass(slots=True)
class _Reader:
    """Reads the lines of one plan."""

    root: Raw | None = None
    rest: dict[str, Any] = field(default_factory=dict)
    open: list[_Open] = field(default_factory=list)
    subplan: str = ""
    section: str = ""
    nodes: list[Raw] = field(default_factory=list)

    def line(self, text: str) -> bool:
        """Take one line in; False where it is none of a plan's."""
        indent = len(text) - len(text.lstrip(" "))
        body = text[indent:]
        if self.root is None:
            self.root = node_of(body)
            if self.root is None or indent:
                return False
            self.nodes.append(self.root)
            self.open.append(_Open(self.root, 2))
            return True
        if body.startswith(_ARROW):
            return self._child(body.removeprefix(_ARROW), indent)
        return self._top(body) if not indent else self._below(body, indent)

    def _child(self, body: str, indent: int) -> bool:
        raw = node_of(body)
        # Behind the name of a subplan its node stands two further in.
        place = indent - 2 if self.subplan else indent
        parent = self._owner(place)
        if raw is None or parent is None:
            return False
        if self.subplan:
            raw |= {
                "Subplan Name": self.subplan,
                "Parent Relationship": "SubPlan" if self.subplan[0] == "S" else "InitPlan",
            }
            self.subplan = ""
        parent.raw.setdefault("Plans", []).append(raw)
        self.nodes.append(raw)
        self.open.append(_Open(raw, indent + 6))
        return True

    def _owner(self, indent: int) -> _Open | None:
        while self.open and self.open[-1].indent > indent:
            self.open.pop()
        return self.open[-1] if self.open else None

    def _below(self, body: str, indent: int) -> bool:
        """A line of a node, of one of its workers, or of a section behind the plan."""
        if self.section:
            return self._of_section(body)
        owner = self._owner(indent)
        if owner is None:
            return False
        if _SUBPLAN.fullmatch(body) and LABEL.fullmatch(body) is None:
            self.subplan = body
            return True
        if worker := _WORKER.fullmatch(body):
            return self._worker(owner, int(worker[1]), worker[2] or "")
        match = LABEL.fullmatch(body)
        if match is None:
            return body == "JIT:" and owner.worker is not None
        if owner.worker is not None and match[1] in ("Functions", "Options", "Timing"):
            owner.worker.setdefault("JIT", {})[match[1]] = match[2]
            return True
        into = owner.worker if owner.worker is not None and indent > owner.indent else owner.raw
        kind = str(owner.raw.get("Node Type", ""))
        if kind == "Aggregate" and match[1] in ("Group Key", "Hash Key", "Sort Key"):
            grouping(owner.raw, match[1], match[2])
        else:
            into |= detail_of(match[1], match[2], kind)
        return True

    @staticmethod
    def _worker(owner: _Open, number: int, text: str) -> bool:
        workers = owner.raw.setdefault("Workers", [])
        owner.worker = next((one for one in workers if one["Worker Number"] == number), None)
        if owner.worker is None:
            owner.worker = {"Worker Number": number}
            workers.append(owner.worker)
        if match := LABEL.fullmatch(text):
            owner.worker |= detail_of(match[1], match[2], "")
        elif text:
            owner.worker |= actual_of(text)
        return True

    def _top(self, body: str) -> bool:
        """What follows the plan: settings, JIT, times, triggers."""
        self.section = ""
        if body.rstrip() in ("JIT:", "Planning:", "Serialization:"):
            self.section = body.strip()[:-1]
            self.rest[self.section] = {}
            return True
        match = LABEL.fullmatch(body)
        if match is None:
            return body.startswith("Trigger ")
        value = match[2]
        time = re.fullmatch(r"(\d+\.\d+) ms", value)
        self.rest[match[1]] = float(time[1]) if time else value
        return True

    def _of_section(self, body: str) -> bool:
        match = LABEL.fullmatch(body)
        if match is None:
            return False
        label, text = match.groups()
        section = self.rest[self.section]
        if self.section == "JIT" and label == "Timing":
            times = re.findall(r"(\w+)(?: \([^)]*\))? (\d+\.\d+) ms", text)
            section["Timing"] = {name: float(time) for name, time in times}
        else:
            section |= detail_of(label, text, "")
        return True


def raw_of(text: str) -> Raw | None:
    """The plan in a text as `{"Query Text": …, "Plan": …}`; None where there is none.

    The text of a statement comes first and may hold anything, so the first line counts from which
    on all lines are a plan's.
    """
    lines = text.split("\n")
    head: Raw = {}
    starts = (
        at
        for at, line in enumerate(lines)
        if line[:1] not in (" ", "\t", "") and node_of(line) is not None
    )
    joiner = _Joiner(lines)
    for at in islice(starts, _MOST_STARTS):
        found = _from(joiner, at)
        if found is not None:
            before = "\n".join(lines[:at]).rstrip("\n")
            if _QUERY in before:
                before, _, head["Query Text"] = before.partition(_QUERY)
            return head | found
    return None


class _Joiner:
    """The lines of a text, those together between which a string or a name goes on."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._again = 0

    def since(self, at: int) -> Iterator[str | None]:
        """The lines from this one on that are not empty; None for one that does not end."""
        while at < len(self._lines):
            line, at = self._lines[at], at + 1
            while not is_whole(line):
                self._again += len(line)
                if at == len(self._lines) or self._again > _MOST_AGAIN:
                    yield None
                    return
                line, at = f"{line}\n{self._lines[at]}", at + 1
            if line.strip():
                yield line


def _from(joiner: _Joiner, at: int) -> Raw | None:
    reader = _Reader()
    for line in joiner.since(at):
        if line is None or not reader.line(line):
            return None
    for raw in reader.nodes:
        grouped(raw)
    return {**reader.rest, "Plan": reader.root} if reader.root is not None else None
