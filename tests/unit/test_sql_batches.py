"""Batches: one bad item costs itself, a bad server costs the rest at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pgtune_advisor.collect.batches import in_batches
from pgtune_advisor.pg.errors import FailureKind, QueryError


class Server:
    """Answers with the items it is asked for, unless one of them fails."""

    def __init__(self, kind: FailureKind = "failed", bad: Sequence[int] = ()) -> None:
        self.kind = kind
        self.bad = set(bad)
        self.asked: list[int] = []

    def ask(self, items: Sequence[int]) -> list[int]:
        self.asked.append(len(items))
        if self.bad.intersection(items):
            raise QueryError(self.kind, "no")
        return list(items)


def test_all_well() -> None:
    server = Server()
    found, failed = in_batches(range(450), server.ask)
    assert found == list(range(450))
    assert failed == []
    assert server.asked == [200, 200, 50]


def test_nothing_to_ask() -> None:
    assert in_batches([], Server().ask) == ([], [])


def test_one_bad_item_costs_itself() -> None:
    server = Server(bad=[77])
    found, failed = in_batches(range(200), server.ask)
    assert found == [item for item in range(200) if item != 77]
    assert [(item, error.kind) for item, error in failed] == [(77, "failed")]


def test_a_lock_is_asked_for_twice() -> None:
    server = Server("locked", [0])
    assert in_batches([0], server.ask)[0] == []
    assert server.asked == [1, 1]
    server = Server("denied", [0])
    in_batches([0], server.ask)
    assert server.asked == [1]


@pytest.mark.parametrize(("kind", "questions"), [("timeout", 1), ("failed", 12)])
def test_a_bad_server_is_not_asked_on_and_on(kind: FailureKind, questions: int) -> None:
    server = Server(kind, range(1000))
    found, failed = in_batches(range(1000), server.ask)
    assert found == []
    assert sorted(item for item, _ in failed) == list(range(1000))
    assert len(server.asked) == questions
