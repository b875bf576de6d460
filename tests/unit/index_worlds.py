"""Small worlds for the choice of indexes: a planner by table, jobs, prices, tables and accesses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pgtune_advisor.advise.indexes.access import Access, Term, Use
from pgtune_advisor.advise.indexes.costs import CostBook, IndexSet
from pgtune_advisor.advise.indexes.jobs import Job, Variant
from pgtune_advisor.advise.indexes.relevance import Relevance
from pgtune_advisor.advise.indexes.tables import Table
from pgtune_advisor.advise.whatif import (
    Abilities,
    Described,
    Fidelity,
    PlannerKind,
    Pretended,
    Request,
)
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.objects import Column, Index, Relation
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.plans import Node, Plan, PlanError
from rules.defaults import domain_row

COLUMNS = ("a", "b", "c", "d", "e")
PLACE = ("public", "t")


def index(*columns: str, include: Sequence[str] = (), predicate: str = "", **more: Any) -> IndexDef:
    """An index of the table t."""
    return IndexDef(
        schema=PLACE[0],
        table=PLACE[1],
        keys=tuple(map(IndexKey.of, columns)),
        include=tuple(include),
        predicate=predicate,
        **more,
    )


@dataclass(frozen=True, kw_only=True)
class Way:
    """A plan of a statement: what it needs, what the planner thinks of it, and what it says."""

    needs: IndexSet
    cost: float
    believed: float | None = None

    @property
    def rank(self) -> tuple[float, int, list[IndexDef]]:
        return (
            self.cost if self.believed is None else self.believed,
            len(self.needs),
            sorted(self.needs),
        )


@dataclass(kw_only=True)
class TablePlanner:
    """A Planner that takes the cheapest way whose indexes are there: by construction consistent."""

    ways: Mapping[str, Sequence[Way]]
    broken: frozenset[str] = frozenset()
    kind: PlannerKind = "hypopg"
    abilities: Abilities = field(default_factory=lambda: Abilities(methods=frozenset({"btree"})))
    calls: int = 0

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def describe(self, text: str) -> Described:
        return Described(text=text, plan=plan_of(1.0), types=())

    def prepare(self, indexes: Sequence[IndexDef]) -> Mapping[IndexDef, PlanError]:
        del indexes
        return {}

    def verify(self, texts: Sequence[str]) -> Fidelity:
        return Fidelity(overall=1.0, ratios=(1.0,) * len(texts))

    def divert(self, texts: Sequence[str]) -> bool:
        del texts
        return False

    def plan_all(self, requests: Sequence[Request]) -> list[Pretended | PlanError]:
        return [self._plan(request) for request in requests]

    def _plan(self, request: Request) -> Pretended | PlanError:
        self.calls += 1
        if request.text in self.broken:
            return PlanError("plan-timeout", "planning took too long")
        way = self.best(request.text, request.indexes)
        return Pretended(cost=way.cost, used=way.needs, plan=plan_of(way.cost))

    def best(self, text: str, indexes: IndexSet) -> Way:
        """What the planner takes when these indexes are there."""
        return min((w for w in self.ways[text] if w.needs <= indexes), key=lambda way: way.rank)


@dataclass(frozen=True, kw_only=True)
class TablePrices:
    """Prices by table; what is not listed takes a megabyte and no upkeep."""

    sizes: Mapping[IndexDef, int] = field(default_factory=dict)
    upkeeps: Mapping[IndexDef, float] = field(default_factory=dict)

    def size(self, index: IndexDef) -> int:
        return self.sizes.get(index, 2**20)

    def share(self, index: IndexDef) -> float:
        return 0.5 if index.predicate else 1.0

    def upkeep(self, index: IndexDef) -> float:
        return self.upkeeps.get(index, 0.0)

    def upkeep_note(self, index: IndexDef) -> str:
        del index
        return "rows are written"

    def build_ms(self, index: IndexDef) -> float:
        del index
        return 1.0


def plan_of(cost: float) -> Plan:
    """A plan of one node, of which no estimate is doubtful."""
    return Plan(root=Node(kind="Result", startup_cost=0.0, total_cost=cost, rows=1.0, width=4))


def job(name: str, *, weight: float = 1.0, texts: Iterable[tuple[str, float]] = ()) -> Job:
    """A statement that reads t; without `texts` its name is its text."""
    variants = tuple(Variant(text=text, weight=share) for text, share in texts)
    return Job(
        name=name,
        query_id=None,
        text=name,
        calls=weight,
        weight=weight,
        variants=variants or (Variant(text=name, weight=1.0),),
        plan=plan_of(1.0),
        relations=frozenset({PLACE}),
    )


def term(
    column: str, use: Use = "equal", operator: str = "=", *, constant: str = "", **more: Any
) -> Term:
    """A condition on a column; with a constant it could be the predicate of an index."""
    text = quote_ident(column)
    predicate = f"{text} {operator} {constant}" if constant else more.pop("predicate", "")
    return Term(
        expression=text, column=column, use=use, operator=operator, predicate=predicate, **more
    )


def access(*terms: Term, needed: Iterable[str] = (), orders: Iterable[Any] = ()) -> Access:
    """How a statement reads t."""
    own = {one.column for one in terms if one.column}
    return Access(
        place=PLACE,
        alias="t",
        terms=list(terms),
        orders=[tuple(order) for order in orders],
        needed=own | set(needed),
    )


def book_of(planner: TablePlanner, jobs: Iterable[Job]) -> CostBook:
    """A cost book for which every index of t matters to every job."""
    reads = access(*(term(column) for column in COLUMNS))
    return CostBook(planner, Relevance({one.name: [reads] for one in jobs}))


def table(
    columns: Mapping[str, Mapping[str, Any]],
    *,
    rows: float = 100_000.0,
    pages: int = 2000,
    indexes: Sequence[Mapping[str, Any]] = (),
) -> Table:
    """The table t with these columns (see rules/defaults.py) and indexes."""
    common = {"schema": PLACE[0], "table": PLACE[1]}
    made = tuple(domain_row(Index, {**common, **given}) for given in indexes)
    return Table(
        relation=domain_row(Relation, {"name": PLACE[1], "rows": rows, "pages": pages}),
        rows=rows,
        pages=pages,
        columns={
            name: domain_row(Column, {**common, "name": name, **given})
            for name, given in columns.items()
        },
        indexes=made,
        definitions={found: one for one in made if (found := IndexDef.of(one))},
        foreign_keys=(),
    )
