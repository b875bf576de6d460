"""Which indexes can matter to which statement: the others need not be pretended for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.advise.indexes.access import Access
from pgtune_advisor.advise.indexes.tables import Place
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef

# Access methods that read a whole index without a condition on its key.
_WHOLE: Final = frozenset({"btree", "brin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What one access of a table can use: leading keys, predicates, and what it reads at all."""

    leading: frozenset[str]
    predicates: frozenset[str]
    needed: frozenset[str]

    def uses(self, index: IndexDef) -> bool:
        leads = index.keys[0].expression in self.leading
        if index.predicate:
            parts = {part.strip("() ") for part in index.predicate.split(") AND (")}
            return parts <= self.predicates and (leads or index.method in _WHOLE)
        covers = index.method == "btree" and self.needed <= {*index.columns, *index.include}
        return leads or covers


class Relevance:
    """For each statement the indexes that its plans may read."""

    def __init__(self, accessed: Mapping[str, Iterable[Access]]) -> None:
        self._reach = {name: _reaches(found) for name, found in accessed.items()}
        self._known: dict[tuple[str, IndexDef], bool] = {}

    def matters(self, job: str, index: IndexDef) -> bool:
        """Whether the job may use the index."""
        reaches = self._reach.get(job, {}).get(index.relation)
        if reaches is None:
            return False
        key = (job, index)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = any(reach.uses(index) for reach in reaches)
        return found


def _reaches(accesses: Iterable[Access]) -> dict[Place, list[_Reach]]:
    found: dict[Place, list[_Reach]] = {}
    for access in accesses:
        leading = {_key(term.expression, term.column) for term in access.terms}
        leading |= {_key(order[0][0], order[0][1]) for order in access.orders if order}
        predicates = {t.predicate.strip("() ") for t in access.terms if t.predicate}
        predicates |= {f"{t.expression} IS NOT NULL" for t in access.terms if t.column and t.strict}
        found.setdefault(access.place, []).append(
            _Reach(
                leading=frozenset(leading),
                predicates=frozenset(predicates),
                needed=frozenset(access.needed),
            )
        )
    return found


def _key(expression: str, column: str) -> str:
    if column:
        return quote_ident(column)
    return expression if expression.startswith("(") else f"({expression})"
