"""A shop on a server with HypoPG, and index advice on it as the command line gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.advise.indexes.advisor import WhatIf
from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import lifetime
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.planner.open import Choice, Planners
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.loader import load_rules
from pgtune_advisor.settings import TargetSection
from plugins.databases import Database
from plugins.pool import ServerPool
from plugins.servers import LOCAL, MAJORS

EXTENSION = "hypopg"
_PATIENCE = 1000
SHOP = (
    f"CREATE EXTENSION {EXTENSION}",
    "CREATE TABLE customers (id int PRIMARY KEY, email text, name varchar(60), region int)",
    "INSERT INTO customers SELECT i, 'User' || i || '@x.example', 'n' || i % 9000, i % 50"
    " FROM generate_series(1, 20000) AS i",
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,"
    " seller_id int, status text, at timestamptz, total numeric, flag boolean, note text,"
    ' tags text[], doc jsonb, "Key Column" int)',
    "INSERT INTO orders SELECT i, 1 + i * 7919 % 20000, i * 31 % 3000,"
    " CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END,"
    " '2026-01-01'::timestamptz + (i * 7 % 60000) * interval '1 min', i % 1000, i % 200 = 0,"
    " 'note ' || i, ARRAY['t' || i % 500], jsonb_build_object('k', i % 500), i % 4000"
    " FROM generate_series(1, 60000) AS i",
    "CREATE TABLE tiny (id int, kind int)",
    "INSERT INTO tiny SELECT i, i FROM generate_series(1, 200) AS i",
    "CREATE TABLE fresh (id int, kind int, pad text)",
    "INSERT INTO fresh SELECT i, i, repeat('x', 100) FROM generate_series(1, 20000) AS i",
    "CREATE TABLE events (id bigint, device int, at date, payload text) PARTITION BY RANGE (at)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
    "INSERT INTO events SELECT i, i % 4000, date '2026-01-01' + i % 59, repeat('p', 50)"
    " FROM generate_series(1, 40000) AS i",
    "VACUUM ANALYZE customers, orders, tiny, events_1, events_2",
    "ANALYZE events",
)


@dataclass(kw_only=True)
class Advised:
    """A database whose indexes are advised on; `snapshot` is read when it is first wanted."""

    dsn: str
    choice: Choice = "hypopg"
    connections: int = 1
    _snapshot: list[Snapshot] = field(default_factory=list)

    @property
    def snapshot(self) -> Snapshot:
        if not self._snapshot:
            self._snapshot.append(self.read())
        return self._snapshot[0]

    def read(self) -> Snapshot:
        target = TargetSection(name="live", dsn=self.dsn)
        with Collector(target, QueryBook.load([])) as collector:
            return collector.full(values=True)

    def ask(
        self,
        *texts: str | QueryFile,
        budget: int | None = None,
        expired: Callable[[], bool] = lambda: False,
    ) -> Report:
        """What is said of these statements; without any, of those of pg_stat_statements."""
        queries = [
            text if isinstance(text, QueryFile) else QueryFile(name=f"q{number}", text=text)
            for number, text in enumerate(texts, 1)
        ]
        book = load_rules([rules_dir()], Catalogue())
        with Planners(self.snapshot, self.dsn, self.connections, self.choice) as planners:
            return evaluate(
                self.snapshot,
                lifetime(self.snapshot),
                book,
                now=self.snapshot.taken_at,
                advisor_version="0",
                what_if=WhatIf(
                    planner=planners.of,
                    expired=expired,
                    elapsed_ms=lambda: 0.0,
                    budget=budget,
                    queries=tuple(queries) or None,
                ),
            )


def proposed(report: Report) -> list[Recommendation]:
    """The recommendations of missing indexes."""
    return [one for one in report.recommendations if "missing-index" in one.rules]


def indexes(report: Report) -> list[str]:
    """What the proposed indexes are, as `orders (customer_id, at) INCLUDE (total)`, sorted."""
    titles = (one.title.removeprefix("Index public.") for one in proposed(report))
    return sorted(title.replace(" USING btree", "") for title in titles)


def statements(report: Report) -> list[str]:
    """All SQL of the proposed indexes."""
    return [change.sql or "" for one in proposed(report) for change in one.changes]


def refused(report: Report, name: str) -> set[str]:
    """Why the advice says no to a statement, or to a table."""
    return {r.reason for r in report.rejected if r.subject.name == name}


def gaps(report: Report) -> dict[str, str]:
    """The gaps of index advice: reason by the source's kind."""
    kinds = ("planner", "parameters", "index_advice")
    found = ((gap.source.partition(":")[0], gap.reason) for gap in report.gaps)
    return {source: reason for source, reason in found if source in kinds}


@pytest.fixture(scope="module")
def shop_database(pytestconfig: pytest.Config, server_pool: ServerPool) -> Iterator[Database]:
    """The shop; read only. It needs the marker `extension("hypopg")`."""
    local = pytestconfig.stash[LOCAL]
    fitting: Sequence[int] = [
        major
        for major in pytestconfig.stash[MAJORS]
        if major in local and local[major].has_extension(EXTENSION)
    ]
    with Database.create(server_pool.get(fitting[0])) as database:
        database.execute(*SHOP)
        _make_visible(database)
        yield database


def _make_visible(database: Database) -> None:
    """Vacuum until all pages are all-visible: an automatic ANALYZE beside it may hold that up, and
    without it no index-only scan is worth a thing."""
    left = "SELECT sum(relpages - relallvisible) FROM pg_class WHERE relname IN ({})"
    tables = ("customers", "orders")
    with database.connect() as connection:
        for _ in range(_PATIENCE):
            query = left.format(", ".join(f"'{name}'" for name in tables))
            row = connection.execute(query.encode()).fetchone()
            if row == (0,):
                return
            connection.execute(f"VACUUM {', '.join(tables)}".encode())
        held = connection.execute(
            "SELECT relname, relpages, relallvisible FROM pg_class WHERE relname = ANY (%s)",
            [list(tables)],
        ).fetchall()
        pytest.fail(f"the shop's tables do not become all-visible: {held}")


@pytest.fixture(scope="module")
def shop(shop_database: Database) -> Advised:
    """Index advice on the shop."""
    return Advised(dsn=shop_database.dsn)
