"""What the advice for one database works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pgtune_advisor.advise.indexes.prices import Prices
from pgtune_advisor.advise.indexes.tables import Tables
from pgtune_advisor.advise.sample_values import ValueStatistics
from pgtune_advisor.advise.whatif import Planner
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.rules.facts.base import Context

Values = Mapping[tuple[str, str, str], ValueStatistics]
"""Statistics with values, by schema, table and column."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A database: what is known of it, its planner and prices, and the limits."""

    context: Context
    database: str
    planner: Planner
    tables: Tables
    values: Values
    prices: Prices
    budget: int | None
    expired: Callable[[], bool]
    progress: Callable[[str, float], None]

    def rejected(self, index: IndexDef, reason: str, detail: str) -> Rejected:
        """A candidate that was turned down."""
        return Rejected(
            subject=Subject(
                kind="index_candidate",
                label=f"{self.database}.{index.label()}",
                database=self.database,
                schema=index.schema,
                name=index.table,
            ),
            reason=reason,
            detail=detail,
        )
