"""What the whole workload compares: columns that many statements ask for lead an index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pgtune_advisor.advise.indexes.access import Access, Term
from pgtune_advisor.advise.indexes.tables import Place, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How much each column counts as an equality."""

    equals: Mapping[tuple[Place, str], float]

    @classmethod
    def of(cls, accesses: Iterable[tuple[Access, float]]) -> Habits:
        """From the accesses of all statements, each with the statement's share of the cost."""
        counted: dict[tuple[Place, str], float] = defaultdict(float)
        for access, share in accesses:
            for term in access.terms:
                if term.use in ("equal", "any", "flag", "null"):
                    counted[access.place, term.expression] += 1 + share
        return cls(equals=counted)

    def rank(self, place: Place, term: Term, table: Table) -> tuple[float, float, str]:
        """Sorts equality terms: the most used first, then the most selective."""
        distinct = table.distinct(term.column) if term.column else 1000.0
        return (-self.equals.get((place, term.expression), 0.0), -distinct, term.expression)
