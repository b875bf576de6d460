"""Column statistics with values, as the sampling of parameters wants them."""

from __future__ import annotations

from pgtune_advisor.advise.sampling import Place
from pgtune_advisor.advise.sampling_values import ValueStatistics, elements
from pgtune_advisor.domain.schema import ColumnValues
from pgtune_advisor.domain.snapshot import Snapshot


def values_of(snapshot: Snapshot, database: str) -> dict[Place, ValueStatistics]:
    """By schema, table and column; empty where values were not collected.

    Of a partitioned table the rows over all partitions count.
    """
    types = {
        (c.schema, c.table, c.name): c.type for c in snapshot.columns if c.database == database
    }
    found: dict[Place, ValueStatistics] = {}
    for row in snapshot.column_values:
        place = (row.schema, row.table, row.name)
        if row.database == database and (row.inherited or place not in found):
            found[place] = _of(row, types.get(place, "text"))
    return found


def _of(row: ColumnValues, kind: str) -> ValueStatistics:
    return ValueStatistics(
        type=kind,
        common=_paired(row.most_common_values, row.most_common_frequencies),
        histogram=elements(row.histogram_bounds),
        elements=_paired(row.most_common_elements, row.most_common_element_frequencies),
    )


def _paired(
    values: str | None, frequencies: tuple[float, ...] | None
) -> tuple[tuple[str, float], ...]:
    # Element frequencies end with the least, the greatest and that of NULL.
    return tuple(zip(elements(values), frequencies or (), strict=False))
