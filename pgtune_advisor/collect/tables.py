"""Columns and indexes, some tables a query: short statements that sort and spill nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pgtune_advisor.collect.cycle import Cycle, listed
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.objects import Column, Index, Relation
from pgtune_advisor.pg.rows import ColumnStatistics
from pgtune_advisor.pg.session import Session

Share = Callable[[float | None, float | None], float | None]
_SIZE: Final = 1000
HELPER: Final = "column_statistics"


def read_columns(
    cycle: Cycle, session: Session, source: str, relations: Sequence[Relation]
) -> list[Column] | None:
    """The columns of these tables with their statistics; None, and a gap, where that fails."""
    own = cycle.capabilities.databases.get(session.database)
    by_helper = own is not None and HELPER in own.helpers
    statistics = f"{HELPER}_by_helper" if by_helper else HELPER
    inherited = {(r.schema, r.name) for r in relations if r.kind == "p"}
    columns: list[Column] = []
    # Equal fractions are one object: most columns have the same few.
    numbers: dict[float | None, float | None] = {}
    share = numbers.setdefault
    for names in _batches(relations):
        mine: list[Column] | None = cycle.read(session, "columns", source, names)
        known: list[ColumnStatistics] | None = cycle.read(session, statistics, source, names)
        if mine is None or known is None:
            return None
        seen = {
            (s.schema, s.table, s.name): s
            for s in known
            if s.inherited == ((s.schema, s.table) in inherited)
        }
        for column in mine:
            found = seen.get((column.schema, column.table, column.name))
            columns.append(_with_statistics(column, found, share) if found else column)
    if not by_helper:
        _note_hidden(cycle, source, columns)
    return columns


def _with_statistics(column: Column, found: ColumnStatistics, share: Share) -> Column:
    return Column(
        database=column.database,
        schema=column.schema,
        table=column.table,
        name=column.name,
        position=column.position,
        type=column.type,
        not_null=column.not_null,
        has_default=column.has_default,
        identity=column.identity,
        generated=column.generated,
        has_statistics=True,
        null_fraction=share(found.null_fraction, found.null_fraction),
        n_distinct=share(found.n_distinct, found.n_distinct),
        average_width=found.average_width,
        correlation=share(found.correlation, found.correlation),
        top_frequency=share(found.top_frequency, found.top_frequency),
    )


def read_indexes(
    cycle: Cycle, session: Session, source: str, relations: Sequence[Relation]
) -> list[Index] | None:
    """The indexes of these tables, expressions left out; None, and a gap, where that fails."""
    indexes: list[Index] = []
    for names in _batches(relations):
        mine: list[Index] | None = cycle.read(session, "indexes", source, names)
        if mine is None:
            return None
        indexes += mine
    return sorted(indexes, key=lambda index: (index.schema, index.name))


def _batches(relations: Sequence[Relation]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(relations), _SIZE):
        batch = relations[start : start + _SIZE]
        yield {"schemas": [r.schema for r in batch], "names": [r.name for r in batch]}


def _note_hidden(cycle: Cycle, source: str, columns: list[Column]) -> None:
    """The gap for tables whose statistics this role may not see."""
    hidden = {(c.schema, c.table) for c in columns if c.has_statistics is None}
    if hidden:
        role = quote_ident(cycle.capabilities.access.role)
        cycle.gap(
            source,
            f"the column statistics of {listed(hidden)} are hidden from this role",
            f"GRANT pg_read_all_data TO {role}; or SELECT on the tables, or install the helper"
            " functions that `pgtune-advisor doctor` prints.",
        )
