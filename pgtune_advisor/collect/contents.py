"""What one database holds: its tables first, then what is asked by table, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.collect.objects import with_expressions, with_values
from pgtune_advisor.collect.schema import (
    with_bounds,
    with_queries,
    with_statistics_expressions,
)
from pgtune_advisor.collect.tables import read_columns, read_indexes
from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.domain.snapshot import DATA_TABLES
from pgtune_advisor.pg.queries import Query
from pgtune_advisor.pg.session import Session

CUSTOM: Final = "custom"
_BY_TABLE: Final = frozenset({"relations", "columns", "indexes"}) | DATA_TABLES
# What is read apart from the list of the objects, since it looks at tables that may be locked.
_COMPLETIONS: Final[Mapping[str, Callable[[Cycle, Session, str, list[Any]], list[Any]]]] = {
    "sequences": with_values,
    "views": with_queries,
    "partitioning": with_bounds,
    "extended_statistics": with_statistics_expressions,
}


def read_contents(cycle: Cycle, session: Session, queries: Iterable[Query]) -> None:
    """Read the session's database: its tables, their columns and indexes, and these queries."""
    database = session.database
    relations: list[Relation] | None = cycle.read(session, "relations", f"relations:{database}")
    if relations is None:
        for table in ("columns", "indexes"):
            cycle.gap(f"{table}:{database}", "the list of tables was not read")
    else:
        cycle.add("relations", relations)
        _read_by_table(cycle, session, relations)
    for query in queries:
        if query.name not in _BY_TABLE:
            read_query(cycle, session, query, f"{query.name}:{database}")


def _read_by_table(cycle: Cycle, session: Session, relations: list[Relation]) -> None:
    source = f"columns:{session.database}"
    columns = read_columns(cycle, session, source, relations)
    if columns is not None:
        cycle.add("columns", columns)
    source = f"indexes:{session.database}"
    indexes = read_indexes(cycle, session, source, relations)
    if indexes is not None:
        cycle.add("indexes", with_expressions(cycle, session, source, indexes))


def read_query(cycle: Cycle, session: Session, query: Query, source: str) -> None:
    """Read one query into its table; a user's goes to the table of custom facts."""
    if query.custom:
        source = f"{CUSTOM}:{source}"
    rows: list[Any] | None = cycle.read(session, query.name, source)
    if rows is None:
        return
    if complete := _COMPLETIONS.get(query.name):
        rows = complete(cycle, session, source, rows)
    cycle.add(CUSTOM if query.custom else query.name, rows)
