"""Bursts of one statement within a unit of work, counted as the log goes by."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pgtune_advisor.domain.log_bursts import LogBurst

# Runs of one statement in one unit of work that make a burst.
BURST: Final = 5
# Outside transactions, an idle time of this many seconds between two statements ends a unit.
PAUSE: Final = 0.05
# Runs of a parent in a unit that is no transaction: more are several requests of a busy pool.
_MOST_ROUNDS: Final = 3
# Bounds of memory: sessions at once, statements and runs of a unit, pairs, statements in all.
MOST_SESSIONS: Final = 5_000
MOST_IN_UNIT: Final = 64
_LONGEST_UNIT: Final = 2_000
MOST_PAIRS: Final = 5_000
MOST_TOTALS: Final = 50_000
MOST_ROWS: Final = 500

# What a unit keeps of a statement: runs, milliseconds, moments when the first and last run ended.
_RUNS, _MS, _FIRST, _LAST = range(4)
_Cell = list[float]


class StatementNames(NamedTuple):
    """What a statement's key stands for, as far as the log tells."""

    database: str | None = None
    user: str | None = None
    application: str | None = None
    route: str | None = None
    fingerprint: str | None = None
    query_id: int | None = None
    text: str | None = None


@dataclass(slots=True)
class _Unit:
    """What one session did since its unit of work began."""

    transaction: bytes
    at: float
    cells: dict[Hashable, _Cell] = field(default_factory=dict)
    runs: int = 0
    in_transaction: int = 0
    is_burst: bool = False


@dataclass(slots=True)
class _Pair:
    bursts: int = 0
    transactions: int = 0
    calls: float = 0
    parent_runs: float = 0
    ms: float = 0.0
    elapsed: float = 0.0


class BurstCounter:
    """Counts bursts of statements, each with what ran before it, in bounded memory.

    A unit of work is a transaction; where each statement is its own, it is what a session does
    without a pause. `sampled` says that the log holds only some of the statements.
    """

    def __init__(self, *, sampled: bool = False) -> None:
        self.sampled = sampled
        self._units: dict[bytes, _Unit] = {}
        self._pairs: dict[tuple[Hashable, Hashable], _Pair] = {}
        self._totals: dict[Hashable, float] = {}
        self._bursts: dict[Hashable, int] = {}

    def add(
        self, session: bytes, transaction: bytes, statement: Hashable, at: float, ms: float
    ) -> None:
        """One execution: `at` is the moment of its end in seconds, `ms` how long it took.

        `statement` is any key that `rows` can name. `transaction` is the line's vxid: empty where
        the log does not tell it, `n/0` for a statement that was its own transaction.
        """
        unit = self._units.get(session)
        if unit is None or transaction != unit.transaction or not transaction:
            unit = self._unit(unit, session, transaction, at - ms / 1000)
        cell = unit.cells.get(statement)
        if cell is None:
            self._first_run(unit, statement, at, ms)
        else:
            cell[0] += 1.0
            cell[1] += ms
            cell[3] = at
            if cell[0] == BURST:
                unit.is_burst = True
        unit.at = at
        unit.runs += 1
        unit.in_transaction += 1

    def _unit(self, unit: _Unit | None, session: bytes, transaction: bytes, began: float) -> _Unit:
        """The unit that a statement of another transaction, or of none, belongs to."""
        if transaction.endswith(b"/0"):
            transaction = b""
        if unit is None:
            if len(self._units) >= MOST_SESSIONS:
                # Half at once, so that a client that connects for each statement costs little.
                moments = sorted(unit.at for unit in self._units.values())
                self.flush(moments[MOST_SESSIONS // 2])
            unit = self._units[session] = _Unit(transaction=transaction, at=began)
        block_ended = unit.in_transaction > 1 and unit.transaction
        if block_ended or began - unit.at > PAUSE or unit.runs >= _LONGEST_UNIT:
            self._end(unit)
            unit.cells.clear()
            unit.runs, unit.is_burst = 0, False
        unit.transaction, unit.in_transaction = transaction, 0
        return unit

    def _first_run(self, unit: _Unit, statement: Hashable, at: float, ms: float) -> None:
        cells = unit.cells
        if len(cells) >= MOST_IN_UNIT:
            rare = (one for one in cells if cells[one][_RUNS] < BURST)
            oldest = min(rare, key=lambda one: cells[one][_LAST], default=next(iter(cells)))
            self._totals[oldest] = self._totals.get(oldest, 0.0) + cells.pop(oldest)[_RUNS]
        cells[statement] = [1.0, ms, at, at]

    def flush(self, before: float = float("inf")) -> None:
        """End the units that were idle since `before`: at a log's end, or now and then."""
        for session in [one for one, unit in self._units.items() if unit.at < before]:
            self._end(self._units.pop(session))

    def _end(self, unit: _Unit) -> None:
        totals = self._totals
        for statement, cell in unit.cells.items():
            totals[statement] = totals.get(statement, 0.0) + cell[0]
        if len(totals) > MOST_TOTALS:
            kept = sorted(totals, key=totals.__getitem__)[MOST_TOTALS // 2 :]
            self._totals = {one: totals[one] for one in kept}
        if unit.is_burst:
            for statement, cell in unit.cells.items():
                if cell[_RUNS] >= BURST:
                    self._bursts[statement] = self._bursts.get(statement, 0) + 1
                    self._pair(unit, statement, cell)
            if len(self._pairs) > MOST_PAIRS:
                self._prune()

    def _pair(self, unit: _Unit, child: Hashable, cell: _Cell) -> None:
        """Count a burst for each statement that may have led to it."""
        is_block = unit.in_transaction >= BURST and bool(unit.transaction)
        for parent, led in unit.cells.items():
            rounds = led[_RUNS]
            if led[_FIRST] >= cell[_LAST] or rounds * BURST > cell[_RUNS]:
                continue
            # The look-ups of a busy pool run before whatever might lead to them as well as after.
            if not is_block and (rounds > _MOST_ROUNDS or led[_FIRST] > cell[_FIRST]):
                continue
            pair = self._pairs.setdefault((parent, child), _Pair())
            pair.bursts += 1
            pair.transactions += is_block
            pair.calls += cell[_RUNS]
            pair.parent_runs += rounds
            pair.ms += cell[_MS]
            pair.elapsed += cell[_LAST] - cell[_FIRST]

    def _prune(self) -> None:
        """Forget the half of the pairs with the fewest calls."""
        pairs = self._pairs
        kept = sorted(pairs, key=lambda one: pairs[one].calls)[MOST_PAIRS // 2 :]
        self._pairs = {one: pairs[one] for one in kept}
        children = {child for _, child in kept}
        self._bursts = {one: n for one, n in self._bursts.items() if one in children}

    def rows(self, names: Callable[[Hashable], StatementNames]) -> tuple[LogBurst, ...]:
        """What was counted so far, the pairs with the most calls first."""
        pairs = self._pairs
        most = sorted(pairs, key=lambda one: -pairs[one].calls)[:MOST_ROWS]
        return tuple(
            self._row(names(parent), names(child), parent, child) for parent, child in most
        )

    def _row(
        self, led: StatementNames, burst: StatementNames, parent: Hashable, child: Hashable
    ) -> LogBurst:
        pair = self._pairs[parent, child]
        return LogBurst(
            database=burst.database,
            user=burst.user,
            application=burst.application,
            route=burst.route or led.route,
            child_fingerprint=burst.fingerprint,
            child_query_id=burst.query_id,
            child_text=burst.text,
            parent_fingerprint=led.fingerprint,
            parent_query_id=led.query_id,
            parent_text=led.text,
            bursts=pair.bursts,
            bursts_without=self._bursts.get(child, 0) - pair.bursts,
            calls=int(pair.calls),
            transactions=pair.transactions,
            parent_runs=int(pair.parent_runs),
            child_seen=int(self._totals.get(child, pair.calls)),
            parent_seen=int(self._totals.get(parent, pair.parent_runs)),
            total_ms=pair.ms,
            elapsed_ms=pair.elapsed * 1000,
            sampled=self.sampled,
        )

    def restart(self) -> None:
        """Begin a new stretch of the log; units that are under way go on."""
        self._pairs, self._totals, self._bursts = {}, {}, {}
