"""Conditions and columns traced through views, common tables and subqueries to the tables."""

from __future__ import annotations

import pytest

from pgtune_advisor.sqltext import Shape, TableCatalog, shape_of, updated_columns

TABLES = {
    ("public", "t"): {"id": "integer", "a": "integer", "b": "text", "c": "text"},
    ("public", "u"): {"id": "integer", "t_id": "integer", "d": "text"},
}
VIEWS = {
    ("public", "v"): " SELECT t.id,\n    t.a AS x,\n    t.b\n   FROM t;",
    ("public", "vv"): " SELECT v.x AS y, v.b FROM v WHERE (v.b IS NOT NULL);",
    ("app", "low"): " SELECT lower(t.b) AS low, t.id FROM t",
    ("public", "grouped"): " SELECT u.t_id, count(*) AS n FROM u GROUP BY u.t_id",
    ("public", "whole"): " SELECT t.id, t.a, t.b, t.c FROM t",
    ("public", "loop"): " SELECT loop.id FROM loop",
    ("public", "broken"): " SELECT FROM FROM",
    ("public", "mixed"): " SELECT t.id, t.b AS word FROM t UNION ALL SELECT u.id, u.d FROM u",
}
CATALOG = TableCatalog(
    tables=TABLES,
    search_path=("public",),
    homes={"t": ("public",), "u": ("public",)},
    views=VIEWS,
)


def shape(text: str, catalog: TableCatalog | None = CATALOG) -> Shape:
    found = shape_of(text, catalog)
    assert isinstance(found, Shape), found
    return found


def sites(text: str, catalog: TableCatalog | None = CATALOG) -> list[str]:
    return [
        f"{p.table.name if p.table else '?'}.{p.expression} {p.kind}"
        for p in shape(text, catalog).predicates
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from v where x = 1", ["t.a equality"]),
        ("select * from v as w where w.x > 1", ["t.a range"]),
        ("select * from vv where y = 1", ["t.b null-test", "t.a equality"]),
        ("select * from app.low where id = 1 and low = 'x'", ["t.id equality", "?.low equality"]),
        ("select * from low where id = 1", ["t.id equality"]),
        ("select * from grouped where t_id = 1 and n > 2", ["u.t_id equality", "?.n range"]),
        ("select * from loop where id = 1", ["loop.id equality"]),
        ("select * from broken where id = 1", ["broken.id equality"]),
        ("select * from mixed where word = 'x'", ["t.b equality", "u.d equality"]),
        ("select * from v join u on u.t_id = v.x", ["u.t_id join", "t.a join"]),
        ("select * from (select * from t) s where a = 1", ["t.a equality"]),
        ("select * from (select * from (select a as k from t) i) o where k = 1", ["t.a equality"]),
        ("select * from (select a, b from t) s (m, n) where m = 1 and n = 'x'",
         ["t.a equality", "t.b equality"]),
        ("select * from (select a from t limit 5) s where a = 1", ["?.a equality"]),
        ("select * from (select distinct on (a) a, b from t) s where b = 'x'", ["?.b equality"]),
        ("select * from (select distinct a, b from t) s where b = 'x'", ["t.b equality"]),
        ("select * from (select a, count(*) n from t group by a) s where a = 1",
         ["t.a equality"]),
        ("select * from (select max(a) as a from t) s where a = 1", ["?.a equality"]),
        ("select * from (select a, row_number() over (order by b) r from t) s where a = 1",
         ["?.a equality"]),
        ("select * from (select a from t union all select id from u) s where a = 1",
         ["t.a equality", "u.id equality"]),
        ("select * from (select a from t except select id from u) s where a = 1",
         ["?.a equality"]),
        ("with w as (select * from t) select * from w where b = 'x'", ["t.b equality"]),
        ("with w as (select * from t), z as (select b as q from w) select * from z where q = 'x'",
         ["t.b equality"]),
        ("with w as materialized (select * from t) select * from w where b = 'x'",
         ["?.b equality"]),
        ("with w as (select * from t) select * from w, w z where w.b = 'x'", ["?.b equality"]),
        ("with recursive w as (select id from t union all select u.id from u join w on u.t_id = "
         "w.id) select * from w where id = 1", ["u.t_id join", "?.id join", "?.id equality"]),
        ("select * from t, lateral (select * from u where u.t_id = t.id) l where l.d = 'x'",
         ["u.d equality", "u.t_id join", "t.id join"]),
        ("select * from (select lower(b) as k, a from t) s where k = 'x'", ["?.k equality"]),
        ("select * from (select b as k from t) s where lower(k) = 'x'",
         ["t.lower(b) function-on-column"]),
        ("update t set a = 1 from (select id, t_id as k from u) s where s.k = t.id",
         ["u.t_id join", "t.id join"]),
        ("delete from t using v where v.x = t.id and v.b = 'q'",
         ["t.a join", "t.id join", "t.b equality"]),
        ("insert into u select id from v where x = 3", ["t.a equality"]),
        ("merge into t using (select t_id as k from u) s on s.k = t.id when matched then delete",
         ["u.t_id join", "t.id join"]),
    ],
)  # fmt: skip
def test_predicates_reach_the_tables(text: str, expected: list[str]) -> None:
    assert sorted(sites(text)) == sorted(expected)


def test_without_columns_only_a_lone_star_is_traced() -> None:
    assert sites("select * from (select * from t) s where a = 1", None) == ["t.a equality"]
    assert sites("select * from (select *, 1 as k from t) s where a = 1", None) == ["?.a equality"]


def test_views_are_replaced_by_their_tables() -> None:
    assert [t.name for t in shape("select * from vv").tables] == ["t"]
    hidden = TableCatalog(
        tables={("s", "v"): {"x": "integer"}},
        search_path=("s", "public"),
        homes={"v": ("s",)},
        views=VIEWS,
    )
    assert [t.name for t in shape("select * from v", hidden).tables] == ["v"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select a from t where b = 'x' order by c", {"t": ("a", "b", "c")}),
        ("select * from t where b = 'x'", {"t": None}),
        ("select count(*) from t", {"t": ()}),
        ("select t.*, u.d from t join u on u.t_id = t.id", {"t": None, "u": ("d", "t_id")}),
        ("select d from t join u using (id)", {"t": ("id",), "u": ("d", "id")}),
        ("select x from (select * from t) s (w, x)", {"t": ("a",)}),
        ("select a from (select * from t) s", {"t": ("a",)}),
        ("select a from whole where b = 'x'", {"t": ("a", "b")}),
        ("select x from v", {"t": ("a",)}),
        ("select * from v", {"t": ("a", "b", "id")}),
        ("select * from (select * from t) s", {"t": ("a", "b", "c", "id")}),
        ("with w as (select a, lower(b) l from t) select a from w", {"t": ("a", "b")}),
        ("select a from t where exists (select * from u where u.t_id = t.id)",
         {"t": ("a", "id"), "u": ("t_id",)}),
        ("select a, (select d from u where u.t_id = t.id) from t",
         {"t": ("a", "id"), "u": ("d", "t_id")}),
        ("select id from mixed where word = 'x'", {"t": ("b", "id"), "u": ("d", "id")}),
        ("select row_to_json(t) from t", {"t": None}),
        ("update t set a = id where b = 'x'", {"t": ("b", "id")}),
        ("update t set a = 1 where b = 'x' returning *", {"t": None}),
        ("delete from t using u where u.t_id = t.id", {"t": ("id",), "u": ("t_id",)}),
        ("insert into t (id, a) values (1, 2)", {}),
        ("insert into t (id, a) values (1, 2) on conflict (id) do update set a = t.a + 1 "
         "where t.b = 'x' returning c", {"t": ("a", "b", "c")}),
        ("insert into t (id) select t_id from u where d = 'x'", {"u": ("d", "t_id")}),
        ("select sum(a) over (partition by b order by c) from t", {"t": ("a", "b", "c")}),
        ("select a from t group by a having max(b) > 'x'", {"t": ("a", "b")}),
    ],
)  # fmt: skip
def test_columns_that_are_read_at_all(
    text: str, expected: dict[str, tuple[str, ...] | None]
) -> None:
    assert {found.table.name: found.columns for found in shape(text).projected} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("update t set a = 1, (b, c) = ('x', 'y') where id = 1", {"t": ("a", "b", "c")}),
        ("update t as z set a[1] = 2, b['k'] = '1' from u", {"t": ("a", "b")}),
        ("insert into t (id) values (1)", {}),
        ("insert into t (id) values (1) on conflict do nothing", {}),
        ("insert into t (id) values (1) on conflict (id) do update set a = 1, b = excluded.b",
         {"t": ("a", "b")}),
        ("merge into t using u on t.id = u.id when matched then update set a = 1, b = u.d "
         "when not matched then insert (id) values (u.id)", {"t": ("a", "b")}),
        ("delete from t", {}),
        ("select * from t for update", {}),
        ("with w as (update t set a = 1 returning id) select * from w", {"t": ("a",)}),
    ],
)  # fmt: skip
def test_columns_that_are_set(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert {t.name: columns for t, columns in updated_columns(shape(text)).items()} == expected
