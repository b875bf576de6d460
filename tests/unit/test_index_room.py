"""A full budget: what is chosen gives way to what saves more in its room."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from pgtune_advisor.advise.indexes.costs import IndexSet
from pgtune_advisor.advise.indexes.jobs import Job
from pgtune_advisor.advise.indexes.room import make_room
from pgtune_advisor.advise.indexes.state import Move, State
from pgtune_advisor.domain.index_def import IndexDef
from unit.index_worlds import TablePlanner, TablePrices, Way, book_of, index, job

MB = 2**20
NARROW = index("a")
WIDE = index("a", include=("b",))
OTHER = index("c")
THIRD = index("d")


def way(cost: float, *needs: IndexDef) -> Way:
    return Way(needs=frozenset(needs), cost=cost)


def full(
    planner: TablePlanner,
    jobs: list[Job],
    sizes: dict[IndexDef, int],
    *,
    budget: int,
    taken: IndexSet,
) -> State:
    """A state in which these indexes were chosen already."""
    interest = {one: frozenset(j.name for j in jobs) for one in sizes}
    prices = TablePrices(sizes=sizes)
    state = State(book_of(planner, jobs), jobs, prices, budget, interest, table_bytes=100 * MB)
    (move,) = state.judge([Move(add=taken)])
    state.accept(move)
    return state


def room(state: State, waiting: Iterable[IndexDef], pool: Iterable[IndexDef] = ()) -> None:
    moves = [Move(add=frozenset({one})) for one in waiting]
    make_room(state, moves, pool, lambda: False)


def two(first: list[Way], second: list[Way]) -> tuple[TablePlanner, list[Job]]:
    return TablePlanner(ways={"q": first, "r": second}), [job("q"), job("r")]


def test_a_smaller_form_makes_room() -> None:
    planner, jobs = two([way(1000), way(20, NARROW), way(10, WIDE)], [way(1000), way(10, OTHER)])
    sizes = {NARROW: 2 * MB, WIDE: 8 * MB, OTHER: 5 * MB}
    state = full(planner, jobs, sizes, budget=10 * MB, taken=frozenset({WIDE}))
    room(state, [OTHER])
    assert state.chosen == {NARROW, OTHER}


def test_what_saves_less_goes() -> None:
    planner, jobs = two([way(1000), way(800, WIDE)], [way(1000), way(10, OTHER)])
    sizes = {WIDE: 8 * MB, OTHER: 8 * MB}
    state = full(planner, jobs, sizes, budget=10 * MB, taken=frozenset({WIDE}))
    room(state, [OTHER])
    assert state.chosen == {OTHER}


def test_another_candidate_of_the_table_may_be_the_smaller_form() -> None:
    planner, jobs = two([way(1000), way(12, THIRD), way(10, WIDE)], [way(1000), way(10, OTHER)])
    sizes = {WIDE: 8 * MB, THIRD: MB, OTHER: 8 * MB, NARROW: 7 * MB}
    state = full(planner, jobs, sizes, budget=10 * MB, taken=frozenset({WIDE}))
    room(state, [OTHER], [THIRD, NARROW])
    assert state.chosen == {THIRD, OTHER}


def test_what_saves_more_stays() -> None:
    planner, jobs = two([way(1000), way(10, WIDE)], [way(1000), way(300, OTHER)])
    sizes = {WIDE: 8 * MB, OTHER: 8 * MB}
    state = full(planner, jobs, sizes, budget=10 * MB, taken=frozenset({WIDE}))
    room(state, [OTHER])
    assert state.chosen == {WIDE}


def test_no_statement_pays_for_another_with_harm() -> None:
    """Beside OTHER the planner takes a worse plan for q than it had without any."""
    believed = Way(needs=frozenset({OTHER}), cost=1500.0, believed=1.0)
    planner, jobs = two([way(1000), way(900, WIDE), believed], [way(9000), way(10, OTHER)])
    sizes = {WIDE: 8 * MB, OTHER: 8 * MB}
    state = full(planner, jobs, sizes, budget=10 * MB, taken=frozenset({WIDE}))
    room(state, [OTHER])
    assert state.chosen == {WIDE}


@settings(max_examples=60, deadline=None)
@given(
    costs=st.lists(st.integers(1, 900), min_size=4, max_size=4),
    sizes=st.lists(st.integers(1, 12), min_size=4, max_size=4),
    budget=st.integers(12, 30),
)
def test_the_budget_holds_and_the_whole_gets_better(
    costs: list[int], sizes: list[int], budget: int
) -> None:
    pool = [NARROW, WIDE, OTHER, THIRD]
    ways = {f"q{n}": [way(1000), way(cost, pool[n])] for n, cost in enumerate(costs)}
    jobs = [job(name) for name in ways]
    state = full(
        TablePlanner(ways=ways),
        jobs,
        {one: size * MB for one, size in zip(pool, sizes, strict=True)},
        budget=budget * MB,
        taken=frozenset({WIDE}),
    )
    before = state.left
    room(state, [NARROW, OTHER, THIRD], pool)
    assert state.bytes(state.chosen) <= budget * MB
    # What ranks is the sum and the speed-up of each call; of the sum alone little may be given up.
    assert state.left <= before * 1.05 + 1
