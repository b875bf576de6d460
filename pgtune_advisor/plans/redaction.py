"""A plan without the constants of its statement, so that it may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pgtune_advisor.plans.nodes import Node, Plan
from pgtune_advisor.plans.scanning import without_literals

# Words of EXPLAIN's own and names of objects; any other text may hold a constant.
_SAFE: Final = frozenset(
    {
        "Parent Relationship",
        "Subplan Name",
        "Strategy",
        "Partial Mode",
        "Operation",
        "Join Type",
        "Command",
        "Scan Direction",
        "Sort Method",
        "Sort Methods Used",
        "Sort Space Type",
        "Storage",
        "Cache Mode",
        "Function Name",
        "Table Function Name",
        "Tuplestore Name",
        "CTE Name",
        "Custom Plan Provider",
        "Conflict Resolution",
        "Conflict Arbiter Indexes",
        "Constraint Name",
        "Trigger Name",
        "Relation",
        "Relation Name",
        "Schema",
        "Alias",
        "Index Name",
    }
)


def redacted(plan: Plan) -> Plan:
    """The same plan with `$n` for each literal in it, texts of unknown labels included."""
    return Plan(root=_node(plan.root))


def _node(node: Node) -> Node:
    return replace(
        node,
        conditions={label: without_literals(text) for label, text in node.conditions.items()},
        sort_key=tuple(map(without_literals, node.sort_key)),
        presorted_key=tuple(map(without_literals, node.presorted_key)),
        group_key=tuple(map(without_literals, node.group_key)),
        output=tuple(map(without_literals, node.output)),
        extra=_values(node.extra),
        children=tuple(map(_node, node.children)),
    )


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if key in _SAFE else _value(value) for key, value in values.items()}


def _value(value: Any) -> Any:
    match value:
        case str():
            return without_literals(value)
        case list():
            return [_value(one) for one in value]
        case Mapping():
            return _values(value)
        case _:
            return value
