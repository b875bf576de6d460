"""Names of types and of tables."""

from __future__ import annotations

import pytest

from pgtune_advisor.domain.objects import Column
from pgtune_advisor.sqltext import TableCatalog, cast_keeps_index, implicit_cast
from pgtune_advisor.sqltext.typenames import base_type


def column(schema: str, table: str, name: str, kind: str = "integer") -> Column:
    return Column(
        database="shop",
        schema=schema,
        table=table,
        name=name,
        position=1,
        type=kind,
        not_null=False,
        has_default=False,
        identity="",
        generated="",
        has_statistics=None,
        null_fraction=None,
        n_distinct=None,
        average_width=None,
        correlation=None,
        top_frequency=None,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INT", "int4"),
        ("integer", "int4"),
        ("pg_catalog.int8", "int8"),
        ("character varying(20)", "varchar"),
        ("VARCHAR(20)", "varchar"),
        ("character(3)", "bpchar"),
        ('"char"', "char"),
        ("numeric(10, 2)", "numeric"),
        ("DECIMAL(10, 2)", "numeric"),
        ("timestamp(3) with time zone", "timestamptz"),
        ("TIMESTAMPTZ", "timestamptz"),
        ("double precision", "float8"),
        ("int[]", "int4[]"),
        ("character varying(20)[]", "varchar[]"),
        ("app.mood", "app.mood"),
        ('"Mood"', "Mood"),
        ("", ""),
    ],
)
def test_base_type(name: str, expected: str) -> None:
    assert base_type(name) == expected


def test_unknown_types_are_never_cast() -> None:
    assert not implicit_cast("integer", "app.mood")
    assert not implicit_cast("app.mood", "numeric")
    assert not cast_keeps_index("app.mood", "text")


def test_the_length_of_a_type_counts_for_casts_only() -> None:
    assert not implicit_cast("character varying(20)", "character varying(10)")
    assert not cast_keeps_index("character varying(20)", "varchar(10)")
    assert cast_keeps_index("character varying(20)", "varchar(20)")
    assert cast_keeps_index("numeric(10,2)", "numeric")


def test_a_name_is_found_along_the_search_path_then_where_it_is_alone() -> None:
    columns = [
        column("public", "t", "a"),
        column("app", "t", "b"),
        column("app", "only", "c", "text"),
        column("app", "twice", "d"),
        column("old", "twice", "e"),
    ]
    catalog = TableCatalog.of(columns)
    schemas = {name: (found := catalog.find(None, name)) and found.schema for name in
               ("t", "only", "twice", "none")}  # fmt: skip
    assert schemas == {"t": "public", "only": "app", "twice": None, "none": None}
    app = TableCatalog.of(columns, search_path=("app", "public"))
    found = app.find(None, "t")
    assert found is not None
    assert (found.schema, dict(found.columns)) == ("app", {"b": "integer"})
    assert catalog.find("app", "twice") is not None
    assert catalog.find("public", "twice") is None
