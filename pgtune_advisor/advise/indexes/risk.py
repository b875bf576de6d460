"""What a plan costs if its estimates are off where estimates usually are.

The planner takes predicates for independent, so it sees too few rows behind several joins
("How Good Are Query Optimizers, Really?", VLDB 2015: the error grows tenfold or so a join), and
rows that match a filter for evenly spread, so it expects to find LIMIT's rows early. An index
tempts it to rely on both: into a nested loop that then runs far more often, or into walking an
order that then does not end. A merge of two orders is believed to end with the shorter one, which
is told by the ends of two histograms. A whole table read in an index's order is cheap while its
rows lie in that order. Whoever counts on an index should gain even then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.plans import Node, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """How far estimates are taken to be off.

    By so much for each join below, for three predicates on one table, for a pattern (of which a
    histogram tells the start at best), for how long a walk in order lasts until LIMIT has its
    rows, and for how much dearer a walk through a whole table becomes when its rows move.
    """

    per_join: float
    per_filter: float
    per_pattern: float
    per_limit: float
    per_walk: float
    most: float


# What is counted as a gain holds even if estimates are this far off …
SURE: Final = Caution(
    per_join=10.0, per_filter=3.0, per_pattern=5.0, per_limit=10.0, per_walk=1.5, most=100.0
)
# … and a statement counts as harmed if it would be dearer with an error that is common.
LIKELY: Final = Caution(
    per_join=3.0, per_filter=2.0, per_pattern=2.0, per_limit=3.0, per_walk=1.0, most=10.0
)

_JOINS: Final = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_ORDERED: Final = frozenset({"Index Scan", "Index Only Scan"})
_KEEPS_ORDER: Final = frozenset(
    {"Nested Loop", "Merge Append", "Append", "Subquery Scan", "Result", "LockRows", "Memoize"}
)
_AND = re.compile(r"\) AND \(")
_PATTERN = re.compile(r" (?:~~?\*?|\^@) ")


def prudent_cost(plan: Plan, caution: Caution = SURE) -> float:
    """The plan's cost with what its nested loops and limits would add if estimates are off."""
    return plan.cost + sum(_additions(plan.root, 1.0, caution))


def _additions(node: Node, share: float, caution: Caution) -> Iterator[float]:
    """What each doubtful node adds; `share` is the part of it that LIMIT above lets run."""
    if node.kind == "Limit" and node.children:
        child = node.children[0]
        whole = child.total_cost - child.startup_cost
        part = (node.total_cost - node.startup_cost) / whole if whole > 0 else 1.0
        share *= min(max(part, 0.0), 1.0)
        if _walks_order(child):
            longer = min((caution.per_limit - 1) * share, 1.0 - share)
            yield max(longer, 0.0) * whole
    if node.kind == "Nested Loop" and len(node.children) == 2:
        outer, inner = node.children
        factor = doubt(outer, caution)
        if factor > 1 and any(below.index for below in inner.walk()):
            yield (factor - 1) * share * max(outer.rows, 1.0) * _per_loop(inner)
    if node.kind == "Merge Join":
        both = sum(child.total_cost for child in node.children)
        yield share * max(both - node.total_cost, 0.0)
    if node.kind == "Index Scan" and "Index Cond" not in node.conditions and share == 1.0:
        yield (caution.per_walk - 1) * (node.total_cost - node.startup_cost)
    for child in node.children:
        # What a node needs whole before its first row, as a sort does, no LIMIT cuts short.
        blocks = node.startup_cost >= child.total_cost
        yield from _additions(child, 1.0 if blocks else share, caution)


def doubt(node: Node, caution: Caution) -> float:
    """By what factor the rows of this subtree may exceed their estimate."""
    joins = sum(below.kind in _JOINS for below in node.walk())
    crowded = any(
        sum(len(_AND.findall(text)) + 1 for text in below.conditions.values()) >= 3
        for below in node.walk()
        if below.relation
    )
    patterns = any(
        _PATTERN.search(text) for below in node.walk() for text in below.conditions.values()
    )
    factor = caution.per_join**joins * (caution.per_filter if crowded else 1.0)
    factor *= caution.per_pattern if patterns else 1.0
    return min(factor, caution.most)


def _per_loop(inner: Node) -> float:
    """What one more turn of the loop costs: Memoize answers most of them from its memory."""
    return inner.total_cost


def _walks_order(node: Node) -> bool:
    """Whether rows come in an index's order through a filter, so that LIMIT may wait for them."""
    if node.kind in _ORDERED:
        return "Filter" in node.conditions
    if node.kind in _KEEPS_ORDER and node.children:
        return _walks_order(node.children[0]) or node.kind == "Nested Loop"
    return False
