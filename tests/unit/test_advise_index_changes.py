"""From an index's definition to the changes that make it."""

from __future__ import annotations

from typing import Any

import pytest

from pgtune_advisor.advise.extensions import needed_by
from pgtune_advisor.advise.ground import Ground
from pgtune_advisor.advise.index_changes import create_index, index_changes
from pgtune_advisor.domain.changes import CreateIndex, Maintain, Script
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from rules import world
from unit import report_making


def ground(**tables: Any) -> Ground:
    context = world.context(report_making.case(tables))
    return Ground(snapshot=context.snapshot)


def index(*keys: IndexKey, **more: Any) -> IndexDef:
    return IndexDef(schema="public", table="orders", keys=keys, **more)


def test_a_plain_table_gets_the_whole_definition() -> None:
    wanted = index(
        IndexKey.of("user_id"),
        IndexKey.of("Placed", order="DESC"),
        include=("total",),
        predicate="status = 'open'",
    )
    [made] = index_changes(ground(relations=[{}]), "shop", wanted)
    assert isinstance(made, CreateIndex)
    assert made.name == "orders_user_id_Placed_idx"
    assert made.sql == (
        'CREATE INDEX CONCURRENTLY "orders_user_id_Placed_idx" ON public.orders USING btree '
        "(user_id, \"Placed\" DESC) INCLUDE (total) WHERE status = 'open'"
    )


def test_indexes_that_differ_in_include_or_predicate_alone_have_names_of_their_own() -> None:
    where = ground(relations=[{}])
    variants: list[dict[str, Any]] = [{}, {"include": ("b",)}, {"predicate": "b > 1"}]
    made = [index_changes(where, "shop", index(IndexKey.of("a"), **one)) for one in variants]
    names = [change.name for [change] in made if isinstance(change, CreateIndex)]
    assert len(set(names)) == 3
    assert index_changes(where, "shop", index(IndexKey.of("a"), include=("b",))) == made[1]


def test_an_index_that_a_rule_wants_as_text_has_the_same_name() -> None:
    where = ground(relations=[{}])
    by_rule = list(create_index(where, ("shop", "public", "orders"), ["a"], ["a"]))
    assert index_changes(where, "shop", index(IndexKey.of("a"))) == by_rule


def test_an_expression_is_analysed() -> None:
    made = index_changes(
        ground(relations=[{}]), "shop", index(IndexKey(expression="lower(email)"), unique=True)
    )
    assert [change.sql for change in made] == [
        "CREATE UNIQUE INDEX CONCURRENTLY orders_lower_email_idx ON public.orders "
        "USING btree (lower(email))",
        "ANALYZE public.orders",
    ]


TRIGRAM = index(IndexKey.of("note", opclass="public.gin_trgm_ops"), method="gin")
EXTENSION = {"database": "shop", "name": "pg_trgm", "default_version": "1.6"}


def test_an_operator_class_brings_its_extension() -> None:
    available = ground(relations=[{}], extensions=[{**EXTENSION, "installed_version": None}])
    script, create = index_changes(available, "shop", TRIGRAM)
    assert isinstance(script, Script)
    assert (script.sql, script.inverse) == ("CREATE EXTENSION IF NOT EXISTS pg_trgm", None)
    assert isinstance(create, CreateIndex)


def test_an_extension_that_is_there_is_not_made_and_one_that_cannot_be_ends_it() -> None:
    there = ground(relations=[{}], extensions=[{**EXTENSION, "installed_version": "1.6"}])
    assert [c.kind for c in index_changes(there, "shop", TRIGRAM)] == ["create-index"]
    other = {**EXTENSION, "name": "hstore", "installed_version": "1.8"}
    assert index_changes(ground(relations=[{}], extensions=[other]), "shop", TRIGRAM) == []


@pytest.mark.parametrize(
    ("method", "key", "needed"),
    [
        ("gin", IndexKey.of("i"), ("btree_gin",)),
        ("gist", IndexKey.of("n"), ("btree_gist",)),
        ("gin", IndexKey.of("tags"), ()),
        ("gin", IndexKey.of("doc", opclass="jsonb_path_ops"), ()),
        ("gist", IndexKey.of("t", opclass="gist_trgm_ops (siglen=32)"), ("pg_trgm",)),
        ("bloom", IndexKey.of("i"), ("bloom",)),
        ("btree", IndexKey.of("i"), ()),
        ("btree", IndexKey.of("t", opclass="text_pattern_ops"), ()),
        ("gist", IndexKey.of("ts"), ("btree_gist",)),
    ],
)
def test_what_needs_which_extension(method: str, key: IndexKey, needed: tuple[str, ...]) -> None:
    types = {
        "i": "integer",
        "n": "numeric(10,2)",
        "tags": "text[]",
        "doc": "jsonb",
        "t": "character varying(20)",
        "ts": "timestamp(3) with time zone",
    }
    columns = [{"table": "orders", "name": name, "type": type_} for name, type_ in types.items()]
    snapshot = ground(relations=[{}], columns=columns).snapshot
    assert needed_by(snapshot, "shop", index(key, method=method)) == needed


def test_a_partition_keeps_an_index_of_the_same_definition_alone() -> None:
    part = {"is_partition": True, "parent_schema": "public", "parent_name": "orders"}
    names = ("orders_1", "orders_2", "orders_3")
    has: list[dict[str, Any]] = [
        {"include": ["b"], "has_predicate": True, "predicate": "(b > 1)"},
        {"include": ["b"]},
        {"has_predicate": True, "predicate": "(b > 1)", "include": ["b", "c"]},
    ]
    where = ground(
        relations=[{"kind": "p"}, *({"name": name, **part} for name in names)],
        indexes=[
            {"name": f"{name}_mine", "table": name, "keys": ["a"], **one}
            for name, one in zip(names, has, strict=True)
        ],
    )
    wanted = index(IndexKey.of("a"), include=("b",), predicate="(b > 1)")
    second, third, whole = index_changes(where, "shop", wanted)
    assert "ON public.orders_2 USING btree (a) INCLUDE (b) WHERE (b > 1)" in (second.sql or "")
    assert "ON public.orders_3 USING btree (a) INCLUDE (b) WHERE (b > 1)" in (third.sql or "")
    assert (whole.sql or "").startswith(
        "CREATE INDEX orders_a_idx ON ONLY public.orders USING btree (a) INCLUDE (b) "
        "WHERE (b > 1);\nALTER INDEX public.orders_a_idx ATTACH PARTITION public.orders_1_mine;"
    )
    assert "INCLUDE (b) WHERE (b > 1)" in (whole.inverse or "")


def test_a_partitioned_expression_is_analysed_as_a_whole() -> None:
    part = {"is_partition": True, "parent_schema": "public", "parent_name": "orders"}
    where = ground(relations=[{"kind": "p"}, {"name": "orders_1", **part}])
    made = index_changes(where, "shop", index(IndexKey(expression="(a + b)")))
    assert [type(change) for change in made] == [Script, Script, Maintain]
    assert made[-1].sql == "ANALYZE public.orders"
