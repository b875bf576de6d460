"""What became of the statements that are not planned, so that none is left out unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from pgtune_advisor.advise.indexes.planning import Planned
from pgtune_advisor.advise.indexes.workload import Workload
from pgtune_advisor.domain.snapshot import Gap


def not_planned(database: str, found: Workload, planned: Planned) -> Iterator[Gap]:
    """One line for what no index is sought for, and one for what there was no room for."""
    source = f"index_advice:{database}"
    counted = dict(found.left_out)
    if planned.system:
        counted["on system catalogues alone"] = planned.system
    if planned.bare:
        counted["that read no table"] = planned.bare
    if counted:
        parts = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
        reason = f"no index was sought for {sum(counted.values())} statements: {parts}"
        yield Gap(source=source, reason=reason)
    if found.beside:
        reason = (
            f"{found.beside} statements are not planned themselves: others that differ from them"
            " in literals or in the columns shown stand for them"
        )
        yield Gap(source=source, reason=reason)
    if found.beyond:
        reason = f"{found.beyond} statements with the least time were not planned"
        yield Gap(source=source, reason=reason)
