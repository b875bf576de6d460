"""Predicates: how the column is wrapped, how it is compared, and with what."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.sqltext import Predicate, PredicateKind, Shape, TableCatalog, shape_of

CATALOG = TableCatalog(
    tables={
        ("public", "t"): {
            "id": "integer",
            "big": "bigint",
            "price": "numeric(10,2)",
            "email": "character varying(200)",
            "name": "text",
            "code": "character(8)",
            "at": "timestamp with time zone",
            "data": "jsonb",
            "tags": "text[]",
            "active": "boolean",
        },
        ("public", "u"): {"uid": "bigint", "amount": "numeric", "tid": "integer", "label": "text"},
    },
    search_path=("public",),
    homes={"t": ("public",), "u": ("public",)},
)


def predicates(text: str, catalog: TableCatalog | None = CATALOG) -> tuple[Predicate, ...]:
    found = shape_of(text, catalog)
    assert isinstance(found, Shape), found
    return found.predicates


def one(condition: str, catalog: TableCatalog | None = CATALOG) -> Predicate:
    (found,) = predicates(f"select 1 from t where {condition}", catalog)
    return found


def fields(predicate: Predicate, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(predicate, name) for name in names)


@pytest.mark.parametrize(
    ("condition", "column", "kind", "operator", "other"),
    [
        ("id = $1", "id", "equality", "=", "parameter"),
        ("5 = id", "id", "equality", "=", "constant"),
        ("id = -5", "id", "equality", "=", "constant"),
        ("5 < id", "id", "range", ">", "constant"),
        ("id <> $1", "id", "inequality", "<>", "parameter"),
        ("not id = $1", "id", "inequality", "<>", "parameter"),
        ("not id < $1", "id", "range", ">=", "parameter"),
        ("id is distinct from $1", "id", "inequality", "is distinct from", "parameter"),
        ("id is not distinct from $1", "id", "operator", "is not distinct from", "parameter"),
        ("at > now() - interval '1 day'", "at", "range", ">", "expression"),
        ("at between $1 and $2", "at", "range", "between", "parameter"),
        ("id in ($1, $2)", "id", "in", "in", "parameter"),
        ("id in (1, 2)", "id", "in", "in", "constant"),
        ("id in (select 1)", "id", "in", "in", "subquery"),
        ("id = (select 1)", "id", "equality", "=", "subquery"),
        ("id = any($1)", "id", "in", "= any", "parameter"),
        ("id = any(array[1, 2])", "id", "in", "= any", "constant"),
        ("id = any(select 1)", "id", "in", "= any", "subquery"),
        ("id operator(pg_catalog.=) $1", "id", "equality", "=", "parameter"),
        ("$1 = any(tags)", "tags", "operator", "=", "parameter"),
        ("tags @> $1", "tags", "containment", "@>", "parameter"),
        ("$1 <@ tags", "tags", "containment", "@>", "parameter"),
        ("data ? $1", "data", "containment", "?", "parameter"),
        ("data @> '{}'", "data", "containment", "@>", "constant"),
        ("name ~* $1", "name", "regex", "~*", "parameter"),
        ("name similar to $1", "name", "regex", "similar to", "parameter"),
        ("name % $1", "name", "operator", "%", "parameter"),
        ("name is null", "name", "null-test", "is null", "none"),
        ("active", "active", "boolean", "is true", "none"),
        ("starts_with(name, $1)", "name", "boolean", "is true", "none"),
        ("data->>'a' = $1", "data", "json-path", "=", "parameter"),
        ("data#>>'{a,b}' = $1", "data", "json-path", "=", "parameter"),
        ("(data->>'n')::int > 3", "data", "json-path", ">", "constant"),
        ("id + 1 > 3", "id", "expression", ">", "constant"),
        ("(id)::text = $1", "id", "cast-on-column", "=", "parameter"),
        ("name collate \"C\" = $1", "name", "expression", "=", "parameter"),
        ("tags[1] = $1", "tags", "expression", "=", "parameter"),
        ("case when id > 3 then 1 else 2 end = $1", "id", "expression", "=", "parameter"),
        ("id = big", None, "expression", "=", "column"),
    ],
)  # fmt: skip
def test_kinds(
    condition: str, column: str | None, kind: PredicateKind, operator: str, other: str
) -> None:
    found = one(condition)
    assert fields(found, "column", "kind", "operator", "other") == (column, kind, operator, other)
    assert found.table is not None
    assert found.table.name == "t"
    assert found.clause == "where"
    assert found.certain


@pytest.mark.parametrize(
    ("condition", "column", "functions", "expression"),
    [
        ("lower(email) = $1", "email", ("lower",), "lower(email)"),
        ("LOWER(t.Email) = lower($1)", "email", ("lower",), "lower(email)"),
        ("date(at) = $1", "at", ("date",), "date(at)"),
        ("date_trunc('day', at) = $1", "at", ("date_trunc",), "date_trunc($1, at)"),
        ("coalesce(id, 0) = $1", "id", ("coalesce",), "COALESCE(id, $1)"),
        ("extract(year from at) = $1", "at", ("extract",), "extract ($1 FROM at)"),
        ("upper(trim(name)) in ($1)", "name", ("upper", "trim"), "upper(trim (BOTH FROM name))"),
        ("at at time zone 'UTC' > $1", "at", ("timezone",), "at AT TIME ZONE $1"),
        ("lower(data->>'email') = $1", "data", ("lower",), "lower(data ->> $1)"),
        ("public.f(name) = $1", "name", ("public.f",), "public.f(name)"),
        ("pg_catalog.lower(name) = $1", "name", ("lower",), "pg_catalog.lower(name)"),
        ("lower(id::text) = $1", "id", ("lower",), "lower(id::text)"),
        ("concat(name, email) = $1", None, ("concat",), "concat(name, email)"),
        ("to_tsvector('english', name) @@ $1", "name", ("to_tsvector",), "to_tsvector($1, name)"),
        ("substring(name from 1 for 3) = $1", "name", ("substring",),
         '"substring"(name FROM $1 FOR $2)'),
    ],
)  # fmt: skip
def test_functions_on_columns(
    condition: str, column: str | None, functions: tuple[str, ...], expression: str
) -> None:
    found = one(condition)
    assert fields(found, "column", "kind") == (column, "function-on-column")
    assert found.functions == functions
    assert "".join(found.expression.lower().split()) == "".join(expression.lower().split()).replace(
        '"', ""
    )


@pytest.mark.parametrize(
    "condition", ["email = lower($1)", "at = date_trunc('day', now())", "id = coalesce($1, 0)"]
)
def test_functions_of_values_are_none_on_columns(condition: str) -> None:
    assert fields(one(condition), "kind", "other") == ("equality", "expression")


@pytest.mark.parametrize(
    "condition", ["name not like '%a'", "not name ilike '%a'", "name !~~ '%a'", "name not in ('a')"]
)
def test_negation(condition: str) -> None:
    assert one(condition).negated


def test_null_tests_and_booleans_turn_round() -> None:
    found = predicates(
        "select 1 from t where name is not null and not active and active is not true "
        "and active is false and not (name is null)"
    )
    assert [(p.kind, p.negated) for p in found] == [
        ("null-test", True),
        ("boolean", True),
        ("boolean", True),
        ("boolean", True),
        ("null-test", True),
    ]


@pytest.mark.parametrize(
    ("condition", "implicit"),
    [
        ("id = $1::numeric", True),
        ("id = 1.5", True),
        ("id in (1.5, 2.5)", True),
        ("id = any($1::numeric[])", True),
        ("id between $1::float8 and $2::float8", True),
        ("code = $1::text", True),
        ("price = $1::float8", True),
        ("id = $1::bigint", False),
        ("id = any($1::bigint[])", False),
        ("price = $1::int", False),
        ("email = $1::text", False),
        ("at > $1::date", False),
        ("id = $1", False),
        ("id = '5'", False),
    ],
)
def test_implicit_casts_of_the_column(condition: str, implicit: bool) -> None:
    found = one(condition)
    assert found.implicit_cast is implicit
    assert found.kind in ("equality", "range", "in")
    assert not one(condition, None).implicit_cast


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("email::text = $1", "equality"),
        ("name::varchar = $1", "equality"),
        ("name::varchar(10) = $1", "cast-on-column"),
        ("id::bigint = $1", "cast-on-column"),
        ("at::date = $1", "cast-on-column"),
        ("code::text = $1", "cast-on-column"),
    ],
)
def test_a_cast_that_changes_nothing_is_none(condition: str, kind: PredicateKind) -> None:
    assert one(condition).kind == kind
    assert one(condition, None).kind == "cast-on-column"


def test_a_join_is_told_from_both_sides() -> None:
    left, right = predicates("select 1 from t join u on t.big = u.tid and true")
    assert fields(left, "column", "kind", "other", "other_column", "clause") == (
        "big",
        "join",
        "column",
        "tid",
        "join",
    )
    assert fields(right, "column", "operator", "other_column") == ("tid", "=", "big")
    assert left.other_table == right.table
    assert not left.implicit_cast
    assert not right.implicit_cast


def test_a_join_of_unlike_types_casts_the_lower_one() -> None:
    found = predicates("select 1 from t join u on t.id = u.amount")
    assert [(p.column, p.kind, p.implicit_cast) for p in found] == [
        ("id", "join", True),
        ("amount", "join", False),
    ]
    found = predicates("select 1 from t join u on t.id = u.label::numeric")
    assert [(p.column, p.kind, p.implicit_cast) for p in found] == [
        ("id", "join", True),
        ("label", "cast-on-column", False),
    ]


def test_a_join_over_functions_and_ranges() -> None:
    found = predicates("select 1 from t, u where lower(t.name) = u.label and t.id < u.tid")
    assert [(p.column, p.kind, p.operator, p.other) for p in found] == [
        ("name", "function-on-column", "=", "column"),
        ("label", "join", "=", "expression"),
        ("id", "join", "<", "column"),
        ("tid", "join", ">", "column"),
    ]


def test_between_columns_is_two_comparisons() -> None:
    found = predicates(
        "select 1 from t, u where $1 between t.id and u.tid and t.id between 1 and 2"
    )
    assert [(p.column, p.operator) for p in found] == [
        ("id", "<="),
        ("tid", ">="),
        ("id", "between"),
    ]


def test_rows() -> None:
    found = predicates(
        "select 1 from t where (id, big) = ($1, $2) and (id, big) > ($1, $2) "
        "and (id, big) in (($1, $2)) and row(id, big) = (select 1, 2)"
    )
    assert [(p.column, p.operator, p.alternative) for p in found] == [
        ("id", "=", False),
        ("big", "=", False),
        ("id", ">", False),
        ("big", ">", True),
        ("id", "in", False),
        ("big", "in", False),
        ("id", "=", False),
        ("big", "=", False),
    ]


def test_alternatives() -> None:
    found = predicates(
        "select 1 from t where (id = 1 or big = 2 and name = 'x') and code = 'y' "
        "and not (id = 3 and big = 4) and not (id = 5 or big = 6) and $1 in (id, big)"
    )
    assert [(p.column, p.operator, p.alternative) for p in found] == [
        ("id", "=", True),
        ("big", "=", True),
        ("name", "=", True),
        ("code", "=", False),
        ("id", "<>", True),
        ("big", "<>", True),
        ("id", "<>", False),
        ("big", "<>", False),
        ("id", "=", True),
        ("big", "=", True),
    ]


def test_having() -> None:
    found = predicates(
        "select id from t group by id, name "
        "having count(*) > 1 and max(big) = $1 and id = 3 and lower(name) = $2"
    )
    assert [(p.column, p.kind, p.clause) for p in found] == [
        ("id", "equality", "having"),
        ("name", "expression", "having"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "select 1 from t where $1 = $2 and true and exists (select 1)",
        "select case when id = 1 then 2 end, count(*) filter (where big = 3) from t",
        "insert into t (id) values (1) on conflict (id) do update set big = 2 where t.name = 'x'",
        "merge into t using u on true when matched and t.id = 3 then delete",
        "update t set active = id = 3",
    ],
)
def test_what_finds_no_rows_is_no_predicate(text: str) -> None:
    assert predicates(text) == ()
