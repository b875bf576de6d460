"""Definitions that need a look at tables which may be locked: views, partitions, statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pgtune_advisor.collect.batches import in_batches
from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.collect.objects import Name, asker, note_lost
from pgtune_advisor.domain.schema import ExtendedStatistics, Partitioning, View
from pgtune_advisor.pg.rows import Definition
from pgtune_advisor.pg.session import Session


def with_queries(cycle: Cycle, session: Session, source: str, views: list[View]) -> list[View]:
    """The views with their queries, but for those over locked tables; extensions' are not read."""
    wanted = ((v.schema, v.name) for v in views if v.extension is None)
    known = _definitions(cycle, session, source, "view_definitions", wanted)
    return [
        replace(view, definition=known[view.schema, view.name].texts[0])
        if (view.schema, view.name) in known
        else view
        for view in views
    ]


def with_bounds(
    cycle: Cycle, session: Session, source: str, parts: list[Partitioning]
) -> list[Partitioning]:
    """The partitioned tables and partitions with their keys and bounds, but for locked ones."""
    wanted = ((p.schema, p.name) for p in parts)
    known = _definitions(cycle, session, source, "partition_definitions", wanted)
    completed = []
    for part in parts:
        row = known.get((part.schema, part.name))
        if row is None:
            completed.append(replace(part, is_locked=True))
        else:
            completed.append(replace(part, key=row.texts[0], bound=row.texts[1]))
    return completed


def with_statistics_expressions(
    cycle: Cycle, session: Session, source: str, statistics: list[ExtendedStatistics]
) -> list[ExtendedStatistics]:
    """The statistics objects with their expressions, but for those of locked tables."""
    wanted = ((s.schema, s.name) for s in statistics if s.has_expressions)
    known = _definitions(cycle, session, source, "statistics_expressions", wanted)
    return [
        replace(one, expressions=tuple(t or "" for t in known[one.schema, one.name].texts))
        if (one.schema, one.name) in known
        else one
        for one in statistics
    ]


def _definitions(
    cycle: Cycle, session: Session, source: str, query: str, wanted: Iterable[Name]
) -> Mapping[Name, Definition]:
    """What could be read, by name; a gap for the rest."""
    names = list(wanted)
    if not names:
        return {}
    found, failed = in_batches(names, asker(cycle, session, query, source))
    rows: list[Definition] = found
    locked = [(row.schema, row.name) for row in rows if row.is_locked]
    note_lost(cycle, source, "the definition", locked, failed)
    return {(row.schema, row.name): row for row in rows if not row.is_locked}
