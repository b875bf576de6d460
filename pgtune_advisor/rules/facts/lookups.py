"""Facts of look-ups by one key, and of the query whose rows yield the keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.log_bursts import LogBurst
from pgtune_advisor.rules.facts.base import Context, derived, fact, ratio
from pgtune_advisor.rules.facts.lookup_keys import ColumnName, Keys
from pgtune_advisor.rules.facts.lookup_reads import Read, Reads, bursts_by_child
from pgtune_advisor.rules.facts.lookup_windows import MOST_CANDIDATES, Fit, fits
from pgtune_advisor.sqltext import batched, mapper_of

_STAT: Final = "pg_stat_statements"
_LOG: Final = "the server's log"
# A round trip within one data centre, the driver's work included.
ASSUMED_ROUND_TRIP_MS: Final = 0.5
# The most keys of other tables that a single look-up names, as a tenant's.
_MOST_KEYS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFacts:
    """One look-up by a key of one role, with the query that most likely leads to it."""

    KIND: ClassVar[str] = "lookup"
    NEEDS: ClassVar[tuple[str, ...]] = (
        "statements",
        "statement_texts",
        "relations",
        "columns",
        "constraints",
        "indexes",
    )

    database: str = fact("database", source=f"{_STAT}.dbid")
    user: str = fact("role", source=f"{_STAT}.userid")
    query_id: int | None = fact("id of the look-up", unit="id", source=f"{_STAT}.queryid")
    statement_text: str = fact("the look-up without constants", source=f"{_STAT}.query")
    calls: int = fact("calls of the look-up in the window", source=f"{_STAT}.calls")
    total_ms: float | None = fact(
        "its execution time in the window", unit="ms", source=f"{_STAT}.total_exec_time"
    )
    mean_ms: float | None = derived(
        "its execution time a call", unit="ms", source=f"{_STAT}.total_exec_time"
    )
    locks: bool = derived("it locks the row", source=f"{_STAT}.query")
    key: str = derived("the column that is looked up", source=f"{_STAT}.query")
    parent_query_id: int | None = fact(
        "id of the parent, the query that yields the keys", unit="id", source=f"{_STAT}.queryid"
    )
    parent_text: str = fact("the parent without constants", source=f"{_STAT}.query")
    parent_key: str = derived("the parent's column with the keys", source="pg_constraint")
    parent_key_is_unique: bool = derived(
        "each row of the parent has a key of its own", source="pg_index"
    )
    is_declared: bool = derived(
        "a foreign key ties the columns, not a name alone", source="pg_constraint"
    )
    parent_locks: bool = derived(
        "the parent locks its rows, as a queue's worker does", source=f"{_STAT}.query"
    )
    parent_calls: int = fact("calls of the parent in the window", source=f"{_STAT}.calls")
    parent_rows_per_call: float | None = derived(
        "rows that a call of the parent returns", source=f"{_STAT}.rows"
    )
    calls_per_parent: float | None = derived(
        "look-ups for each call of the parent", source=f"{_STAT}.calls"
    )
    windows: int = derived("short windows in which both ran", source=f"{_STAT}.calls")
    calls_per_row: float | None = derived(
        "look-ups that come with one more row of the parent, its calls being the same; unknown "
        "where too few windows were read or where their rows did not vary",
        source=f"{_STAT}.calls, {_STAT}.rows",
    )
    explained: float | None = derived(
        "share of what the parent's calls do not explain that its rows explain",
        unit="ratio",
        source=f"{_STAT}.calls, {_STAT}.rows",
    )
    chance: float | None = derived(
        "probability of such a share by chance", unit="ratio", source=f"{_STAT}.calls, {_STAT}.rows"
    )
    bursts: int = derived(
        "units of work in which the look-up ran five times or more after the parent; 0 where the "
        "log was not read",
        source=_LOG,
    )
    bursts_in_transactions: int = derived("of these, single transactions", source=_LOG)
    bursts_without: int = derived("such bursts without this parent", source=_LOG)
    burst_share: float = derived(
        "share of the parent's runs that a burst followed; 1 where the log is a sample",
        unit="ratio",
        source=_LOG,
    )
    route: str = fact("route of the application, from a comment; or nothing", source=_LOG)
    round_trips: float = derived(
        "round trips that one look-up for each call of the parent would save", source=_STAT
    )
    round_trip_ms: float = derived(
        "what a look-up takes beside its execution", unit="ms", source=_LOG
    )
    round_trip_is_measured: bool = derived("that is from the log, not assumed", source=_LOG)
    saved_ms: float = derived(
        "the round trips times that", unit="ms", source=f"{_STAT}.calls, {_LOG}"
    )
    batched_sql: str = derived("one look-up for many keys, or nothing", source=f"{_STAT}.query")
    mapper: str = derived("object-relational mapper by the text's style, or nothing", source=_STAT)
    eager: str = derived("how that mapper loads related rows at once", source=_STAT)

    def subject(self) -> Subject:
        label = f"{self.database or '-'}/{self.user or '-'}/{self.query_id}"
        name = None if self.query_id is None else str(self.query_id)
        return Subject(kind=self.KIND, label=label, database=self.database or None, name=name)

    @classmethod
    def build(cls, context: Context) -> Iterator[LookupFacts]:
        keys = Keys(context)
        pairs = _Pairs(context, keys)
        for child in pairs.reads:
            best = pairs.best(child)
            if best is not None:
                yield _facts(keys, child, best)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A look-up's parent, the columns that tie them, and what speaks for it."""

    parent: Read
    sought: ColumnName
    yielded: ColumnName
    fit: Fit
    bursts: Sequence[LogBurst]

    def rank(self) -> tuple[object, ...]:
        """The likeliest parent is the least."""
        share = self.fit.share
        told = share is not None and share.slope > 0
        return (
            self.parent.locks,
            -sum(one.bursts for one in self.bursts),
            share.chance if share is not None and told else 1.0,
            -(share.explained if share is not None and told else 0.0),
            -(self.parent.rows or 0),
            self.parent.text,
        )


class _Pairs:
    """Which queries can lead to which look-ups."""

    def __init__(self, context: Context, keys: Keys) -> None:
        self.reads = Reads(context, keys)
        self._keys = keys
        self._bursts = bursts_by_child(context, self.reads)
        self._windows = context.window.statement_windows
        self._yielding: dict[tuple[str, ColumnName], list[Read]] = defaultdict(list)
        for read in self.reads:
            for root in read.yielded:
                self._yielding[read.user, root].append(read)

    def best(self, child: Read) -> _Pair | None:
        if not child.sought or len(child.sought) > _MOST_KEYS:
            return None
        tied = [
            (parent, sought, parent.yielded[root])
            for sought in sorted(child.sought)
            if (root := self._keys.root(sought)) is not None
            for parent in self._yielding[child.user, root]
            if self._may_lead(parent, child)
        ]
        tied.sort(key=lambda one: (not self._logged(child, one[0]), -(one[0].rows or 0)))
        tied = tied[:MOST_CANDIDATES]
        told = fits(child.identities, [one[0].identities for one in tied], self._windows)
        pairs = [
            _Pair(
                parent=parent,
                sought=sought,
                yielded=yielded,
                fit=fit,
                bursts=self._logged(child, parent),
            )
            for (parent, sought, yielded), fit in zip(tied, told, strict=True)
        ]
        return min(pairs, key=_Pair.rank, default=None)

    def _may_lead(self, parent: Read, child: Read) -> bool:
        several = (parent.rows or 0) > (parent.calls or 0) or bool(self._logged(child, parent))
        return parent is not child and several

    def _logged(self, child: Read, parent: Read) -> list[LogBurst]:
        return self._bursts.get((id(child), id(parent)), [])


def _facts(keys: Keys, child: Read, pair: _Pair) -> LookupFacts:
    parent, share = pair.parent, pair.fit.share
    logged = _Logged.of(pair.bursts)
    calls = child.calls or logged.child_seen
    parent_calls = parent.calls or logged.parent_seen
    attributed = min(share.slope * (parent.rows or 0), float(calls)) if share else 0.0
    led, batches = (attributed, parent_calls)
    if attributed < logged.calls:
        led, batches = float(logged.calls), logged.parent_runs
    rounds = max(led - batches, 0.0)
    trip = logged.round_trip_ms
    is_unique = keys.is_unique(pair.sought)
    key_type = keys.types.get(pair.sought, "")
    many = batched(child.text, pair.sought[3], key_type, is_unique=is_unique) if key_type else None
    mapper = mapper_of(child.text)
    return LookupFacts(
        database=child.database,
        user=child.user,
        query_id=child.query_id,
        statement_text=child.text,
        calls=calls,
        total_ms=child.ms,
        mean_ms=ratio(child.ms, child.calls),
        locks=child.locks,
        key=_named(pair.sought),
        parent_query_id=parent.query_id,
        parent_text=parent.text,
        parent_key=_named(pair.yielded),
        parent_key_is_unique=keys.is_unique(pair.yielded) and len(parent.shape.tables) == 1,
        is_declared=keys.is_declared(pair.sought) and keys.is_declared(pair.yielded),
        parent_locks=parent.locks,
        parent_calls=parent_calls,
        parent_rows_per_call=parent.rows_per_call,
        calls_per_parent=ratio(led, batches) if led > 0 else ratio(calls, parent_calls),
        windows=pair.fit.windows,
        calls_per_row=share.slope if share else None,
        explained=share.explained if share else None,
        chance=share.chance if share else None,
        bursts=logged.bursts,
        bursts_in_transactions=logged.transactions,
        bursts_without=logged.without,
        burst_share=logged.share,
        route=logged.route,
        round_trips=rounds,
        round_trip_ms=ASSUMED_ROUND_TRIP_MS if trip is None else trip,
        round_trip_is_measured=trip is not None,
        saved_ms=rounds * (ASSUMED_ROUND_TRIP_MS if trip is None else trip),
        batched_sql=many.text if many else "",
        mapper=mapper.name if mapper else "",
        eager="" if mapper is None else mapper.to_one if is_unique else mapper.to_many,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Logged:
    """What the log says of a pair, over applications and routes."""

    bursts: int
    transactions: int
    without: int
    calls: int
    parent_runs: int
    child_seen: int
    parent_seen: int
    share: float
    round_trip_ms: float | None
    route: str

    @classmethod
    def of(cls, rows: Sequence[LogBurst]) -> _Logged:
        calls, bursts = sum(one.calls for one in rows), sum(one.bursts for one in rows)
        runs, seen = sum(one.parent_runs for one in rows), sum(one.parent_seen for one in rows)
        waits = calls - bursts
        spent = sum(one.elapsed_ms - one.total_ms * (1 - one.bursts / one.calls) for one in rows)
        routed = [one for one in rows if one.route]
        return cls(
            bursts=bursts,
            transactions=sum(one.transactions for one in rows),
            without=sum(one.bursts_without for one in rows),
            calls=calls,
            parent_runs=runs,
            child_seen=sum(one.child_seen for one in rows),
            parent_seen=seen,
            share=1.0 if any(one.sampled for one in rows) else (ratio(runs, seen) or 0.0),
            round_trip_ms=max(spent / waits, 0.0) if waits > 0 else None,
            route=max(routed, key=lambda one: one.calls).route or "" if routed else "",
        )


def _named(column: ColumnName) -> str:
    return f"{qualified(column[1], column[2])}.{quote_ident(column[3])}"
