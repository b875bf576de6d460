"""When indexes are chosen anew for a target, and what is said of them in between."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from pgtune_advisor.daemon.wiring import Planning, Stopped
from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.logs import log

# Advice is given this long on the word of a planner that is gone, or for a workload that stays.
KEPT: Final = timedelta(days=1)
# What share of the time must have gone from some statements to others, and by what share tables
# must have grown or shrunk, before the choice is made anew.
SHIFT: Final = 0.1

_LOGGER = logging.getLogger(__name__)


class IndexPlans:
    """The index advice of one target from cycle to cycle. One thread at a time."""

    def __init__(self, target: str, planning: Planning | None, interval: timedelta) -> None:
        self._target = target
        self._planning = planning
        self._interval_s = interval.total_seconds()
        self._advice: IndexAdvice | None = None
        self._seen: _Seen | None = None
        self._planned_at = self._sound_at = 0.0
        self._hurry = True
        self._may = False

    def close(self) -> None:
        """Let go of what planning keeps."""
        if self._planning is not None:
            self._planning.close()

    def begin(self) -> bool:
        """A full cycle begins: whether it may choose anew, for which it must read values."""
        waited = time.monotonic() - self._planned_at
        self._may = self._planning is not None and (self._hurry or waited >= self._interval_s)
        return self._may

    def advice(self, snapshot: Snapshot, window: Window, stopped: Stopped) -> IndexAdvice | None:
        """What is proposed as things are now: chosen anew if it is time, else as before.

        None where no planner is wanted.
        """
        if self._planning is None:
            return None
        seen = _Seen.of(snapshot, window)
        if self._may and self._outdated(seen):
            advice = self._anew(self._planning, snapshot, window, stopped)
            if stopped() and self._advice is not None:
                return standing(self._advice, snapshot)
            self._keep(advice, seen)
        elif self._may:
            self._planned_at = time.monotonic()
        found = standing(self._advice or IndexAdvice(), snapshot)
        # What was proposed is there now, or lost its table: the rest may weigh differently.
        self._hurry = self._hurry or found.proposals != (self._advice or found).proposals
        return found

    def _outdated(self, seen: _Seen) -> bool:
        old = time.monotonic() - self._sound_at >= KEPT.total_seconds()
        return self._hurry or old or self._seen is None or seen.differs(self._seen)

    def _anew(
        self, planning: Planning, snapshot: Snapshot, window: Window, stopped: Stopped
    ) -> IndexAdvice:
        """A planner that fails is a gap, never the end of a cycle."""
        began = time.monotonic()
        try:
            advice = planning.plan(snapshot, window, stopped)
        except AdvisorError as error:
            reason = f"{error.primary}: {error.detail}" if error.detail else error.primary
            gap = Gap(source="planner", reason=reason, hint=error.hint)
            databases = sorted({relation.database for relation in snapshot.relations})
            advice = IndexAdvice(gaps=(gap,), undecided=tuple(databases))
        message = f"indexes of {self._target} were chosen"
        log(
            _LOGGER,
            logging.INFO,
            message,
            action="indexes_planned",
            target=self._target,
            planner=advice.planner.kind,
            calls=advice.planner.calls,
            duration_ms=round((time.monotonic() - began) * 1000, 1),
            proposals=len(advice.proposals),
            rejected=len(advice.rejected),
            gaps=len(advice.gaps),
        )
        # What is kept until the next choice holds no values of the target's rows.
        return replace(advice, gaps=(*advice.gaps, *snapshot.data_gaps()), probes={})

    def _keep(self, advice: IndexAdvice, seen: _Seen) -> None:
        now = time.monotonic()
        before = self._advice
        if before is not None and now - self._sound_at < KEPT.total_seconds():
            lost = _unplanned(advice, before)
            advice = _with_those_of(advice, before, lost)
        else:
            lost = frozenset(advice.undecided)
        self._advice, self._seen, self._planned_at = advice, seen, now
        self._hurry = bool(lost)
        if not lost:
            self._sound_at = now


def standing(advice: IndexAdvice, snapshot: Snapshot) -> IndexAdvice:
    """The advice less what has come true or lost its table since it was given."""
    tables = {(r.database, r.schema, r.name) for r in snapshot.relations}
    present = {(i.database, IndexDef.of(i)) for i in snapshot.indexes if i.is_valid}
    indexes = {(i.database, i.schema, i.name) for i in snapshot.indexes}
    counted = {
        (e.database, e.table_schema, e.table, frozenset(e.columns))
        for e in snapshot.extended_statistics
    }
    proposals = [
        replace(
            one,
            replaces=tuple(
                old for old in one.replaces if (old.database, old.schema, old.name) in indexes
            ),
        )
        for one in advice.proposals
        if (one.database, *one.index.relation) in tables
        and (one.database, one.index) not in present
    ]
    statistics = [
        one
        for one in advice.statistics
        if (one.database, one.schema, one.table) in tables
        and (one.database, one.schema, one.table, frozenset(one.columns)) not in counted
    ]
    return replace(advice, proposals=tuple(proposals), statistics=tuple(statistics))


def _unplanned(advice: IndexAdvice, before: IndexAdvice) -> frozenset[str]:
    """Databases that a planner spoke of before and that have none now."""
    planned = {one.database for one in before.proposals if one.confidence != "heuristic"}
    planned |= {one.database for one in before.statistics}
    gaps = {gap.source.partition(":")[2] for gap in advice.gaps if gap.head == "planner"}
    judged = {one.database for one in advice.proposals if one.confidence != "heuristic"}
    return frozenset(advice.undecided) | (planned & gaps - judged)


def _with_those_of(
    advice: IndexAdvice, before: IndexAdvice, databases: frozenset[str]
) -> IndexAdvice:
    """The advice, for these databases that of before."""
    if not databases:
        return advice
    return replace(
        advice,
        proposals=(
            *(one for one in advice.proposals if one.database not in databases),
            *(one for one in before.proposals if one.database in databases),
        ),
        statistics=(
            *(one for one in advice.statistics if one.database not in databases),
            *(one for one in before.statistics if one.database in databases),
        ),
        rejected=(
            *(one for one in advice.rejected if one.subject.database not in databases),
            *(one for one in before.rejected if one.subject.database in databases),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a choice was made from: the catalogue, the tables' pages, each statement's time."""

    catalogue: int
    pages: int
    times: dict[tuple[str | None, int | None], float]

    @classmethod
    def of(cls, snapshot: Snapshot, window: Window) -> _Seen:
        times: dict[tuple[str | None, int | None], float] = defaultdict(float)
        for row in window.deltas.get("statements", {}).values():
            times[row.database, row.query_id] += row.exec_time_ms or 0.0
        return cls(
            catalogue=hash(frozenset(_definitions(snapshot))),
            pages=sum(max(relation.pages, 0) for relation in snapshot.relations),
            times=dict(times),
        )

    def differs(self, other: _Seen) -> bool:
        """Whether a choice that was made from the other may not be the best now."""
        more = max(self.pages, other.pages)
        if self.catalogue != other.catalogue or abs(self.pages - other.pages) > SHIFT * more:
            return True
        mine, its = sum(self.times.values()), sum(other.times.values())
        if not mine or not its:
            return bool(mine) != bool(its)
        moved = sum(
            abs(self.times.get(key, 0.0) / mine - other.times.get(key, 0.0) / its)
            for key in self.times.keys() | other.times.keys()
        )
        return moved / 2 > SHIFT


def _definitions(snapshot: Snapshot) -> Iterable[tuple[object, ...]]:
    for r in snapshot.relations:
        yield "relation", r.database, r.schema, r.name, r.kind
    for c in snapshot.columns:
        yield "column", c.database, c.schema, c.table, c.name, c.type
    for i in snapshot.indexes:
        yield "index", i.database, i.schema, i.name, i.is_valid, IndexDef.of(i)
    for e in snapshot.extended_statistics:
        yield "statistics", e.database, e.schema, e.name, e.columns
