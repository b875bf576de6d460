"""The price of an index by the models of size and of writes."""

from __future__ import annotations

from collections.abc import Sequence

from pgtune_advisor.advise.index_size import SizeModel
from pgtune_advisor.advise.indexes.tables import Tables
from pgtune_advisor.advise.indexes.values import value_facts_of
from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.advise.indexes.writes import Upkeep, Writes, upkeep
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.rules.facts.base import Context


class ModelPrices:
    """Prices for one database; each index is computed once."""

    def __init__(
        self,
        context: Context,
        database: str,
        tables: Tables,
        queries: Sequence[QueryFile] | None = None,
    ) -> None:
        facts = value_facts_of(context.snapshot, database)
        self._sizes = SizeModel.of(context.snapshot, database, values=facts)
        self._tables = tables
        self._writes = Writes(context, database, tables, queries)
        self._known: dict[IndexDef, int] = {}
        self._upkeep: dict[IndexDef, Upkeep] = {}

    def size(self, index: IndexDef) -> int:
        """As Prices.size()."""
        if index not in self._known:
            self._known[index] = self._sizes.size(index)
        return self._known[index]

    def share(self, index: IndexDef) -> float:
        """As Prices.share()."""
        return self._sizes.share(index)

    def build_ms(self, index: IndexDef) -> float:
        """As Prices.build_ms()."""
        return self._sizes.build_ms(index)

    def upkeep(self, index: IndexDef) -> float:
        """As Prices.upkeep()."""
        return self._paid(index).cost

    def upkeep_note(self, index: IndexDef) -> str:
        """As Prices.upkeep_note()."""
        return self._paid(index).note

    def _paid(self, index: IndexDef) -> Upkeep:
        if index not in self._upkeep:
            table = self._tables.find(index.relation)
            self._upkeep[index] = upkeep(
                index,
                self._writes.of(index.relation),
                rows=table.rows if table else 0.0,
                share=self._sizes.share(index),
                keys=self._sizes.build(index).keys if index.method == "gin" else 1.0,
                others=len(table.indexes) if table else 0,
            )
        return self._upkeep[index]
