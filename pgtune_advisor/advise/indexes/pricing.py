"""The price of an index by the models of size and of writes."""

from __future__ import annotations

from pgtune_advisor.advise.index_size import SizeModel
from pgtune_advisor.advise.indexes.site import Values
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.rules.facts.base import Context


class ModelPrices:
    """Prices for one database; each index is computed once."""

    def __init__(self, context: Context, database: str, values: Values) -> None:
        common = {place: dict(known.common) for place, known in values.items() if known.common}
        self._sizes = SizeModel.of(context.snapshot, database, common=common)
        self._known: dict[IndexDef, int] = {}

    def size(self, index: IndexDef) -> int:
        """As Prices.size()."""
        if index not in self._known:
            self._known[index] = self._sizes.size(index)
        return self._known[index]

    def build_ms(self, index: IndexDef) -> float:
        """As Prices.build_ms()."""
        return self._sizes.build_ms(index)

    def upkeep(self, index: IndexDef) -> float:
        """As Prices.upkeep()."""
        return 0.0 * self.size(index)

    def upkeep_note(self, index: IndexDef) -> str:
        """As Prices.upkeep_note()."""
        return "no writes" if self.upkeep(index) == 0 else "writes"
