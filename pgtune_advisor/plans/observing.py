"""From a plan to what is to be said of it. What is kept holds no constant of the statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pgtune_advisor.domain.plan_observations import (
    Buffers,
    ColumnCast,
    Discard,
    JitUse,
    MisEstimate,
    Observation,
    Pattern,
    Place,
    PlanSeen,
    Repeated,
    Scan,
    Skipped,
    TempUse,
    Workers,
)
from pgtune_advisor.plans.conditions import ROLES, casts_in, patterns_in
from pgtune_advisor.plans.measures import count, number, run_of, was_run
from pgtune_advisor.plans.nodes import Node, Plan
from pgtune_advisor.plans.outline import outline
from pgtune_advisor.plans.scanning import without_literals
from pgtune_advisor.plans.spills import memory_need, spills_of

# Estimates off by less are everyday, and so are inner sides that run a few times.
LEAST_FACTOR: Final = 10.0
LEAST_ROWS: Final = 100.0
LEAST_LOOPS: Final = 100.0
_ORDERING: Final = frozenset({"Sort", "Incremental Sort"})
# They read all there is below them, whatever is asked of them.
_FINISHING: Final = frozenset({"Sort", "Aggregate", "Hash", "Bitmap Index Scan", "ModifyTable"})
_REMOVED: Final = {
    "Rows Removed by Filter": "Filter",
    "Rows Removed by Join Filter": "Join Filter",
    "Rows Removed by Index Recheck": "Recheck Cond",
}


def seen(plan: Plan, extras: Mapping[str, Any] | None = None) -> PlanSeen:
    """All that is kept of a plan. `extras` are what EXPLAIN says beside it: JIT, times."""
    root = plan.root
    return PlanSeen(
        outline=outline(root),
        cost=plan.cost,
        measured=was_run(root),
        scans=tuple(_scan(node) for node in root.walk() if node.relation and _reads(node)),
        observations=tuple(observations(plan, extras or {})),
    )


def observations(plan: Plan, extras: Mapping[str, Any]) -> Iterator[Observation]:
    """What each node and the whole plan give to say, parents first."""
    root = plan.root
    for node, parent, stopped in _with_parents(root):
        place = place_of(node)
        yield from _misestimates(node, place, stopped=stopped)
        yield from spills_of(node, place)
        if need := memory_need(node, parent, place):
            yield need
        yield from _discards(node, place)
        yield from _repeats(node)
        yield from _compared(node, place)
        yield from _workers(node)
        yield from _skipped(node)
    yield from _whole(root, extras)


def place_of(node: Node) -> Place:
    """Where a node stands."""
    return Place(
        node=node.kind,
        schema=node.schema,
        table=node.relation,
        alias=node.alias,
        index=node.index,
    )


def _reads(node: Node) -> bool:
    return node.kind != "ModifyTable"


def _scan(node: Node) -> Scan:
    return Scan(
        place=_place_with_index(node),
        rows=node.rows,
        cost=node.total_cost,
        conditions={**_below(node), **_redacted(node.conditions)},
    )


def _place_with_index(node: Node) -> Place:
    """A bitmap heap scan has its indexes below it; the first of them is named."""
    place = place_of(node)
    indexes = (below.index for below in node.walk() if below.index)
    index = place.index or (next(indexes, "") if node.kind == "Bitmap Heap Scan" else "")
    return Place(
        node=place.node, schema=place.schema, table=place.table, alias=place.alias, index=index
    )


def _below(node: Node) -> dict[str, str]:
    """The index conditions of a bitmap heap scan, which stand at the nodes below it."""
    if node.kind != "Bitmap Heap Scan":
        return {}
    found = [n.conditions["Index Cond"] for n in node.walk() if "Index Cond" in n.conditions]
    return {"Index Cond": without_literals(" AND ".join(found))} if found else {}


def _redacted(conditions: Mapping[str, str]) -> dict[str, str]:
    return {label: without_literals(text) for label, text in conditions.items()}


def _with_parents(root: Node) -> Iterator[tuple[Node, Node | None, bool]]:
    """Each node, its parent, and whether something above may have stopped it before its end."""
    waiting: list[tuple[Node, Node | None, bool]] = [(root, None, False)]
    while waiting:
        node, parent, stopped = waiting.pop()
        yield node, parent, stopped
        children = [
            (child, node, _may_stop(node, number) or (stopped and node.kind not in _FINISHING))
            for number, child in enumerate(node.children)
        ]
        waiting.extend(reversed(children))


def _may_stop(node: Node, child: int) -> bool:
    if node.kind == "Limit" or node.children[child].extra.get("Parent Relationship") in (
        "InitPlan",
        "SubPlan",
    ):
        return True
    semi = node.extra.get("Join Type") in ("Semi", "Anti", "Right Semi", "Right Anti")
    return child == 1 and (node.kind == "Merge Join" or (semi and node.kind == "Nested Loop"))


def _misestimates(node: Node, place: Place, *, stopped: bool) -> Iterator[MisEstimate]:
    """Of a node that may have been stopped, fewer rows than planned say nothing."""
    run = run_of(node)
    if run is None or (stopped and run.rows < node.rows):
        return
    planned, actual = max(node.rows, 1.0), max(run.rows, 1.0)
    factor = max(planned, actual) / min(planned, actual)
    if factor >= LEAST_FACTOR and max(planned, actual) >= LEAST_ROWS:
        yield MisEstimate(
            place=place, planned=node.rows, actual=run.rows, loops=run.loops, factor=factor
        )


def _discards(node: Node, place: Place) -> Iterator[Discard]:
    run = run_of(node)
    for label, condition in _REMOVED.items():
        removed = number(node.extra, label)
        if removed and run is not None:
            yield Discard(
                place=place,
                role=ROLES[condition],
                condition=without_literals(node.conditions.get(condition, "")),
                removed=removed * run.loops,
                kept=run.total,
            )


def _repeats(node: Node) -> Iterator[Repeated]:
    if node.kind != "Nested Loop" or len(node.children) < 2:
        return
    outer, inner = node.children[:2]
    run = run_of(inner)
    loops = run.loops if run is not None else outer.rows
    if loops >= LEAST_LOOPS and inner.kind not in ("Materialize", "Memoize"):
        yield Repeated(place=place_of(inner), loops=loops, measured=run is not None)


def _compared(node: Node, place: Place) -> Iterator[ColumnCast | Pattern]:
    for label, text in node.conditions.items():
        role = ROLES.get(label)
        if role is None:
            continue
        for alias, column, target in casts_in(text):
            yield ColumnCast(place=place, role=role, alias=alias, column=column, target=target)
        for alias, column, operator, form in patterns_in(text):
            yield Pattern(
                place=place, role=role, alias=alias, column=column, operator=operator, form=form
            )


def _workers(node: Node) -> Iterator[Workers]:
    planned = number(node.extra, "Workers Planned")
    if planned:
        launched = number(node.extra, "Workers Launched")
        yield Workers(planned=int(planned), launched=None if launched is None else int(launched))


def _skipped(node: Node) -> Iterator[Skipped]:
    """A LIMIT that was run tells what it skipped; else only whether all must be sorted first."""
    if node.kind != "Limit" or not node.children:
        return
    below = node.children[0]
    while below.kind in ("Gather Merge", "Gather", "Result", "Subquery Scan") and below.children:
        below = below.children[0]
    run, own = run_of(node.children[0]), run_of(node)
    measured = run is not None and own is not None
    sort = below.kind in _ORDERING
    yield Skipped(
        place=place_of(below),
        read=run.total if measured and run else below.rows,
        returned=own.total if measured and own else node.rows,
        sorted=sort,
        measured=measured,
    )


def _whole(root: Node, extras: Mapping[str, Any]) -> Iterator[Observation]:
    extra = root.extra
    blocks = [count(extra, f"Shared {what} Blocks") for what in ("Hit", "Read", "Dirtied")]
    written = count(extra, "Shared Written Blocks")
    if "Shared Hit Blocks" in extra or any(blocks) or written:
        yield Buffers(hit=blocks[0], read=blocks[1], dirtied=blocks[2], written=written)
    temp = count(extra, "Temp Read Blocks"), count(extra, "Temp Written Blocks")
    if any(temp):
        yield TempUse(read_blocks=temp[0], written_blocks=temp[1])
    jit = extras.get("JIT")
    if isinstance(jit, Mapping):
        timing = jit.get("Timing")
        total = timing.get("Total") if isinstance(timing, Mapping) else None
        if isinstance(total, Mapping):  # from 17 on the parts of a time have names of their own
            total = total.get("Total")
        time = float(total) if isinstance(total, int | float) else 0.0
        whole = number(extra, "Actual Total Time") or number(extras, "Execution Time")
        yield JitUse(
            functions=count(jit, "Functions"), time_ms=time, share=time / whole if whole else None
        )
