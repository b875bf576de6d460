"""Faster, slower, or the same."""

from __future__ import annotations

import pytest

from pgtune_advisor.observe.verdicts import Series, Verdict, compare
from pgtune_advisor.pg.clone import Run
from pgtune_advisor.plans import Plan

PLAN = Plan.of([{"Plan": {"Node Type": "Result"}}])


def series(blocks: float, *times: float, cpu: bool = False) -> Series:
    runs = tuple(
        Run(plan=PLAN, execution_ms=ms, cpu_ms=ms / 2 if cpu else None, blocks=blocks)
        for ms in times
    )
    return Series(runs=runs, indexes=frozenset())


ENDLESS = Series(runs=(), indexes=frozenset(), timed_out=True)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (series(100, 5, 5, 5), series(100, 5, 5, 5), "same"),
        (series(100, 5, 5, 5), series(110, 5, 5, 5), "same"),
        (series(100, 5, 5, 5), series(111, 5, 5, 5), "slower"),
        (series(100, 5, 5, 5), series(89, 5, 5, 5), "faster"),
        # A page or two of an index's height is no difference.
        (series(3, 5, 5, 5), series(6, 5, 5, 5), "same"),
        # Time has the last word where it clearly says the opposite.
        (series(100, 9, 9, 9), series(400, 1, 1, 1), "faster"),
        (series(400, 1, 1, 1), series(100, 9, 9, 9), "slower"),
        (series(400, 1, 9, 5), series(100, 5, 9, 6), "faster"),
        # By time alone, and beyond its noise.
        (series(100, 5, 5.1, 5.2), series(100, 6, 6.1, 6.2), "slower"),
        (series(100, 5, 6.1, 4), series(100, 6, 6.2, 5.5), "same"),
        (series(100, 6, 6.1, 6.2), series(100, 5, 5.1, 5.2), "faster"),
        (series(10, 0.01, 0.01, 0.01), series(10, 0.05, 0.05, 0.05), "same"),
        (ENDLESS, series(100, 5), "faster"),
        (series(100, 5), ENDLESS, "slower"),
        (ENDLESS, ENDLESS, "same"),
    ],
)
def test_verdicts(before: Series, after: Series, verdict: Verdict) -> None:
    assert compare(before, after) == verdict


def test_the_cpu_counts_where_both_sides_have_it() -> None:
    with_cpu, without = series(1, 4, 4, 4, cpu=True), series(1, 3, 3, 3)
    assert with_cpu.milliseconds(cpu=True) == 2
    assert with_cpu.milliseconds(cpu=False) == 4
    assert compare(with_cpu, without) == "faster"
    assert compare(with_cpu, series(1, 6, 6, 6, cpu=True)) == "slower"
