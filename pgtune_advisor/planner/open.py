"""Which planner a database gets: HypoPG where it has it, else a shadow, else none and why."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Final, Literal, Self, get_args

from pgtune_advisor.advise.index_size import SizeModel
from pgtune_advisor.advise.indexes.values import value_facts_of
from pgtune_advisor.advise.whatif import Planner
from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.queries import parse_version
from pgtune_advisor.planner.hybrid import HybridPlanner
from pgtune_advisor.planner.hypopg import HypoPlanner
from pgtune_advisor.planner.pool import PlannerPool
from pgtune_advisor.planner.shadow_keeper import ShadowKeeper
from pgtune_advisor.planner.shadow_planner import ShadowPlanner
from pgtune_advisor.plans import PlanError

Choice = Literal["auto", "hypopg", "shadow", "none"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
EXTENSION: Final = "hypopg"
MOST_CONNECTIONS: Final = 2


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
            explainer = Explainer.connect(
                dsn, database=database, where=where, settings=search_path(snapshot, database)
            )
            planners.append(
                HypoPlanner(
                    explainer, schema=found.schema or "public", version=version, leaves=leaves
                )
            )
    except (TargetError, PlanError) as error:
        if not planners:
            return _gap(database, f"{error.primary}: {error.detail}", error.hint)
    return PlannerPool(planners)


def open_shadow(
    snapshot: Snapshot, database: str, dsn: str | None, connections: int, keeper: ShadowKeeper
) -> PlannerPool | Gap:
    """Planners in a shadow of the database; the gap says why it cannot be had.

    With a dsn the target's own plans are asked for, to see how faithful the shadow is.
    """
    sizes = SizeModel.of(snapshot, database, values=value_facts_of(snapshot, database))
    planners: list[ShadowPlanner] = []
    with ExitStack() as stack:
        try:
            shadow = keeper.get(snapshot, database, sessions=max(connections, 1))
            target = None
            if dsn is not None:
                where = f'planner of target "{snapshot.target}", database "{database}"'
                path = search_path(snapshot, database)
                explainer = Explainer.connect(dsn, database=database, where=where, settings=path)
                target = stack.enter_context(explainer).explain
            for number in range(max(connections, 1)):
                planner = ShadowPlanner(
                    shadow,
                    size=sizes.size,
                    number=number,
                    target=target,
                    settings=search_path(snapshot, database),
                )
                stack.callback(planner.close)
                planners.append(planner)
        except (AdvisorError, PlanError) as error:
            return refused(database, error)
        return PlannerPool(planners, gaps=shadow.gaps(), held=stack.pop_all())


class Planners:
    """The planners of a snapshot's databases, each closed when the next one is asked for.

    Without a dsn the target is not asked: a snapshot file has no server. Without a `keeper` the
    shadows that are made go with them. `connections` are what the target allows in all.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        dsn: str | None,
        connections: int,
        choice: Choice,
        keeper: ShadowKeeper | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._dsn = dsn
        self._allowed = max(connections, 1)
        self._connections = min(self._allowed, MOST_CONNECTIONS)
        self._choice = choice
        self._stack = ExitStack()
        self._keeper = keeper or self._stack.enter_context(ShadowKeeper())
        self._open = self._stack.enter_context(ExitStack())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def of(self, database: str) -> Planner | Gap:
        """The planner of a database, or the gap that says why there is none.

        Databases are asked one after another, and share the connections.
        """
        self._open.close()
        if self._choice == "none":
            return _gap(database, "no planner was asked for (--planner none)")
        if self._choice == "shadow":
            return self._shadow(database)
        # A shadow beside HypoPG compares itself over a connection of its own.
        alone = self._choice == "hypopg" or self._allowed == 1
        first = self._hypopg(database, self._connections if alone else self._allowed - 1)
        if self._choice == "hypopg":
            return first
        if isinstance(first, Gap):
            second = self._shadow(database)
            if isinstance(second, Gap):
                return _gap(database, f"{first.reason}; {second.reason}", second.hint or first.hint)
            return second
        if alone:
            return first
        # Few statements go to the second: one session is made sooner than several.
        made = HybridPlanner(first, lambda: self._shadow(database, 1))
        return self._open.enter_context(made)

    def _hypopg(self, database: str, connections: int) -> PlannerPool | Gap:
        if self._dsn is None:
            return _gap(database, "HypoPG needs the server, and there is only a snapshot")
        connections = min(connections, MOST_CONNECTIONS)
        found = open_hypopg(self._snapshot, database, self._dsn, connections)
        if isinstance(found, PlannerPool):
            self._open.callback(found.close)
        return found

    def _shadow(self, database: str, sessions: int | None = None) -> PlannerPool | Gap:
        count = self._connections if sessions is None else sessions
        found = open_shadow(self._snapshot, database, self._dsn, count, self._keeper)
        if isinstance(found, PlannerPool):
            self._open.callback(found.close)
        return found


def search_path(snapshot: Snapshot, database: str) -> dict[str, str]:
    """A search_path over every schema with tables or extensions, the usual ones first.

    Statements name tables as their application's path finds them, and nobody recorded that: a
    name that two schemas have means the first of them.
    """
    schemas = {r.schema for r in snapshot.relations if r.database == database}
    schemas |= {e.schema for e in snapshot.extensions if e.database == database and e.schema}
    rest = sorted(schemas - {"public", "pg_catalog", "information_schema"})
    return {"search_path": ", ".join(['"$user"', "public", *map(quote_ident, rest)])}


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
