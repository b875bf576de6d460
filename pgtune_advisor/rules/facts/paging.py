"""How many rows a page of results makes the server go through, told by the blocks it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.keys import indexes_by_table
from pgtune_advisor.rules.facts.partitions import Extents
from pgtune_advisor.rules.facts.shapes import Shapes
from pgtune_advisor.sqltext import Shape

# A look-up in one more table: three levels of its index and a heap block.
_BLOCKS_PER_LOOKUP: Final = 4
# Entries of a narrow key in a leaf of a btree.
_ENTRIES_PER_LEAF: Final = 350
_READS_ALL: Final = 0.5


class Paging:
    """Rows examined a call, for statements that skip some; kept low where the plan is unknown.

    A scan in the order of an index meets `density` rows in a block where the table lies in that
    order, and one where it does not. A scan of the whole table meets all of them.
    """

    def __init__(self, context: Context, shapes: Shapes) -> None:
        self._context = context
        self._shapes = shapes
        self._extents = Extents(context)

    def rows_examined(self, statement: Statement, blocks: float | None) -> float | None:
        """Rows that a call of so many blocks goes through; None unknown."""
        shape = self._shapes.of(statement)
        if shape is None or blocks is None or not shape.tables:
            return None
        relations = [self._shapes.relation(statement, table) for table in shape.tables]
        first = relations[0]
        extent = None if first is None else self._extents.of(first)
        if first is None or extent is None or not extent.pages or extent.rows is None:
            return None
        if len(relations) > 1:
            return blocks / (1 + _BLOCKS_PER_LOOKUP * (len(relations) - 1))
        density = max(extent.rows / extent.pages, 1.0)
        order = self._ordering(shape, first)
        if order is None and blocks >= extent.pages * _READS_ALL:
            return blocks * density
        met = 1 + (density - 1) * (order or 0.0) ** 2
        return blocks / (1 / met + 1 / _ENTRIES_PER_LEAF)

    def _ordering(self, shape: Shape, relation: Relation) -> float | None:
        """The correlation of the table with its first order column; None where no index has it."""
        column = shape.order_by[0].column if shape.order_by else None
        table = (relation.database, relation.schema, relation.name)
        leads = [index for index in self._indexes.get(table, ()) if _leads(index, column)]
        return self._correlations.get((*table, column or ""), 0.0) if leads else None

    @property
    def _indexes(self) -> Mapping[tuple[str, str, str], list[Index]]:
        shared = self._context.shared
        if "indexes" not in shared:
            shared["indexes"] = indexes_by_table(self._context)
        found: Mapping[tuple[str, str, str], list[Index]] = shared["indexes"]
        return found

    @property
    def _correlations(self) -> Mapping[tuple[str, str, str, str], float]:
        shared = self._context.shared
        if "correlations" not in shared:
            shared["correlations"] = {
                (c.database, c.schema, c.table, c.name): c.correlation or 0.0
                for c in self._context.snapshot.columns
            }
        found: Mapping[tuple[str, str, str, str], float] = shared["correlations"]
        return found


def _leads(index: Index, column: str | None) -> bool:
    plain = not index.key_is_expression[0] and index.access_method == "btree"
    return plain and index.is_valid and index.keys[0] == column
