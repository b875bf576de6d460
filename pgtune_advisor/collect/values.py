"""The values that statistics keep: data of the target, read only when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pgtune_advisor.collect.cycle import Cycle, listed
from pgtune_advisor.collect.objects import Name
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.schema import ColumnValues
from pgtune_advisor.pg.session import Session

TABLE: Final = "column_values"
_SIZE: Final = 200


def read_values(cycle: Cycle, session: Session) -> None:
    """The statistics of every table and expression index that the cycle found in this database."""
    database = session.database
    source = f"{TABLE}:{database}"
    if "relations" not in cycle.tables or "indexes" not in cycle.tables:
        cycle.gap(source, "the list of tables was not read")
        return
    tables = [(r.schema, r.name) for r in cycle.tables["relations"] if r.database == database]
    indexes = [
        (i.schema, i.name)
        for i in cycle.tables["indexes"]
        if i.database == database and any(i.key_is_expression)
    ]
    rows = _in_parts(cycle, session, source, [*tables, *indexes])
    if rows is None:
        return
    cycle.add(TABLE, rows)
    hidden = {
        (c.schema, c.table)
        for c in cycle.tables.get("columns", ())
        if c.database == database and c.has_statistics
    } - {(row.schema, row.table) for row in rows}
    hidden |= {
        (c.schema, c.table)
        for c in cycle.tables.get("columns", ())
        if c.database == database and c.has_statistics is None
    }
    if hidden:
        role = quote_ident(cycle.capabilities.access.role)
        cycle.gap(
            source,
            f"the values in the statistics of {listed(hidden)} are hidden from this role",
            f"GRANT pg_read_all_data TO {role}; or SELECT on the tables.",
        )


def _in_parts(
    cycle: Cycle, session: Session, source: str, names: Sequence[Name]
) -> list[ColumnValues] | None:
    """The rows of these tables; None, and a gap, where a part of them cannot be read."""
    rows: list[ColumnValues] = []
    for start in range(0, len(names), _SIZE):
        batch = names[start : start + _SIZE]
        params = {"schemas": [schema for schema, _ in batch], "names": [n for _, n in batch]}
        found: list[ColumnValues] | None = cycle.read(session, TABLE, source, params)
        if found is None:
            return None
        # The query matches schemas and names apart: a pair of two batches may come twice.
        mine = frozenset(batch)
        rows += [row for row in found if (row.schema, row.table) in mine]
    return rows
