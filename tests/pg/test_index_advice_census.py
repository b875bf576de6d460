"""Every statement that ran is planned, named with its reason, or counted by what it is."""

from __future__ import annotations

import re

import pytest
from psycopg.conninfo import make_conninfo

from pgtune_advisor.domain.recommendations import Report
from plugins.databases import ROLE_PASSWORD, Database
from plugins.index_advice import SHOP, Advised, proposed

pytestmark = pytest.mark.extension("hypopg")

_STATEMENTS = (
    "SELECT * FROM orders WHERE seller_id = 5",
    "SELECT total FROM orders WHERE id = 5",
    "SELECT count(*) FROM orders WHERE note LIKE 'x'",
    "SELECT 1 + 2",
    "SELECT relname FROM pg_catalog.pg_class WHERE oid = 5",
    "SELECT table_name FROM information_schema.tables",
    "CREATE TEMPORARY TABLE basket (id int)",
    "INSERT INTO basket SELECT i FROM generate_series(1, 9) AS i",
    "SELECT * FROM basket WHERE id = 1",
    "INSERT INTO tiny VALUES (1, 2)",
    "UPDATE orders SET total = 1 WHERE seller_id = 7",
    "BEGIN",
    "DECLARE c CURSOR FOR SELECT * FROM orders",
    "FETCH 3 FROM c",
    "COMMIT",
    "EXPLAIN SELECT * FROM orders WHERE seller_id = 5",
    "VACUUM tiny",
)


def counted(report: Report) -> dict[str, int]:
    """What the report says no index was sought for."""
    (line,) = (gap.reason for gap in report.gaps if gap.reason.startswith("no index was sought"))
    match = re.fullmatch(r"no index was sought for (\d+) statements: (.*)", line)
    assert match is not None
    parts = [part.split(" ", 1) for part in match[2].split(", ")]
    found = {what: int(number) for number, what in parts}
    assert int(match[1]) == sum(found.values())
    return found


def accounted(report: Report) -> set[str]:
    """The statements that are named, or that a proposed index serves."""
    refused = {str(one.subject.name) for one in report.rejected if one.subject.kind == "statement"}
    served = (statement for one in proposed(report) for statement in one.impact.statements)
    return refused | {str(statement.query_id) for statement in served}


def test_what_is_planned_named_and_counted_is_all(newest_database: Database) -> None:
    newest_database.execute(*SHOP)
    newest_database.execute("SELECT pg_stat_statements_reset()")
    with newest_database.connect() as connection:
        for text in _STATEMENTS:
            connection.execute(text.encode())
    advised = Advised(dsn=newest_database.dsn)
    report = advised.ask()
    found = counted(report)
    assert found["on system catalogues alone"] >= 2
    assert found["that read no table"] >= 1
    assert found["utility commands"] >= 7
    rows = advised.snapshot.statements
    mine = {row.query_id for row in rows if row.database == newest_database.name and row.calls}
    assert len(mine) == len(accounted(report)) + sum(found.values())


def test_statements_of_others_that_may_not_be_seen_are_a_gap(
    newest_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest_database.execute(*SHOP)
    newest_database.execute(*_STATEMENTS[:3])
    role = newest_database.create_role(member_of=("pg_read_all_data",))
    monkeypatch.setenv("PGPASSWORD", ROLE_PASSWORD)
    report = Advised(dsn=make_conninfo(newest_database.dsn, user=role)).ask()
    assert (
        "the statements of other roles are hidden"
        in {gap.source: gap.reason for gap in report.gaps}["statements"]
    )


def test_without_a_planner_they_are_counted_as_well(newest_database: Database) -> None:
    newest_database.execute("CREATE TABLE orders (id int)", "SELECT pg_stat_statements_reset()")
    newest_database.execute("SELECT * FROM orders WHERE id = 5", "VACUUM orders")
    report = Advised(dsn=newest_database.dsn).ask()
    assert report.planner.kind == "none"
    assert counted(report)["utility commands"] >= 1
