"""Tables that get no index, each with the reason."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.advise.indexes.access import Access
from pgtune_advisor.advise.indexes.site import Site
from pgtune_advisor.advise.indexes.tables import Place, Table
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.units import MB, format_bytes, format_count
from pgtune_advisor.rules.facts.base import BLOCK

LEAST_ROWS: Final = 1000
LEAST_BYTES: Final = MB


def unfit(site: Site, access: Access, table: Table | None) -> Rejected | None:
    """Why this table gets no index; None where it may."""
    name = qualified(*access.place)
    if table is None:
        detail = f"{name} is temporary, foreign, a system table, or was not read"
        return _rejected(site, access.place, "not-collected", detail)
    if table.relation.persistence == "t":
        return _rejected(site, access.place, "temporary-table", f"{name} lives for one session")
    # The size of a table that was never vacuumed nor analysed is not known.
    if table.rows < LEAST_ROWS:
        return _tiny(site, access.place, table)
    if not table.has_statistics():
        detail = f"the planner knows nothing of the columns of {name}: run ANALYZE {name} first"
        hidden = any(column.has_statistics is None for column in table.columns.values())
        if hidden:
            detail = f"this role may not see the statistics of {name}: GRANT SELECT on it"
        return _rejected(site, access.place, "no-statistics", detail)
    if table.pages * BLOCK < LEAST_BYTES:
        return _tiny(site, access.place, table)
    return None


def _tiny(site: Site, place: Place, table: Table) -> Rejected:
    size = format_bytes(table.pages * BLOCK)
    detail = f"{qualified(*place)} has {format_count(table.rows)} rows in {size}"
    return _rejected(site, place, "tiny-table", f"{detail}: reading it whole is cheap")


def _rejected(site: Site, place: Place, reason: str, detail: str) -> Rejected:
    schema, name = place
    label = f"{site.database}.{qualified(schema, name)}"
    subject = Subject(kind="table", label=label, database=site.database, schema=schema, name=name)
    return Rejected(subject=subject, reason=reason, detail=detail)
