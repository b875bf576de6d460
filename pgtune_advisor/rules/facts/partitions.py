"""The size of a table with all of its partitions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pgtune_advisor.domain.objects import Relation
from pgtune_advisor.rules.facts.base import Context

_Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Rows and pages; a partitioned table has those of its partitions. Rows None: never counted."""

    rows: float | None
    pages: int


class Extents:
    """The extents of the tables of one evaluation."""

    def __init__(self, context: Context) -> None:
        self._children: dict[_Table, list[Relation]] = defaultdict(list)
        for relation in context.snapshot.relations:
            if relation.is_partition and relation.parent_name is not None:
                parent = (relation.database, relation.parent_schema or "", relation.parent_name)
                self._children[parent].append(relation)

    def of(self, relation: Relation) -> Extent:
        if relation.kind != "p":
            return Extent(rows=relation.rows, pages=relation.pages)
        children = self._children.get((relation.database, relation.schema, relation.name), [])
        parts = [self.of(child) for child in children]
        counted = [part.rows for part in parts if part.rows is not None]
        return Extent(
            rows=sum(counted) if counted else relation.rows,
            pages=sum(part.pages for part in parts),
        )
