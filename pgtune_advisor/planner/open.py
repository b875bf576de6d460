"""Which planner a database gets: HypoPG where it has it, else a shadow, else none and why."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Final, Literal, Self, get_args

from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.queries import parse_version
from pgtune_advisor.planner.hypopg import HypoPlanner
from pgtune_advisor.planner.pool import PlannerPool
from pgtune_advisor.plans import PlanError

Choice = Literal["auto", "hypopg", "shadow", "none"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
EXTENSION: Final = "hypopg"


def open_hypopg(snapshot: Snapshot, database: str, dsn: str, connections: int) -> PlannerPool | Gap:
    """HypoPG on private connections to the target; the gap says why it cannot be had."""
    found = next(
        (e for e in snapshot.extensions if (e.database, e.name) == (database, EXTENSION)), None
    )
    if found is None or not found.installed_version:
        there = found is not None
        hint = f"CREATE EXTENSION {EXTENSION}; in {database}." if there else "Install its package."
        reason = f"the extension {EXTENSION} is not in database {database}"
        return _gap(database, reason, hint)
    version = parse_version(found.installed_version)
    where = f'planner of target "{snapshot.target}", database "{database}"'
    leaves = partitions(snapshot, database)
    planners: list[HypoPlanner] = []
    try:
        for _ in range(max(connections, 1)):
            explainer = Explainer.connect(dsn, database=database, where=where)
            planners.append(
                HypoPlanner(
                    explainer, schema=found.schema or "public", version=version, leaves=leaves
                )
            )
    except (TargetError, PlanError) as error:
        if not planners:
            return _gap(database, f"{error.primary}: {error.detail}", error.hint)
    return PlannerPool(planners)


class Planners:
    """The planners of a snapshot's databases, each closed when the next one is asked for.

    Without a dsn the target is not asked: a snapshot file has no server.
    """

    def __init__(
        self, snapshot: Snapshot, dsn: str | None, connections: int, choice: Choice
    ) -> None:
        self._snapshot = snapshot
        self._dsn = dsn
        self._connections = connections
        self._choice = choice
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def of(self, database: str) -> PlannerPool | Gap:
        """The planner of a database, or the gap that says why there is none."""
        if self._dsn is None:
            return _gap(database, "HypoPG needs the server, and there is only a snapshot")
        # The connections are for all databases together, which are asked one after another.
        self._stack.close()
        found = open_hypopg(self._snapshot, database, self._dsn, self._connections)
        if isinstance(found, PlannerPool):
            self._stack.enter_context(found)
        return found


def partitions(snapshot: Snapshot, database: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The leaves of each partitioned table, since an index is pretended on each of them."""
    children: dict[tuple[str, str], list[tuple[tuple[str, str], bool]]] = {}
    for r in snapshot.relations:
        if r.database == database and r.is_partition and r.parent_name:
            parent = (r.parent_schema or "", r.parent_name)
            children.setdefault(parent, []).append(((r.schema, r.name), r.kind == "p"))

    def below(place: tuple[str, str]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for child, has_parts in children.get(place, ()):
            found += below(child) if has_parts else [child]
        return found

    return {parent: below(parent) for parent in children}


def _gap(database: str, reason: str, hint: str = "") -> Gap:
    return Gap(source=f"planner:{database}", reason=reason, hint=hint)


def refused(database: str, error: AdvisorError) -> Gap:
    """The gap that an error of a planner leaves."""
    reason = f"{error.primary}: {error.detail}" if error.detail else error.primary
    return _gap(database, reason, error.hint)
