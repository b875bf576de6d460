"""Drops that would contradict each other, solved together."""

from __future__ import annotations

from collections.abc import Sequence

from pgtune_advisor.domain.findings import Rejected
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.rules.engine import Match

_Key = tuple[str, str, str]


def solve_drops(matches: Sequence[Match]) -> tuple[list[Match], list[Rejected]]:
    """Never both of a pair: an index that stays for a dropped twin's sake is not dropped itself.

    A narrow index may be redundant because of a wide one that nothing scans. If the narrow one is
    scanned, the wide one goes and the narrow one stays. If neither is, the narrow one goes first,
    and the wide one is judged again without it.
    """
    dropped = {_index(m): m for m in matches if _kind(m) == "drop-index"}
    unused = {_index(m) for m in matches if m.loaded.id == "index-unused"}
    turned_down: dict[int, Rejected] = {}
    for match in matches:
        if match.loaded.id != "index-redundant":
            continue
        keeper = (match.row.database, match.names["keeper_schema"], match.names["keeper"])
        if keeper not in unused or keeper not in dropped:
            continue
        loser, other = (match, keeper) if match.row.scans else (dropped[keeper], _index(match))
        turned_down[id(loser)] = Rejected(
            subject=loser.finding.subject,
            reason="twin-dropped",
            detail=f"{loser.finding.key}: {qualified(*other[1:])} is dropped, and only one may go",
        )
    kept = [match for match in matches if id(match) not in turned_down]
    return kept, list(turned_down.values())


def _kind(match: Match) -> str:
    return match.loaded.rule.spec.change.kind


def _index(match: Match) -> _Key:
    row = match.row
    return (row.database, row.schema, row.name)
