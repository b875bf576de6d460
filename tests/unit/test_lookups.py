"""The parts of N+1: which mapper wrote a text, what a column means, what regression says."""

from __future__ import annotations

from random import Random

import pytest

from pgtune_advisor.rules.facts.lookup_keys import Keys
from pgtune_advisor.rules.facts.lookups import LookupFacts
from pgtune_advisor.rules.facts.regression import last_column
from pgtune_advisor.sqltext import locks_rows, mapper_of
from unit.fact_contexts import make_context
from unit.nplus_corpus import FOLDER, Server, recording

LABELLED = [p.stem for p in sorted(FOLDER.glob("*.json")) if recording(p.stem).labels]
MAPPERS = {
    "django": "Django",
    "sqlalchemy": "SQLAlchemy",
    "peewee": "Peewee",
    "sequelize": "Sequelize",
    "typeorm": "TypeORM",
}


@pytest.mark.parametrize("name", LABELLED)
def test_the_mapper_of_what_real_ones_wrote(name: str) -> None:
    expected = MAPPERS.get(name.partition("_")[0])
    for text in Server.of([name], "windows").labelled().values():
        found = mapper_of(text)
        assert (found.name if found else None) == expected, text


# As the projects' own documentation and logs show them.
@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("Rails", 'SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2'),
        ("Rails", 'SELECT COUNT(*) FROM "comments" WHERE "comments"."post_id" = $1'),
        ("Rails", 'SELECT 1 AS one FROM "likes" WHERE "likes"."post_id" = $1 LIMIT $2'),
        ("Hibernate", "select o1_0.id,o1_0.name from orders o1_0 where o1_0.id=$1"),
        (
            "Hibernate",
            "select user0_.id as id1_0_0_, user0_.name as name2_0_0_ from users user0_"
            " where user0_.id=$1",
        ),
        (
            "Prisma",
            'SELECT "public"."User"."id", "public"."User"."name" FROM "public"."User"'
            ' WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
        ),
        (
            "SQLAlchemy",
            "SELECT users.id AS users_id, users.name AS users_name \nFROM users \n"
            "WHERE users.id = $1",
        ),
        (None, "SELECT id, name FROM users WHERE id = $1"),
        (None, "SELECT u.id, u.name FROM users u WHERE u.id = $1"),
        (None, "SELECT o.id FROM orders AS o JOIN users ON users.id = o.user_id WHERE o.id = $1"),
        (None, 'SELECT u.id FROM "Users" u WHERE u.id = $1'),
    ],
)
def test_the_mapper_of_what_others_are_known_to_write(expected: str | None, text: str) -> None:
    found = mapper_of(text)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("text", "locks"),
    [
        ("SELECT * FROM jobs LIMIT 5 FOR UPDATE SKIP LOCKED", True),
        ("SELECT * FROM t WHERE id = $1 for no key update", True),
        ("SELECT * FROM (SELECT 1 FROM t FOR SHARE) x", True),
        ("SELECT substring(a FROM 1 FOR 3) FROM t -- FOR UPDATE", False),
        ('SELECT "for" "update" FROM t', False),
    ],
)
def test_what_locks_rows(text: str, locks: bool) -> None:
    assert locks_rows(text) == locks


def test_regression_finds_the_slope_beside_the_rest() -> None:
    rng = Random(1)
    calls = [float(rng.randint(5, 50)) for _ in range(20)]
    rows = [c * rng.uniform(5, 20) for c in calls]
    values = [0.7 * r + 3 * c + rng.gauss(0, 1) for r, c in zip(rows, calls, strict=True)]
    share = last_column([[1.0] * 20, calls, rows], values, [1.0] * 20)
    assert share is not None
    assert share.slope == pytest.approx(0.7, abs=0.01)
    assert share.explained > 0.99
    assert share.chance < 1e-12


def test_regression_calls_chance_by_its_name() -> None:
    """Of columns that have no part, a share p has a chance below p."""
    rng = Random(2)
    chances = []
    for _ in range(400):
        columns = [[1.0] * 12, *([rng.gauss(0, 1) for _ in range(12)] for _ in range(2))]
        share = last_column(columns, [rng.gauss(0, 1) for _ in range(12)], [1.0] * 12)
        assert share is not None
        chances.append(share.chance)
    for bar in (0.05, 0.25, 0.5, 0.9):
        assert sum(one < bar for one in chances) / 400 == pytest.approx(bar, abs=0.07)


def test_regression_refuses_what_the_others_make_up() -> None:
    ones, calls = [1.0] * 10, [float(n) for n in range(10)]
    assert last_column([ones, calls, [20 * c for c in calls]], calls, ones) is None
    assert last_column([ones, calls], calls[:1], ones[:1]) is None


def test_what_a_column_means() -> None:
    context = make_context(
        columns=[
            {"table": table, "name": name}
            for table, name in (
                ("orders", "id"),
                ("profiles", "user_id"),
                ("users", "id"),
                ("blog_categories", "id"),
                ("blog_posts", "category_id"),
                ("notes", "userId"),
                ("notes", "external_id"),
            )
        ],
        constraints=[
            {"table": table, "name": f"{table}_pkey", "type": "p", "columns": [column]}
            for table, column in (
                ("orders", "id"),
                ("users", "id"),
                ("blog_categories", "id"),
                ("profiles", "user_id"),
            )
        ]
        + [
            {"table": "profiles", "columns": ["user_id"]}
            | {"foreign_table": "users", "foreign_columns": ["id"]}
        ],
    )
    found = Keys(context)

    def root(table: str, column: str) -> str | None:
        meant = found.root(("shop", "public", table, column))
        return None if meant is None else f"{meant[2]}.{meant[3]}"

    assert root("orders", "id") == "orders.id"
    assert root("profiles", "user_id") == "users.id"
    assert root("blog_posts", "category_id") == "blog_categories.id"
    assert root("notes", "userId") == "users.id"
    assert root("notes", "external_id") is None
    assert found.is_declared(("shop", "public", "profiles", "user_id"))
    assert not found.is_declared(("shop", "public", "notes", "userId"))


def test_the_log_alone_is_enough() -> None:
    """Without a single entry of pg_stat_statements, texts and all from the log."""
    look, lists = "SELECT name FROM users WHERE id = $1", "SELECT id, user_id FROM orders"
    context = make_context(
        relations=[{"name": "orders"}, {"name": "users"}],
        columns=[
            {"table": table, "name": name}
            for table, name in (
                ("orders", "id"),
                ("orders", "user_id"),
                ("users", "id"),
                ("users", "name"),
            )
        ],
        constraints=[
            {"table": "users", "name": "users_pkey", "type": "p", "columns": ["id"]},
            {"table": "orders", "columns": ["user_id"]}
            | {"foreign_table": "users", "foreign_columns": ["id"]},
        ],
        log_bursts=[
            {"database": "shop", "user": "app", "child_text": look, "parent_text": lists}
            | {"route": "/orders", "bursts": 9, "calls": 90, "transactions": 9, "parent_runs": 9}
            | {"child_seen": 120, "parent_seen": 10, "total_ms": 9.0, "elapsed_ms": 90.0}
        ],
    )
    [row] = [one for one in LookupFacts.build(context) if isinstance(one, LookupFacts)]
    assert (row.calls, row.bursts, row.burst_share, row.route) == (120, 9, 0.9, "/orders")
    assert row.round_trip_is_measured
    assert row.round_trip_ms == pytest.approx((90.0 - 9.0 * 0.9) / 81)
    assert row.round_trips == 81
    assert row.batched_sql == "SELECT name, id FROM users WHERE id = ANY($1::int[])"
