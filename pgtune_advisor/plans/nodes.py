"""A plan as a tree of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_CONDITIONS: Final = (
    "Index Cond",
    "Recheck Cond",
    "Filter",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "One-Time Filter",
    "TID Cond",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of a plan: costs in planner units, `rows` and `width` as estimated.

    `schema`, `relation` and `alias` are empty where the node reads no relation (`schema` needs
    VERBOSE). `conditions` are EXPLAIN's texts by their label (Filter, Index Cond, …).
    """

    kind: str
    startup_cost: float
    total_cost: float
    rows: float
    width: int
    schema: str = ""
    relation: str = ""
    alias: str = ""
    index: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    sort_key: tuple[str, ...] = ()
    presorted_key: tuple[str, ...] = ()
    group_key: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one statement."""

    root: Node

    @property
    def cost(self) -> float:
        """The planner's total cost."""
        return self.root.total_cost

    @property
    def indexes(self) -> frozenset[str]:
        """The names of the indexes that the plan reads."""
        return frozenset(node.index for node in self.root.walk() if node.index)

    def relations(self) -> frozenset[tuple[str, str]]:
        """The tables that the plan reads, as (schema, name)."""
        return frozenset((n.schema, n.relation) for n in self.root.walk() if n.relation)

    @classmethod
    def of(cls, explained: Any) -> Plan:
        """From what EXPLAIN (FORMAT JSON) returns, parsed. ValueError where it is none."""
        try:
            return cls(root=_node(explained[0]["Plan"]))
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"not a plan: {error!r}") from None


_KNOWN: Final = frozenset(
    {
        "Node Type",
        "Startup Cost",
        "Total Cost",
        "Plan Rows",
        "Plan Width",
        "Schema",
        "Relation Name",
        "Alias",
        "Index Name",
        "Sort Key",
        "Presorted Key",
        "Group Key",
        "Output",
        "Plans",
        *_CONDITIONS,
    }
)


def _node(raw: Mapping[str, Any]) -> Node:
    return Node(
        kind=raw["Node Type"],
        startup_cost=float(raw.get("Startup Cost", 0)),
        total_cost=float(raw.get("Total Cost", 0)),
        rows=float(raw.get("Plan Rows", 0)),
        width=int(raw.get("Plan Width", 0)),
        schema=raw.get("Schema", ""),
        relation=raw.get("Relation Name", ""),
        alias=raw.get("Alias", ""),
        index=raw.get("Index Name", ""),
        conditions={label: raw[label] for label in _CONDITIONS if label in raw},
        sort_key=tuple(raw.get("Sort Key", ())),
        presorted_key=tuple(raw.get("Presorted Key", ())),
        group_key=tuple(raw.get("Group Key", ())),
        output=tuple(raw.get("Output", ())),
        extra={key: value for key, value in raw.items() if key not in _KNOWN},
        children=tuple(_node(child) for child in raw.get("Plans", ())),
    )
