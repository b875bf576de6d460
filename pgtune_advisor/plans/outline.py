"""A plan in a few words a node, for people: no constant of the statement in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.units import format_count
from pgtune_advisor.plans.measures import run_of
from pgtune_advisor.plans.nodes import Node
from pgtune_advisor.plans.scanning import without_literals

MOST_LINES: Final = 16
MOST_DEPTH: Final = 12
_INDENT: Final = "· "
_WIDEST: Final = 120
_SHOWN: Final = ("Index Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "TID Cond")


def outline(root: Node) -> str:
    """One line a node, indented, the first ones of a large plan."""
    lines = list(_lines(root))
    more = [f"… {len(lines) - MOST_LINES} more nodes"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])


def _lines(root: Node) -> Iterator[str]:
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield _INDENT * min(depth, MOST_DEPTH) + _line(node)
        waiting.extend((child, depth + 1) for child in reversed(node.children))


def _line(node: Node) -> str:
    words = [_name(node)]
    if node.index:
        words.append(f"using {quote_ident(node.index)}")
    if node.relation:
        name = qualified(node.schema, node.relation) if node.schema else quote_ident(node.relation)
        words.append(f"on {name}")
    keys = node.sort_key or node.group_key
    if keys:
        words.append(f"by {_cut(', '.join(map(without_literals, keys)))}")
    conditions = {label: node.conditions[label] for label in _SHOWN if label in node.conditions}
    words += [f"[{label}: {_cut(without_literals(c))}]" for label, c in conditions.items()]
    return f"{' '.join(words)} ({_rows(node)})"


def _name(node: Node) -> str:
    if node.kind == "ModifyTable":
        return str(node.extra.get("Operation", node.kind))
    if node.kind == "Aggregate":
        return {"Hashed": "Hash Aggregate", "Sorted": "Group Aggregate"}.get(
            str(node.extra.get("Strategy")), node.kind
        )
    return node.kind


def _rows(node: Node) -> str:
    said = f"cost {format_count(round(node.total_cost))}, rows {format_count(node.rows)}"
    run = run_of(node)
    if run is None:
        return said
    loops = f" in each of {format_count(run.loops)} loops" if run.loops > 1 else ""
    return f"{said} planned, {format_count(round(run.rows))} came{loops}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
