"""Builders of changes that create an index."""

from __future__ import annotations

from pgtune_advisor.advise.builders import Built, Site, advice, builds
from pgtune_advisor.advise.extensions import extension_scripts
from pgtune_advisor.advise.index_changes import create_index
from pgtune_advisor.advise.proposal_builders import proposed, proposed_changes
from pgtune_advisor.domain.changes import Change, Maintain, Script
from pgtune_advisor.domain.identifiers import qualified, quote_ident


@builds("index-foreign-key")
def _index_foreign_key(site: Site) -> Built:
    """An index on the key's columns, or the proposed one that serves the key with statements."""
    key = site.match.row.constraint
    table = (key.database, key.schema, key.table)
    found = proposed(site.ground, table, lambda one: key.name in one.serves_keys)
    if found is not None:
        return proposed_changes(site.ground, found)
    keys = [quote_ident(column) for column in key.columns]
    title = f"Index {qualified(key.schema, key.table)} ({', '.join(keys)})"
    return title, list(create_index(site.ground, table, keys, key.columns))


@builds("create-index")
def _create_index(site: Site) -> Built:
    """An index from templates: `keys` (SQL text), `access_method`, `extension` if it needs one.

    `analyze = true` gathers the statistics of an expression. It is advice where `keys` gives
    nothing, or the server does not have the extension.
    """
    row = site.match.row
    keys = [site.text("keys")]
    if not keys[0]:
        return advice(site)
    method = site.text("access_method") if site.has("access_method") else "btree"
    found = proposed(
        site.ground,
        (row.database, row.schema, row.table),
        lambda one: one.index.method == method and one.index.keys[0].text == keys[0],
    )
    if found is not None:
        return proposed_changes(site.ground, found)
    scripts = _extension(site) if site.has("extension") else []
    if scripts is None:
        return advice(site)
    changes: list[Change] = [*scripts]
    table = (row.database, row.schema, row.table)
    suffix = (site.text("suffix"),) if site.has("suffix") else ()
    changes += create_index(site.ground, table, keys, (row.column, *suffix), method)
    if site.has("analyze"):
        database, schema, name = table
        changes.append(Maintain(database=database, schema=schema, table=name, command="ANALYZE"))
    return f"Index {qualified(row.schema, row.table)} USING {method} ({keys[0]})", changes


def _extension(site: Site) -> list[Script] | None:
    database = site.match.finding.subject.database or site.snapshot.server.database
    return extension_scripts(site.snapshot, database, site.text("extension"))
