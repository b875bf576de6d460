"""Costs that are derived are those that the planner would have said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.advise.indexes.costs import IndexSet
from pgtune_advisor.advise.indexes.peel import ROUNDS, Layer, kept, peel
from unit.index_worlds import COLUMNS, TablePlanner, Way, book_of, index, job

SINGLE = tuple(index(column) for column in COLUMNS)
A, B, C, *_ = SINGLE
NONE: IndexSet = frozenset()

index_sets = st.frozensets(st.sampled_from(SINGLE))
ways = st.lists(
    st.builds(
        lambda needs, cost: Way(needs=needs, cost=cost),
        st.frozensets(st.sampled_from(SINGLE), min_size=1),
        st.integers(1, 99),
    ),
    max_size=8,
).map(lambda found: [Way(needs=NONE, cost=100.0), *found])


@given(ways=ways, other=ways, asked=st.lists(index_sets, max_size=20))
def test_what_is_derived_is_what_the_planner_says(
    ways: list[Way], other: list[Way], asked: list[IndexSet]
) -> None:
    planner = TablePlanner(ways={"often": ways, "seldom": other})
    one = job("q", texts=[("often", 0.75), ("seldom", 0.25)])
    book = book_of(planner, [one])
    for indexes in asked:
        truth = [planner.best(text, indexes) for text in ("often", "seldom")]
        cost = book.cost(one, indexes)
        assert cost is not None
        assert cost.planner == 0.75 * truth[0].cost + 0.25 * truth[1].cost
        assert cost.used == truth[0].needs | truth[1].needs
        assert cost.sure == cost.likely == cost.planner
    assert planner.calls == book.asked <= 2 * len(set(asked))


def test_a_smaller_set_with_all_that_was_used_needs_no_call() -> None:
    planner = TablePlanner(
        ways={"q": [Way(needs=NONE, cost=100), Way(needs=frozenset({A}), cost=5)]}
    )
    one = job("q")
    book = book_of(planner, [one])
    book.ask([(one, frozenset(SINGLE))])
    assert planner.calls == 1
    for smaller in ({A}, {A, B}, {A, B, C}):
        cost = book.cost(one, frozenset(smaller))
        assert cost is not None
        assert cost.planner == 5
        assert cost.used == {A}
    assert planner.calls == 1
    # Without what was used nothing is certain.
    cost = book.cost(one, frozenset({B, C}))
    assert cost is not None
    assert cost.planner == 100
    assert planner.calls == 2


def test_one_ask_is_one_batch_without_repetition() -> None:
    planner = TablePlanner(ways={name: [Way(needs=NONE, cost=9)] for name in ("p", "q")})
    jobs = [job("p"), job("q")]
    book = book_of(planner, jobs)
    book.ask([(one, NONE) for one in jobs] * 3)
    assert planner.calls == 2


def test_a_job_that_cannot_be_planned_is_named_and_asked_for_once() -> None:
    planner = TablePlanner(ways={"good": [Way(needs=NONE, cost=9)]}, broken=frozenset({"bad"}))
    bad, good = job("bad"), job("good")
    book = book_of(planner, [bad, good])
    for indexes in (NONE, frozenset({A}), frozenset({B})):
        assert book.cost(bad, indexes) is None
        assert book.cost(good, indexes) is not None
    assert {name: error.reason for name, error in book.failed.items()} == {"bad": "plan-timeout"}
    assert planner.calls <= 1 + 3


def test_what_is_forgotten_is_asked_anew() -> None:
    planner = TablePlanner(ways={"q": [Way(needs=NONE, cost=9)]})
    one = job("q")
    book = book_of(planner, [one])
    book.cost(one, NONE)
    book.forget(one)
    book.cost(one, NONE)
    assert planner.calls == 2


def test_peeling_takes_layer_after_layer() -> None:
    planner = TablePlanner(
        ways={
            "q": [
                Way(needs=NONE, cost=100),
                Way(needs=frozenset({A, B}), cost=5),
                Way(needs=frozenset({C}), cost=20),
            ]
        }
    )
    one = job("q")
    layers = peel(book_of(planner, [one]), [one], {"q": frozenset(SINGLE)})
    assert layers == {
        "q": (Layer(used=frozenset({A, B}), saved=95), Layer(used=frozenset({C}), saved=80))
    }
    # Nothing, all, without the first layer, without both.
    assert planner.calls == 4


def test_peeling_ends_where_little_is_gained() -> None:
    planner = TablePlanner(
        ways={"q": [Way(needs=NONE, cost=100), Way(needs=frozenset({A}), cost=99)]}
    )
    one = job("q")
    assert peel(book_of(planner, [one]), [one], {"q": frozenset(SINGLE)}) == {"q": ()}


@given(ways=ways)
def test_peeling_is_bounded_and_begins_with_the_best(ways: list[Way]) -> None:
    planner = TablePlanner(ways={"q": ways})
    one = job("q")
    everything = frozenset(SINGLE)
    layers = peel(book_of(planner, [one]), [one], {"q": everything})["q"]
    assert planner.calls <= ROUNDS + 1
    assert len(layers) <= ROUNDS
    best = planner.best("q", everything)
    if best.cost < 98:
        assert layers[0].used == best.needs
        assert layers[0].saved == 100 - best.cost
    used = [layer.used for layer in layers]
    assert sum(map(len, used)) == len(frozenset().union(*used))


def test_what_is_kept_has_its_plainer_forms_beside_it() -> None:
    whole = index("a", "b", include=("c",), predicate="d IS NULL")
    found = kept([Layer(used=frozenset({whole}), saved=7.0)])
    assert {whole, index("a", "b"), index("a", "b", include=("c",))} <= found.keys()
    assert index("a", predicate="d IS NULL") in found
    assert index("b") not in found
