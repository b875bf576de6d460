"""What can be seen on a target, what cannot, why, and which rights would help."""

from __future__ import annotations

from dataclasses import dataclass

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.server import Host
from pgtune_advisor.domain.snapshot import DATA_TABLES, DATABASE, LOG_TABLES, Gap, row_tables
from pgtune_advisor.pg.grants import Grant, missing_grants
from pgtune_advisor.pg.helpers import helper_script
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.settings import TargetSection

_BEYOND_TABLES = ("server", "host", DATABASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of facts. `rows` is None for what is not a table; gaps may leave a part unseen."""

    name: str
    about: str
    seen: bool
    rows: int | None
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The answer of doctor. `helper_script` is empty where no helper would show more."""

    target: str
    server_version: str
    in_recovery: bool
    role: str
    is_superuser: bool
    databases: tuple[str, ...]
    host: Host
    sources: tuple[Source, ...]
    grants: tuple[Grant, ...]
    helper_script: str


def examine(target: TargetSection, queries: QueryBook) -> Examination:
    """Read the target once, and tell what was seen. TargetError where it cannot be reached."""
    with Collector(target, queries) as collector:
        snapshot = collector.full()
        capabilities = collector.capabilities
    assert capabilities is not None
    gaps = snapshot.gaps
    sources = [
        Source(
            name=table,
            about=queries.about(table),
            seen=table in snapshot.collected,
            rows=len(getattr(snapshot, table)),
            gaps=tuple(gap for gap in gaps if gap.head == table),
        )
        for table in row_tables()
        if table not in DATA_TABLES | LOG_TABLES
    ]
    for name in _BEYOND_TABLES:
        mine = tuple(gap for gap in gaps if gap.head == name)
        sources += [Source(name=name, about="", seen=not mine, rows=None, gaps=mine)]
    grants = missing_grants(capabilities)
    return Examination(
        target=target.name,
        server_version=snapshot.server.version,
        in_recovery=snapshot.server.in_recovery,
        role=capabilities.access.role,
        is_superuser=capabilities.access.is_superuser,
        databases=tuple(capabilities.databases),
        host=snapshot.host,
        sources=tuple(sources),
        grants=grants,
        helper_script=helper_script(capabilities.access.role)
        if any(grant.helper for grant in grants)
        else "",
    )
