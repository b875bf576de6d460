"""Asking for things that may be locked: many at once, and one by one where that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from pgtune_advisor.pg.errors import QueryError

Item = TypeVar("Item")
Found = TypeVar("Found")
_SIZE: Final = 200
_PATIENCE: Final = 12


def in_batches(
    items: Sequence[Item], ask: Callable[[Sequence[Item]], list[Found]]
) -> tuple[list[Found], list[tuple[Item, QueryError]]]:
    """What `ask` returns for the items, and the items that it failed for, with the reason.

    Small batches, since some functions keep a lock on what they read until the statement ends. A
    batch that meets a lock is tried once more (a lock that came in between is then seen and left
    out), then halved. After some failures, or one that took its whole time, the rest is given up:
    a busy server is not asked on and on.
    """
    found: list[Found] = []
    failed: list[tuple[Item, QueryError]] = []
    waiting = [items[i : i + _SIZE] for i in range(0, len(items), _SIZE)]
    failures = 0
    while waiting:
        batch = waiting.pop(0)
        try:
            found += _twice(ask, batch)
        except QueryError as error:
            failures += 1
            if error.kind == "timeout" or failures >= _PATIENCE:
                rest = [item for one in (batch, *waiting) for item in one]
                return found, failed + [(item, error) for item in rest]
            if len(batch) == 1:
                failed.append((batch[0], error))
            else:
                half = len(batch) // 2
                waiting[:0] = [batch[:half], batch[half:]]
    return found, failed


def _twice(ask: Callable[[Sequence[Item]], list[Found]], batch: Sequence[Item]) -> list[Found]:
    try:
        return ask(batch)
    except QueryError as error:
        if error.kind != "locked":
            raise
        return ask(batch)
