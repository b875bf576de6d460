"""Shapes: tables, scopes, what is written, limits, orders, and commands with a query inside."""

from __future__ import annotations

import pytest

from pgtune_advisor.sqltext import OffsetClause, Predicate, Shape, TableCatalog, shape_of
from pgtune_advisor.sqltext.shape import Bound, Kind

USERS = {"id": "integer", "org_id": "integer", "email": "text", "created_at": "timestamptz"}
ORGS = {"id": "bigint", "title": "text", "owner": "integer"}
CATALOG = TableCatalog(
    tables={
        ("public", "users"): USERS,
        ("public", "orgs"): ORGS,
        ("app", "logs"): {"line": "text"},
    },
    search_path=("public",),
    homes={"users": ("public",), "orgs": ("public",), "logs": ("app",)},
)


def shape(text: str, catalog: TableCatalog | None = CATALOG) -> Shape:
    found = shape_of(text, catalog)
    assert isinstance(found, Shape), found
    return found


def names(found: Shape) -> list[str]:
    return [table.alias or table.name for table in found.tables]


def sites(predicates: tuple[Predicate, ...]) -> list[str]:
    """`alias.column` of each predicate, `?` where the table is not known."""
    return [f"{p.table.alias or p.table.name if p.table else '?'}.{p.column}" for p in predicates]


@pytest.mark.parametrize(
    ("text", "kind", "tables", "written"),
    [
        ("select * from users u, orgs", "select", ["u", "orgs"], []),
        ("insert into users (id) values ($1),($2)", "insert", ["users"], ["users"]),
        ("insert into users select * from orgs", "insert", ["users", "orgs"], ["users"]),
        ("update users set id = 1 from orgs o, logs", "update", ["users", "o", "logs"], ["users"]),
        ("delete from users u using orgs", "delete", ["u", "orgs"], ["u"]),
        (
            "merge into users u using (select * from orgs) o on o.id = u.id "
            "when matched then delete",
            "merge",
            ["u", "orgs"],
            ["u"],
        ),
        ("values (1, (select id from users))", "select", ["users"], []),
        ("with w as (delete from users returning id) table w", "select", ["users"], ["users"]),
        ("with w as (select 1) insert into orgs select * from w", "insert", ["orgs"], ["orgs"]),
        ("select * from (users join orgs on true) left join logs on true", "select",
         ["users", "orgs", "logs"], []),
        ("(select 1 from users) union all select 2 from orgs", "select", ["users", "orgs"], []),
        ("select (select max(id) from orgs) from users", "select", ["users", "orgs"], []),
        ("select * from users, lateral (select * from orgs) o", "select", ["users", "orgs"], []),
        ("select * from generate_series(1, (select id from users)) g", "select", ["users"], []),
        ("update users set id = 1 where current of c", "update", ["users"], ["users"]),
        ("select 1", "select", [], []),
    ],
)  # fmt: skip
def test_tables(text: str, kind: Kind, tables: list[str], written: list[str]) -> None:
    found = shape(text)
    assert found.kind == kind == found.command.lower()
    assert names(found) == tables
    assert [table.alias or table.name for table in found.writes] == written


def test_the_catalogue_tells_the_schema() -> None:
    assert [t.schema for t in shape("select * from users, logs, other").tables] == [
        "public",
        "app",
        None,
    ]
    assert shape("select * from x.users").tables[0].schema == "x"
    assert shape("select * from users", None).tables[0].schema is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from users where email = $1", ["users.email"]),
        ("select * from users u, orgs where title = $1 and u.id = 2", ["orgs.title", "u.id"]),
        ("select * from users, orgs where id = $1", ["?.id"]),
        ("select * from users, other where email = $1 and odd = 2", ["users.email", "other.odd"]),
        ("select * from users where exists (select 1 from orgs where title = email)",
         ["orgs.title", "users.email"]),
        ("select * from users where id in (select owner from orgs where org_id = $1)",
         ["users.id", "users.org_id"]),
        ("with users as (select 1 as id) select * from users where id = $1", ["?.id"]),
        ("with w as (select title from orgs) select 1 from users, w where email = title",
         ["users.email", "orgs.title"]),
        ("select * from (select id as x from users) s where x = $1", ["users.id"]),
        ("select * from users u join users v using (id) where id = 3", ["u.id", "v.id", "u.id"]),
        ("select * from users natural join orgs", ["users.id", "orgs.id"]),
        ("select * from users as u(a, b) where a = 1", ["?.a"]),
        ("select * from users u where u.org_id = $1 union select * from users where id = $2",
         ["u.org_id", "users.id"]),
        ("update users set id = 2 from orgs where owner = org_id and title = $1",
         ["orgs.owner", "users.org_id", "orgs.title"]),
        ("delete from users using orgs o where email = o.title", ["users.email", "o.title"]),
        ("select * from orgs o, lateral (select * from users where org_id = o.id) x",
         ["users.org_id", "o.id"]),
        ("insert into users select * from orgs where owner = $1", ["orgs.owner"]),
        ("select * from nowhere where a = $1 and b in (select c from nowhere where d = 1)",
         ["nowhere.a", "nowhere.b", "?.d"]),
    ],
)  # fmt: skip
def test_columns_are_found_where_they_certainly_belong(text: str, expected: list[str]) -> None:
    assert sites(shape(text).predicates) == expected


def test_without_a_catalogue_only_what_the_text_says() -> None:
    text = "select * from users u join orgs o on o.id = u.org_id where u.email = $1 and title = $2"
    assert sites(shape(text, None).predicates) == ["o.id", "u.org_id", "u.email", "?.title"]
    assert sites(shape("select * from users where email = $1", None).predicates) == ["users.email"]


@pytest.mark.parametrize(
    ("text", "limit", "offset"),
    [
        ("select 1 from users", None, None),
        ("select 1 from users limit 10 offset $1", "literal", ("parameter", False)),
        ("select 1 from users limit $1 offset 50000", "parameter", ("literal", False)),
        ("select 1 from users offset 50000 rows fetch next 10 rows only", "literal",
         ("literal", False)),
        ("select 1 from users order by 1 offset $1 rows fetch first 5 rows with ties", "literal",
         ("parameter", False)),
        ("select 1 from users limit all offset 0", None, None),
        ("select 1 from users limit $1 * 2 offset (select 1)", "expression",
         ("expression", False)),
        ("select count(*) from (select 1 from users offset $1) x", None, ("parameter", True)),
        ("select 1 union all select 2 limit 3 offset $1", "literal", ("parameter", False)),
    ],
)  # fmt: skip
def test_limit_and_offset(
    text: str, limit: Bound | None, offset: tuple[Bound, bool] | None
) -> None:
    found = shape(text)
    assert found.limit == limit
    expected = OffsetClause(value=offset[0], nested=offset[1]) if offset else None
    assert found.offset == expected


def test_order_by() -> None:
    found = shape(
        "select id, lower(email) as low, created_at from users "
        "order by created_at desc, 1, low nulls first, org_id desc nulls last"
    )
    assert [(k.column, k.expression, k.descending, k.nulls_first) for k in found.order_by] == [
        ("created_at", "created_at", True, True),
        ("id", "id", False, False),
        (None, "lower(email)", False, True),
        ("org_id", "org_id", True, False),
    ]
    assert {k.table.name for k in found.order_by if k.table} == {"users"}


def test_a_number_behind_a_star_stands_for_no_column_that_is_known() -> None:
    assert [k.column for k in shape("select *, id from users order by 2").order_by] == [None]


def test_group_by() -> None:
    found = shape("select org_id, date(created_at), count(*) from users group by 1, 2, email")
    assert [(k.column, k.expression) for k in found.group_by] == [
        ("org_id", "org_id"),
        (None, "date(created_at)"),
        ("email", "email"),
    ]


def test_several_statements_are_none() -> None:
    assert getattr(shape_of("select 1; select 2", None), "reason", "") == "several"
    assert getattr(shape_of("begin; select 2", None), "reason", "") == "several"


@pytest.mark.parametrize(
    "text",
    [
        'select name, value, type, format, final, year, sample, "user", t.date from t as qualify',
        "select operator, overriding, current, of, values_, system from t where operator = $1",
        "select top, map, struct from pivot where cluster = $1 and sort = $2",
        'select x::timestamp with time zone, y::double precision, z::oid[], w::"char" from t',
        "select a from t where a operator(pg_catalog.=) $1 and @ a > 3 and a <-> b < 2",
        "select sum(a) filter (where b) over (partition by c order by d rows 2 preceding) from t",
        "select percentile_cont(0.5) within group (order by a) from t group by rollup (b), c",
        "select array(select 1), (array[a, b])[1:2], (a).b, row(a, b) from t for update nowait",
        "insert into t as x (a) overriding system value values (1) on conflict (a) where b > 1 "
        "do update set b = excluded.b where x.b < 3 returning *",
        "update t set (a, b) = (select 1, 2), c = default returning old.a, new.b",
        "select 1 from t tablesample bernoulli (1) where a similar to 'x'",
        "select 1 from t where (a, b) overlaps (c, d) for no key update skip locked",
        "with recursive r as materialized (select 1 union select a + 1 from r) "
        "search depth first by a set o select * from r",
    ],
)
def test_what_postgresql_reads_is_read(text: str) -> None:
    shape(text)
