"""Whether an index that is there already does what another would."""

from __future__ import annotations

from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.domain.index_def import IndexDef


def is_served(index: IndexDef, table: Table) -> bool:
    """Whether an index that is there already does what this one would.

    One with the same leading keys and no more need of INCLUDE; or a unique one whose keys all lead
    here, since behind them there is one row.
    """
    for present in table.definitions:
        if present.method != index.method or (
            present.predicate and present.predicate != index.predicate
        ):
            continue
        keys = present.keys
        if keys[: len(index.keys)] == index.keys and set(index.include) <= {
            *present.include,
            *present.columns,
        }:
            return True
        if present.unique and index.keys[: len(keys)] == keys and not present.predicate:
            return True
    return False
