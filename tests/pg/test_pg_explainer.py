"""The private connection that plans: what it gives, and each reason why it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgtune_advisor.pg.explainer import Explainer
from pgtune_advisor.plans import PlanError
from plugins.databases import Database


@pytest.fixture
def explainer(database: Database) -> Iterator[Explainer]:
    database.execute(
        "CREATE TABLE item (id bigint PRIMARY KEY, kind text, price numeric);"
        "INSERT INTO item SELECT i, 'k' || i % 7, i FROM generate_series(1, 1000) AS i;"
        "ANALYZE item"
    )
    with Explainer.connect(database.dsn) as found:
        yield found


def test_plans_without_running(explainer: Explainer) -> None:
    plan = explainer.explain("DELETE FROM item WHERE id = 5")
    assert plan.indexes == {"item_pkey"}
    assert explainer.ask("SELECT count(*) FROM item") == [("1000",)]


def test_describes_with_types_and_parameters(explainer: Explainer) -> None:
    found = explainer.describe("SELECT * FROM item WHERE kind = $1 AND price > $2")
    assert found.types == ("text", "numeric")
    (scan,) = found.plan.root.walk()
    assert (scan.schema, scan.relation) == ("public", "item")
    assert "$1" in scan.conditions["Filter"]
    assert "$2" in scan.conditions["Filter"]
    # The session is as before: the same name can be used again.
    assert explainer.describe("SELECT 1").types == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT * FROM nowhere", "object-missing"),
        ("SELECT colour FROM item", "object-missing"),
        ("SELECT * FROM", "cannot-prepare"),
        ("SELECT 1; DROP TABLE item", "cannot-prepare"),
        ("SELECT 'x'::int", "cannot-prepare"),
        ("VACUUM item", "cannot-prepare"),
    ],
)
def test_says_why_there_is_no_plan(explainer: Explainer, text: str, reason: str) -> None:
    with pytest.raises(PlanError) as caught:
        explainer.explain(text)
    assert caught.value.reason == reason
    assert explainer.explain("SELECT 1").cost >= 0


def test_a_locked_table_is_not_waited_for(explainer: Explainer, database: Database) -> None:
    with database.connect() as other:
        other.execute("BEGIN; LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PlanError) as caught:
            explainer.explain("SELECT * FROM item")
    assert caught.value.reason == "plan-locked"


def test_a_role_that_may_not_plan(database: Database, explainer: Explainer) -> None:
    role = database.create_role()
    explainer.ask(f"SET ROLE {role}")
    with pytest.raises(PlanError) as caught:
        explainer.explain("SELECT * FROM item")
    assert caught.value.reason == "plan-denied"


def test_a_lost_connection_says_so(explainer: Explainer, database: Database) -> None:
    (row,) = explainer.ask("SELECT pg_backend_pid()")
    database.execute(f"SELECT pg_terminate_backend({row[0]})")
    with pytest.raises(PlanError) as caught:
        explainer.explain("SELECT 1")
    assert caught.value.reason == "planner-lost"
