"""Builders of changes that let the planner see how columns depend on each other."""

from __future__ import annotations

from pgtune_advisor.advise.builders import Built, Site, builds
from pgtune_advisor.domain.changes import CreateStatistics
from pgtune_advisor.domain.identifiers import qualified, quote_ident, statistics_name
from pgtune_advisor.domain.proposals import StatisticsProposal


@builds("create-statistics")
def _create_statistics(site: Site) -> Built:
    """Extended statistics on the columns, which ANALYZE fills."""
    wanted: StatisticsProposal = site.match.row.proposal
    taken = {
        known.name
        for known in site.snapshot.extended_statistics
        if (known.database, known.schema) == (wanted.database, wanted.schema)
    }
    columns = tuple(quote_ident(column) for column in wanted.columns)
    change = CreateStatistics(
        database=wanted.database,
        schema=wanted.schema,
        table=wanted.table,
        name=statistics_name(wanted.table, wanted.columns, taken),
        expressions=columns,
    )
    name = qualified(wanted.schema, wanted.table)
    return f"Create statistics on ({', '.join(columns)}) of {name}", [change]
