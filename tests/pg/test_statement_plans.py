"""The target's own plans of its statements: few, bounded, never run; what facts make of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pgtune_advisor.advise.statement_plans import explain_statements
from pgtune_advisor.cli.statement_plans import statement_plans
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.plan_observations import StatementPlans
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.window import Window, between
from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.predicates import PredicateFacts
from pgtune_advisor.rules.facts.statements import StatementFacts
from pgtune_advisor.settings import TargetSection
from plugins.databases import Database

SETUP = (
    "CREATE TABLE item (id bigint PRIMARY KEY, kind text, at timestamptz NOT NULL)",
    "INSERT INTO item SELECT i, 'k' || i % 7, '2027-01-01'::timestamptz + i * interval '1 min'"
    " FROM generate_series(1, 20000) AS i",
    "CREATE SEQUENCE touched",
    "CREATE FUNCTION touch(n bigint) RETURNS bigint LANGUAGE sql AS"
    " $$ SELECT nextval('touched') + n $$",
    "VACUUM ANALYZE item",
)
SECRET = "s3cret"
WORK = (
    "SELECT kind FROM item ORDER BY id LIMIT 10 OFFSET 15000",
    "SELECT id FROM item ORDER BY kind, id LIMIT 10 OFFSET 15000",
    "SELECT kind FROM item WHERE date_trunc('day', at) = '2027-01-05'",
    "SELECT kind FROM item WHERE id = 77::numeric",
    "SELECT at FROM item WHERE id = 77",
    f"SELECT id FROM item WHERE kind LIKE '%{SECRET}%'",
    "SELECT touch(id) FROM item WHERE id < 5",
    "DELETE FROM item WHERE id = 5",
    "SELECT id FROM item, gone WHERE id = n",
)


def observed(database: Database) -> tuple[Snapshot, Window]:
    database.execute(*SETUP, "CREATE TABLE gone (n bigint)", "INSERT INTO gone VALUES (1)")
    with Collector(TargetSection(name="t", dsn=database.dsn), QueryBook.load([])) as collector:
        first = collector.full()
        database.execute(*WORK, "DROP TABLE gone")
        second = collector.full(values=True)
    return second, between(first, second)


def test_plans_of_a_target(database: Database) -> None:
    snapshot, window = observed(database)
    plans = statement_plans(snapshot, window, database.dsn)
    context = Context(snapshot=snapshot, window=window, now=snapshot.taken_at, plans=plans)
    facts = {row.statement_text: row for row in StatementFacts.build(context)}
    with database.connect() as connection:
        # Once by the workload, and never by a plan; the row is gone once as well.
        assert connection.execute("SELECT last_value FROM touched").fetchone() == (4,)
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (19999,)
    by_key = facts["SELECT kind FROM item ORDER BY id LIMIT $1 OFFSET $2"]
    assert by_key.sorts_pages is False
    assert "Index Scan using item_pkey on public.item" in by_key.plan
    assert by_key.rewrite == "SELECT kind FROM item WHERE id > $2::bigint ORDER BY id LIMIT $1"
    by_sort = facts["SELECT id FROM item ORDER BY kind, id LIMIT $1 OFFSET $2"]
    assert by_sort.sorts_pages is True
    assert by_sort.rewrite_refused == "nullable"
    gone = facts["SELECT id FROM item, gone WHERE id = n"]
    assert (gone.plan, gone.plan_missing) == ("", "object-missing")
    assert any("object-missing 1: query id" in gap.reason for gap in plans.gaps)
    assert SECRET not in repr(plans)
    _predicates(context)


def _predicates(context: Context) -> None:
    found = {(row.statement_text, row.column): row for row in PredicateFacts.build(context)}
    cast = found["SELECT kind FROM item WHERE id = $1::numeric", "id"]
    assert (cast.plan_reads, cast.implicit_cast, cast.other_type) == ("whole", True, "numeric")
    assert "id = $1::numeric::bigint" in cast.rewrite
    lookup = found["SELECT at FROM item WHERE id = $1", "id"]
    assert (lookup.plan_reads, lookup.implicit_cast) == ("index", False)
    pattern = found["SELECT id FROM item WHERE kind LIKE $1", "kind"]
    assert pattern.plan_reads == "whole"
    (truncated,) = (row for (text, _), row in found.items() if "date_trunc" in text)
    assert truncated.plan_reads == "whole"
    assert "quarter" in truncated.rewrite_notes


def test_a_look_up_that_reads_the_table_may_be_bound_with_another_type(
    newest_database: Database,
) -> None:
    """A driver's parameter types are in no statistics: the plan and the reads disagree."""
    database = newest_database
    database.execute(*SETUP)
    with Collector(TargetSection(name="t", dsn=database.dsn), QueryBook.load([])) as collector:
        first = collector.full()
        with database.connect() as connection:
            for _ in range(3):
                connection.execute("SELECT at FROM item WHERE id = %s", (Decimal(77),))
        second = collector.full(values=True)
    window = between(first, second)
    plans = statement_plans(second, window, database.dsn)
    context = Context(snapshot=second, window=window, now=second.taken_at, plans=plans)
    (row,) = (r for r in PredicateFacts.build(context) if r.table == "item" and r.column == "id")
    assert (row.plan_reads, row.implicit_cast) == ("index", None)
    (without,) = (
        r
        for r in PredicateFacts.build(replace(context, plans=None))
        if r.table == "item" and r.column == "id"
    )
    assert without.implicit_cast is False


def test_bounds(newest_database: Database) -> None:
    snapshot, window = observed(newest_database)
    context = Context(snapshot=snapshot, window=window, now=snapshot.taken_at)
    dsn = newest_database.dsn
    few = _explained(context, dsn, most=2)
    assert len(few.plans) == 2
    late = _explained(context, dsn, expired=True)
    assert {plan.reason for plan in late.plans} == {"not-reached"}
    assert all(plan.seen is None for plan in late.plans)
    none = explain_statements(
        context, lambda name: Gap(source=f"statement_plans:{name}", reason="no"), lambda: False
    )
    assert none.plans == ()
    assert [gap.reason for gap in none.gaps] == ["no"]


def _explained(
    context: Context, dsn: str, *, most: int = 50, expired: bool = False
) -> StatementPlans:
    with Explainer.connect(dsn) as explainer:
        return explain_statements(context, lambda _: explainer, lambda: expired, most=most)


@pytest.mark.parametrize("way", ["role", "server"])
def test_what_cannot_be_planned_is_named(newest_database: Database, way: str) -> None:
    snapshot, window = observed(newest_database)
    if way == "role":
        role = newest_database.create_role(member_of=("pg_monitor",))
        plans = statement_plans(snapshot, window, newest_database.dsn_as(role))
        assert "plan-denied" in {plan.reason for plan in plans.plans}
        assert any("plan-denied" in gap.reason for gap in plans.gaps)
    else:
        plans = statement_plans(snapshot, window, f"{newest_database.dsn} port=1")
        assert plans.plans == ()
        assert [gap.source for gap in plans.gaps] == [f"statement_plans:{newest_database.name}"]
