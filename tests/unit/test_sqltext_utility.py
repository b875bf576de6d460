"""Commands: their names, which of them maintain, and the queries that they run."""

from __future__ import annotations

import pytest

from pgtune_advisor.sqltext import Shape, shape_of


def shape(text: str) -> Shape:
    found = shape_of(text, None)
    assert isinstance(found, Shape), found
    return found


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("vacuum (full, analyze) s.t", "VACUUM"),
        ("ANALYZE t (a)", "ANALYZE"),
        ("analyse", "ANALYZE"),
        ("reindex table concurrently t", "REINDEX"),
        ("create unique index concurrently i on t (lower(a)) where b = 'x'", "CREATE INDEX"),
        ("cluster t using i", "CLUSTER"),
        ("refresh materialized view concurrently v", "REFRESH MATERIALIZED VIEW"),
        ("checkpoint", "CHECKPOINT"),
        ("copy t (a, b) to stdout", "COPY"),
        ("/* nightly */ vacuum", "VACUUM"),
    ],
)
def test_maintenance(text: str, command: str) -> None:
    found = shape(text)
    assert (found.kind, found.command, found.is_maintenance) == ("utility", command, True)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("begin", "BEGIN"),
        ("commit", "COMMIT"),
        ("set a.b to 'x'", "SET"),
        ("execute p(1, 'x')", "EXECUTE"),
        ("explain (analyze) select * from t where a = 1", "EXPLAIN"),
        ("copy t from stdin", "COPY"),
        ("create temporary table t (a int default 3)", "CREATE TABLE"),
        ("create or replace view v as select * from t where a = 1", "CREATE VIEW"),
        ("drop materialized view v", "DROP MATERIALIZED VIEW"),
        ("alter table t add column a int", "ALTER TABLE"),
        ("do $$ begin end $$", "DO"),
        ("call p(1)", "CALL"),
        ("fetch 100 from c", "FETCH"),
        ("create table t as execute p(1)", "CREATE TABLE"),
        ("create view v as select " + "f(" * 120 + "1" + ")" * 120, "CREATE VIEW"),
    ],
)
def test_other_commands(text: str, command: str) -> None:
    found = shape(text)
    assert (found.kind, found.command, found.is_maintenance) == ("utility", command, False)
    assert found.predicates == ()


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("vacuum s.t, u", [("s", "t"), (None, "u")]),
        ("create index on s.t (a)", [("s", "t")]),
        ("truncate t, u", [(None, "t"), (None, "u")]),
        ("copy s.t to stdout", [("s", "t")]),
        ("create view v as select * from t", []),
        ("explain select * from t", []),
    ],
)
def test_tables_of_commands(text: str, tables: list[tuple[str | None, str]]) -> None:
    assert [(table.schema, table.name) for table in shape(text).tables] == tables


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("declare c cursor with hold for {}", "DECLARE CURSOR"),
        ("copy ({}) to stdout with csv", "COPY"),
        ("create table x as {}", "CREATE TABLE"),
        ("create materialized view x as {}", "CREATE MATERIALIZED VIEW"),
        ("prepare p (int) as {}", "PREPARE"),
    ],
)
def test_a_query_inside_is_read(text: str, command: str) -> None:
    found = shape(text.format("select * from t where lower(a) = 'x' order by b offset 10"))
    assert (found.kind, found.command, found.is_maintenance) == ("select", command, False)
    assert [table.name for table in found.tables] == ["t"]
    assert [p.kind for p in found.predicates] == ["function-on-column"]
    assert found.offset is not None
    assert [key.column for key in found.order_by] == ["b"]


def test_a_prepared_change_is_a_change() -> None:
    found = shape("prepare p as update t set a = $1 where b = $2")
    assert (found.kind, found.command) == ("update", "PREPARE")
    assert [table.name for table in found.writes] == ["t"]
