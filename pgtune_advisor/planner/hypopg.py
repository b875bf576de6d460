"""What-if by HypoPG: indexes that exist for one session of the target alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.plans import PlanError

# From this version on it can hide an index that exists.
_HIDES: Final = (1, 4)
_NAME: Final = "pretended"
_BATCH: Final = 100
# Pretended indexes of tables that a statement does not read stay for the next one that does. HypoPG
# walks through all of them for each table that is planned.
_KEPT: Final = 200
_PRETEND: Final = (
    "SELECT /* pgtune-advisor: pretend */ h.indexrelid, h.indexname"
    " FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS s (statement, position),"
    " LATERAL {schema}.hypopg_create_index(s.statement) AS h ORDER BY s.position"
)
_DROP: Final = (
    "SELECT /* pgtune-advisor: drop */ {schema}.hypopg_drop_index(o.oid)"
    " FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS o (oid)"
)
_HIDE: Final = (
    "SELECT /* pgtune-advisor: hide */ {schema}.hypopg_hide_index(c.oid)"
    " FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relname = $2"
)
_SHOW: Final = "SELECT /* pgtune-advisor: show */ {schema}.hypopg_unhide_all_indexes()"
_RESET: Final = "SELECT /* pgtune-advisor: reset */ {schema}.hypopg_reset()"


class HypoPlanner:
    """Plans on a private connection to the target; what it pretends dies with the session."""

    kind: PlannerKind = "hypopg"

    def __init__(
        self,
        explainer: Explainer,
        *,
        schema: str,
        version: tuple[int, ...],
        leaves: Mapping[tuple[str, str], Sequence[tuple[str, str]]] | None = None,
    ) -> None:
        self._explainer = explainer
        self._schema = quote_ident(schema)
        self._leaves = leaves or {}
        self._present: dict[IndexDef, list[str]] = {}
        self._names: dict[str, IndexDef] = {}
        self._hidden: frozenset[tuple[str, str]] = frozenset()
        self.abilities = Abilities(
            methods=frozenset({"btree", "hash", "brin"}), hiding=version >= _HIDES
        )

    @property
    def calls(self) -> int:
        return self._explainer.calls

    def close(self) -> None:
        """Close the connection."""
        self._explainer.close()

    def describe(self, text: str) -> Described:
        """As Planner.describe()."""
        self._forget()
        return self._explainer.describe(text)

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        """As OnePlanner.prepare(): each is made once, since one that cannot be spoils its batch.

        HypoPG has some two thousand numbers for all that exists at a time.
        """
        refused: dict[IndexDef, PlanError] = {}
        for index in indexes:
            if not self.abilities.can(index):
                refused[index] = PlanError("plan-failed", f"HypoPG knows no {index.method} index")
        possible = [index for index in indexes if index not in refused]
        for start in range(0, len(possible), _BATCH):
            batch = possible[start : start + _BATCH]
            self._forget()
            try:
                self._create(batch)
            except PlanError as error:
                if error.reason == "planner-lost":
                    raise
                refused |= self._each(batch)
        self._forget()
        return refused

    def _each(self, batch: Sequence[IndexDef]) -> dict[IndexDef, PlanError]:
        """Those of a batch that cannot be made, and why."""
        refused: dict[IndexDef, PlanError] = {}
        for index in batch:
            self._forget()
            try:
                self._create([index])
            except PlanError as error:
                if error.reason == "planner-lost":
                    raise
                refused[index] = error
        return refused

    def verify(self, texts: Sequence[str]) -> Fidelity:
        """It is the target's own planner."""
        return Fidelity(overall=1.0, ratios=(1.0,) * len(texts))

    def plan(self, request: Request) -> Pretended:
        """As OnePlanner.plan()."""
        self._pretend(request.indexes, request.relations)
        self._hide(request.hidden)
        if request.generic:
            plan = self._explainer.describe(request.text).plan
        else:
            plan = self._explainer.explain(request.text)
        # Looked up by the whole name, which holds the oid: a real index may have a similar one.
        used = frozenset(self._names[name] for name in plan.indexes if name in self._names)
        return Pretended(cost=plan.cost, used=used, plan=plan)

    def _pretend(self, indexes: frozenset[IndexDef], relations: frozenset[tuple[str, str]]) -> None:
        """Make exactly these exist on the relations, on all where none are told.

        HypoPG has a few thousand numbers: then it starts anew.
        """
        gone = [index for index in self._present if index not in indexes]
        if relations and len(self._present) < _KEPT:
            gone = [index for index in gone if index.relation in relations]
        if gone:
            self._drop(gone)
        missing = sorted(index for index in indexes if index not in self._present)
        if not missing:
            return
        try:
            self._create(missing)
        except PlanError as error:
            if "oid" not in error.detail or len(missing) == len(indexes):
                raise
            self._create(sorted(indexes))

    def _create(self, indexes: Sequence[IndexDef]) -> None:
        for index in indexes:
            if not self.abilities.can(index):
                raise PlanError("plan-failed", f"HypoPG cannot pretend {index.label()}")
        parts = [(index, part) for index in indexes for part in self._parts(index)]
        try:
            rows = self._ask(_PRETEND, _array(part.statement(_NAME) for _, part in parts))
        except PlanError as error:
            # No transaction takes back those of the batch that were made before it failed.
            if error.reason != "planner-lost":
                self._reset()
            raise
        for index in indexes:
            self._present[index] = []
        for (index, _), (oid, name) in zip(parts, rows, strict=True):
            self._present[index].append(oid)
            self._names[name] = index

    def _parts(self, index: IndexDef) -> Iterator[IndexDef]:
        """HypoPG pretends on tables with rows alone: of a partitioned one, on its leaves."""
        leaves = self._leaves.get(index.relation)
        if leaves is None:
            yield index
            return
        for schema, table in leaves:
            yield replace(index, schema=schema, table=table)

    def _drop(self, indexes: Sequence[IndexDef]) -> None:
        self._ask(_DROP, _array(oid for index in indexes for oid in self._present[index]))
        dropped = set(indexes)
        self._present = {i: oid for i, oid in self._present.items() if i not in dropped}
        self._names = {name: i for name, i in self._names.items() if i not in dropped}

    def _hide(self, hidden: frozenset[tuple[str, str]]) -> None:
        if hidden == self._hidden:
            return
        if not self.abilities.hiding:
            raise PlanError("plan-failed", "this HypoPG cannot hide an index that exists")
        self._ask(_SHOW)
        self._hidden = frozenset()
        for schema, name in sorted(hidden):
            self._ask(_HIDE, schema, name)
        self._hidden = hidden

    def _forget(self) -> None:
        """Pretend nothing."""
        if self._present:
            self._reset()

    def _reset(self) -> None:
        self._ask(_RESET)
        self._present.clear()
        self._names.clear()

    def _ask(self, query: str, *params: str) -> list[tuple[Any, ...]]:
        return self._explainer.ask(query.replace("{schema}", self._schema), params or None)


def _array(values: Iterable[str]) -> str:
    """A PostgreSQL array of texts."""
    quoted = (value.replace("\\", r"\\").replace('"', r"\"") for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
