"""Column statistics with values, as the sampling of parameters wants them."""

from __future__ import annotations

from pgtune_advisor.advise.indexes.site import Values
from pgtune_advisor.advise.sample_values import ValueStatistics, array_elements, pairs
from pgtune_advisor.advise.table_facts import ValueFacts
from pgtune_advisor.domain.snapshot import Snapshot


def values_of(snapshot: Snapshot, database: str) -> Values:
    """By schema, table and column; empty where values were not collected.

    Of a partitioned table the rows over all partitions count.
    """
    types = {
        (c.schema, c.table, c.name): c.type for c in snapshot.columns if c.database == database
    }
    rows = {(r.schema, r.name): r.rows or 0.0 for r in snapshot.relations if r.database == database}
    found: dict[tuple[str, str, str], ValueStatistics] = {}
    for row in snapshot.column_values:
        place = (row.schema, row.table, row.name)
        if row.database != database or not (row.inherited or place not in found):
            continue
        bounds = array_elements(row.histogram_bounds or "{}")
        found[place] = ValueStatistics(
            schema=row.schema,
            table=row.table,
            column=row.name,
            type=types.get(place, "text"),
            null_fraction=row.null_fraction,
            n_distinct=row.n_distinct,
            rows=rows.get((row.schema, row.table), 0.0),
            common=pairs(row.most_common_values, row.most_common_frequencies),
            histogram=tuple(bound for bound in bounds if bound is not None),
            elements=pairs(row.most_common_elements, row.most_common_element_frequencies),
        )
    return found


def value_facts_of(snapshot: Snapshot, database: str) -> dict[tuple[str, str, str], ValueFacts]:
    """What the size model wants of the same values, by schema, table and column."""
    found: dict[tuple[str, str, str], ValueFacts] = {}
    for row in snapshot.column_values:
        place = (row.schema, row.table, row.name)
        if row.database != database or not (row.inherited or place not in found):
            continue
        common = pairs(row.most_common_values, row.most_common_frequencies)
        bounds = array_elements(row.histogram_bounds or "{}")
        shares = row.most_common_element_frequencies or ()
        counts = row.element_count_histogram
        found[place] = ValueFacts(
            common=dict(common),
            samples=(
                *(value for value, _ in common),
                *(bound for bound in bounds if bound is not None),
            ),
            # Behind these stand the least and the greatest, of arrays that of nulls too.
            element_shares=tuple(shares[: -3 if counts else -2]),
            elements=counts[-1] if counts else None,
        )
    return found
