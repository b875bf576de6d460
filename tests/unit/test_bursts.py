"""Bursts in a log: what counts as one unit of work, which parent led to it, how much is kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pytest

from pgtune_advisor.domain.log_bursts import LogBurst
from pgtune_advisor.serverlog import bursts
from pgtune_advisor.serverlog.bursts import BURST, PAUSE, BurstCounter, StatementNames


def names(key: Hashable) -> StatementNames:
    return StatementNames(text=str(key), query_id=hash(key))


class Log:
    """A log as it is written: each statement takes a millisecond, a millisecond after the last."""

    def __init__(self, *, sampled: bool = False) -> None:
        self.counter = BurstCounter(sampled=sampled)
        self.at = 1_000.0

    def run(self, statements: str, session: bytes = b"s", block: bytes = b"") -> Log:
        """One letter a statement; a space is a pause."""
        for statement in statements:
            if statement == " ":
                self.at += PAUSE * 2
                continue
            self.at += 0.002
            self.counter.add(session, block, statement, self.at, 1.0)
        return self

    def pairs(self) -> dict[str, LogBurst]:
        self.counter.flush()
        return {f"{row.parent_text}{row.child_text}": row for row in self.counter.rows(names)}


def test_a_burst_in_a_transaction() -> None:
    log = Log()
    for block in range(3):
        log.run("PCCCCCC", block=b"%d" % block)
    [row] = log.pairs().values()
    assert (row.parent_text, row.child_text) == ("P", "C")
    assert (row.bursts, row.transactions, row.bursts_without) == (3, 3, 0)
    assert (row.calls, row.child_seen, row.parent_runs, row.parent_seen) == (18, 18, 3, 3)
    assert row.total_ms == pytest.approx(18.0)
    assert row.elapsed_ms == pytest.approx(3 * 5 * 2.0)


def test_a_session_without_a_pause_is_a_unit() -> None:
    assert Log().run("PCCCCC").pairs()["PC"].transactions == 0
    assert Log().run("PC C C C C").pairs() == {}


@pytest.mark.parametrize("runs", [BURST - 1, BURST])
def test_a_vxid_without_a_transaction_is_none(runs: int) -> None:
    log = Log().run(" ".join("P" + "C" * runs), block=b"43/0")
    assert log.pairs() == {}
    assert bool(Log().run("P" + "C" * runs, block=b"43/0").pairs()) == (runs == BURST)


@pytest.mark.parametrize("runs", [BURST - 1, BURST])
def test_fewer_are_no_burst(runs: int) -> None:
    assert bool(Log().run("P" + "C" * runs).pairs()) == (runs == BURST)


def test_children_that_take_turns() -> None:
    pairs = Log().run("P" + "CD" * 6, block=b"1").pairs()
    assert {"PC", "PD"} <= pairs.keys()
    assert not {"CD", "DC", "CP", "DP"} & pairs.keys()


def test_the_end_of_a_transaction_ends_the_unit() -> None:
    log = Log().run("PQ", block=b"1").run("CCCCCC", block=b"2")
    assert log.pairs() == {}


def test_a_look_up_before_the_transaction_may_lead_to_it() -> None:
    assert "PC" in Log().run("P").run("CCCCC", block=b"2").pairs()


def test_what_comes_after_the_burst_did_not_lead_to_it() -> None:
    assert Log().run("CCCCCP", block=b"1").pairs() == {}


def test_outside_a_transaction_the_parent_comes_first() -> None:
    assert Log().run("CPCCCCC").pairs() == {}
    assert "PC" in Log().run("CPCCCCC", block=b"1").pairs()


def test_bursts_without_the_parent_are_counted() -> None:
    row = Log().run("PCCCCC QCCCCC CCCCC").pairs()["PC"]
    assert (row.bursts, row.bursts_without) == (1, 2)


def test_runs_outside_bursts_are_seen() -> None:
    row = Log().run("PCCCCC P C PC P").pairs()["PC"]
    assert (row.parent_seen, row.parent_runs, row.child_seen, row.calls) == (4, 1, 7, 5)


def test_sessions_do_not_mix() -> None:
    log = Log().run("P", b"a").run("C" * 3, b"a").run("C" * 3, b"b")
    assert log.pairs() == {}


def test_a_sample_is_named() -> None:
    assert Log(sampled=True).run("PCCCCC").pairs()["PC"].sampled


def test_a_new_stretch_keeps_what_is_under_way() -> None:
    log = Log().run("PCCC", block=b"1")
    log.counter.restart()
    assert log.run("CCC", block=b"1").pairs()["PC"].calls == 6


def sizes(counter: BurstCounter) -> Iterable[int]:
    return (len(part) for part in (counter._units, counter._pairs, counter._totals))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("SESSIONS", 50), ("PAIRS", 40), ("TOTALS", 60), ("IN_UNIT", 10)):
        monkeypatch.setattr(bursts, f"MOST_{name}", most)
    counter = BurstCounter()
    for number in range(3_000):
        session, at = b"%d" % number, float(number)
        others = (f"x{n}{number}" for n in range(15))
        for statement in (*others, f"p{number}", *[f"c{number}"] * 6):
            at += 0.001
            counter.add(session, b"1", statement, at, 0.1)
        assert max(len(unit.cells) for unit in counter._units.values()) <= 10
    counter.flush()
    units, pairs, totals = sizes(counter)
    assert units == 0
    assert pairs <= 40
    assert totals <= 60
    assert counter.rows(names)
