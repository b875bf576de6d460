"""Builders of changes that the index advisor proposes."""

from __future__ import annotations

from collections.abc import Callable

from pgtune_advisor.advise.builders import Built, Site, builds, drop
from pgtune_advisor.advise.ground import Ground, Table
from pgtune_advisor.advise.index_changes import index_changes
from pgtune_advisor.domain.changes import Change
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.proposals import Proposal


@builds("create-proposed-index")
def _create_proposed_index(site: Site) -> Built:
    """The index of a proposal, then the drops of those that it makes superfluous."""
    return proposed_changes(site.ground, site.match.row.proposal)


def proposed_changes(ground: Ground, proposal: Proposal) -> Built:
    """What a proposal does, the same whichever rule asks for it."""
    index = proposal.index
    changes: list[Change] = list(index_changes(ground, proposal.database, index))
    changes += [drop(old) for old in proposal.replaces]
    title = f"Index {index.label()}"
    if proposal.replaces:
        names = ", ".join(qualified(old.schema, old.name) for old in proposal.replaces)
        title += f" in place of {names}"
    return title, changes


def proposed(ground: Ground, table: Table, serves: Callable[[Proposal], bool]) -> Proposal | None:
    """A proposal for this table that serves what another rule asks for."""
    return next(
        (
            one
            for one in ground.proposals
            if (one.database, one.index.schema, one.index.table) == table and serves(one)
        ),
        None,
    )
