"""Properties of shapes over statements from a grammar: what must not change them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pgtune_advisor.sqltext import (
    Predicate,
    Preparable,
    Shape,
    TableCatalog,
    parameters,
    preparable,
    shape_of,
    substituted,
)

COLUMNS = {
    "t": {"a": "integer", "b": "text", "at": "timestamptz", "doc": "jsonb", "tags": "text[]"},
    "u": {"id": "integer", "t_a": "integer", "d": "text"},
}
CATALOG = TableCatalog(
    tables={("public", name): columns for name, columns in COLUMNS.items()},
    search_path=("public",),
    homes=dict.fromkeys(COLUMNS, ("public",)),
    views={
        (
            "public",
            f"{name}_view",
        ): f"SELECT {', '.join(f'{name}.{c}' for c in columns)} FROM {name}"
        for name, columns in COLUMNS.items()
    },
)
MARK, NUMBER = "zqxj", "918273645"
# What stands for a table in FROM, with the same columns and the same rows.
WRAPPINGS = (
    "(SELECT * FROM {table})",
    "(SELECT * FROM (SELECT {table}.* FROM {table}) inside)",
    "(TABLE {table})",
    "{table}_view",
    "(SELECT * FROM {table}_view)",
    "(WITH w AS (SELECT * FROM {table}) SELECT * FROM w)",
)
CONDITIONS = (
    "{t}.a = 918273645", "{t}.b LIKE 'zqxj%'", "lower({t}.b) = 'zqxj'", "{t}.b IS NOT NULL",
    "{t}.at >= now() - interval '1 day'", "{t}.a IN (918273645, 918273645)", "NOT ({t}.a = $1)",
    "{t}.doc ->> 'zqxj' = $2",
    "{t}.tags @> ARRAY['zqxj']", "({t}.a, {t}.b) > (918273645, 'zqxj')", "{t}.a = {u}.t_a",
    "{u}.d <> 'zqxj'", "{u}.id BETWEEN 1 AND 918273645", "{t}.a::text = 'zqxj'", "{t}.b ~ 'zqxj'",
    "EXISTS (SELECT 1 FROM u x WHERE x.t_a = {t}.a AND x.d = 'zqxj')",
    "{t}.a IN (SELECT y.t_a FROM u y WHERE y.d LIKE '%zqxj')",
)  # fmt: skip
HEADS = (
    "SELECT * FROM {from_t} {t}, {from_u} {u} WHERE {where}",
    "SELECT {t}.a, count(*) FROM {from_t} {t} JOIN {from_u} {u} ON {u}.t_a = {t}.a "
    "WHERE {where} GROUP BY 1",
    "SELECT {t}.b FROM {from_t} {t} LEFT JOIN {from_u} {u} ON {where} "
    "ORDER BY {t}.at DESC LIMIT 918273645",
    "SELECT 1 FROM {from_u} {u} CROSS JOIN {from_t} {t} WHERE {where} "
    "UNION ALL SELECT id FROM u WHERE d = 'zqxj'",
    "INSERT INTO u (id, d) SELECT {t}.a, {u}.d FROM {from_t} {t}, {from_u} {u} WHERE {where}",
    "UPDATE u q SET d = 'zqxj' FROM {from_t} {t}, {from_u} {u} WHERE {where}",
    "DELETE FROM u q USING {from_t} {t}, {from_u} {u} WHERE {where}",
    "SELECT * FROM {from_t} {t}, LATERAL (SELECT * FROM u k WHERE k.id = {t}.a) l, {from_u} {u} "
    "WHERE {where}",
)  # fmt: skip

conditions = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} AND {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        inner.map(lambda one: f"NOT ({one})"),
    ),
    max_leaves=5,
)
heads = st.sampled_from(HEADS)
wrappings = st.sampled_from(WRAPPINGS)
gaps = st.lists(
    st.sampled_from([" ", "\n", "  ", " /* c */ ", " -- c\n", "\t"]), min_size=1, max_size=5
)


def statement(head: str, where: str, *, t: str = "t", u: str = "u", **wrapped: str) -> str:
    """The statement with these aliases and what stands for the tables."""
    sources = {"from_t": "t", "from_u": "u"} | wrapped
    return head.format(where=where.format(t=t, u=u), t=t, u=u, **sources)


def shaped(text: str, catalog: TableCatalog | None = CATALOG) -> Shape:
    found = shape_of(text, catalog)
    assert isinstance(found, Shape), (found, text)
    return found


def without_aliases(shape: Shape) -> Counter[Predicate]:
    """The predicates, tables by their names alone."""
    return Counter(
        replace(
            p,
            table=p.table and replace(p.table, alias=None),
            other_table=p.other_table and replace(p.other_table, alias=None),
        )
        for p in shape.predicates
    )


@given(heads, conditions)
@settings(max_examples=150, deadline=None)
def test_no_literal_is_in_a_shape(head: str, where: str) -> None:
    for catalog in (CATALOG, None):
        said = repr(shaped(statement(head, where), catalog))
        assert MARK not in said
        assert NUMBER not in said


@given(heads, conditions, st.sampled_from(["x1", '"Od d"', "tt", "z"]), st.sampled_from(["m", "o"]))
@settings(max_examples=150, deadline=None)
def test_aliases_make_no_difference(head: str, where: str, one: str, other: str) -> None:
    plain, renamed = shaped(statement(head, where)), shaped(statement(head, where, t=one, u=other))
    assert without_aliases(plain) == without_aliases(renamed)


@given(heads, conditions, wrappings, wrappings)
@settings(max_examples=250, deadline=None)
def test_what_hands_a_table_on_makes_no_difference(
    head: str, where: str, one: str, other: str
) -> None:
    wrapped = statement(head, where, from_t=one.format(table="t"), from_u=other.format(table="u"))
    plain = shaped(statement(head, where))
    found = shaped(wrapped)
    assert without_aliases(plain) == without_aliases(found)
    assert {t.name for t in plain.tables} == {t.name for t in found.tables}
    assert _by_name(plain) == _by_name(found)


def _by_name(shape: Shape) -> dict[str, set[str]]:
    """The columns that are read, by table."""
    found: dict[str, set[str]] = {}
    for needed in shape.projected:
        columns = needed.columns or tuple(COLUMNS[needed.table.name])
        found.setdefault(needed.table.name, set()).update(columns if needed.columns != () else ())
    return found


@given(heads, conditions, gaps)
@settings(max_examples=100, deadline=None)
def test_spacing_and_comments_make_no_difference(head: str, where: str, chosen: list[str]) -> None:
    text = statement(head, where)
    words = text.split(" ")
    spaced = "".join(word + chosen[at % len(chosen)] for at, word in enumerate(words))
    assert _structure(spaced) == _structure(text)


def _structure(text: str) -> Any:
    return asdict(shaped(text))


@given(heads, conditions)
@settings(max_examples=100, deadline=None)
def test_what_is_prepared_keeps_its_shape(head: str, where: str) -> None:
    text = statement(head, where)
    found = preparable(text)
    assert isinstance(found, Preparable)
    assert parameters(found.text) == tuple(range(1, found.count + 1))
    filled = substituted(found.text, dict.fromkeys(found.numbers, "'5'::integer"))
    assert parameters(filled) == ()
    assert len(shaped(filled).predicates) == len(shaped(text).predicates)


@given(st.text(alphabet="abt$1'\"(),./*- \n=[]", max_size=40), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_nothing_raises(text: str, number: int) -> None:
    found = preparable(text)
    if isinstance(found, Preparable):
        assert parameters(found.text) == tuple(range(1, found.count + 1))
    assert isinstance(substituted(text, {number: "'x'"}), str)
