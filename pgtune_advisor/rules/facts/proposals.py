"""Facts of the indexes that the index advisor proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.proposals import Proposal
from pgtune_advisor.rules.facts.base import Context, derived, fact

_PLANNER = "planner (what-if)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFacts:
    """An index that is not there, with what the planner says it would do."""

    KIND: ClassVar[str] = "index_proposal"
    NEEDS: ClassVar[tuple[str, ...]] = ("relations", "columns", "indexes")

    proposal: Proposal
    database: str = fact("database", source="pg_database.datname")
    schema: str = fact("schema of the table", source="pg_namespace.nspname")
    table: str = fact("table", source="pg_class.relname")
    definition: str = derived("what the index would be", source="index advisor")
    access_method: str = derived("btree, gin, brin, …", source="index advisor")
    table_rows: float = fact("estimated rows of the table", source="pg_class.reltuples")
    table_bytes: int = derived("heap pages", unit="bytes", source="pg_class.relpages")
    size_bytes: int = derived("estimated size of the index", unit="bytes", source="size model")
    build_ms: float = derived("estimated time to build it", unit="ms", source="size model")
    statements: int = derived("statements that become cheaper", source=_PLANNER)
    dearer: int = derived("statements that become dearer", source=_PLANNER)
    cost_before: float | None = derived("planner cost of these statements now", source=_PLANNER)
    cost_after: float | None = derived("planner cost of these statements with it", source=_PLANNER)
    saved_ratio: float | None = derived(
        "share of that cost which it saves", unit="ratio", source=_PLANNER
    )
    best_ratio: float | None = derived(
        "share of its cost that the statement which gains most saves", unit="ratio", source=_PLANNER
    )
    upkeep: float = derived("what writes pay for it, in planner cost", source="write-cost model")
    upkeep_note: str = derived("that in words", source="write-cost model")
    risky: int = derived("statements where only a measurement can tell", source=_PLANNER)
    planner: str = derived("hypopg, shadow or none", source="index advisor")
    fidelity: float | None = derived(
        "how well the planner agrees with the server's own plans", unit="ratio", source=_PLANNER
    )
    confidence: str = derived("heuristic or estimated", source="index advisor")
    replaces: str = derived("indexes that it makes superfluous", source="pg_index")
    serves_keys: str = derived("foreign keys that it serves", source="pg_constraint")
    gainers_text: str = derived("the statement that gains most", source="pg_stat_statements")

    def subject(self) -> Subject:
        return Subject(
            kind=self.KIND,
            label=f"{self.database}.{self.definition}",
            database=self.database,
            schema=self.schema,
            name=self.table,
        )

    @classmethod
    def build(cls, context: Context) -> Iterator[ProposalFacts]:
        for proposal in context.advice.proposals if context.advice else ():
            yield cls._of(proposal)

    @classmethod
    def _of(cls, proposal: Proposal) -> ProposalFacts:
        index, gainers = proposal.index, proposal.gainers
        before, after = proposal.cost_before, proposal.cost_after
        replaced = (qualified(old.schema, old.name) for old in proposal.replaces)
        return cls(
            proposal=proposal,
            database=proposal.database,
            schema=index.schema,
            table=index.table,
            definition=index.label(),
            access_method=index.method,
            table_rows=proposal.table_rows,
            table_bytes=proposal.table_bytes,
            size_bytes=proposal.size_bytes,
            build_ms=proposal.build_ms,
            statements=len(gainers) if before is not None else len(proposal.effects),
            dearer=len(proposal.losers),
            cost_before=before,
            cost_after=after,
            saved_ratio=1 - after / before if before and after is not None else None,
            best_ratio=max((1 - effect.ratio for effect in gainers), default=None),
            upkeep=proposal.upkeep,
            upkeep_note=proposal.upkeep_note,
            risky=sum(effect.risky for effect in proposal.effects),
            planner=proposal.planner,
            fidelity=proposal.fidelity,
            confidence=proposal.confidence,
            replaces=", ".join(replaced),
            serves_keys=", ".join(proposal.serves_keys),
            gainers_text=next((e.statement.text or "" for e in proposal.effects), ""),
        )
