"""The conditions of real plans, taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgtune_advisor.plans import Plan
from pgtune_advisor.sqltext import Atom, atoms, is_readable, returned
from plugins.databases import Database

SCHEMA = """
CREATE TABLE t (id int PRIMARY KEY, n int, big bigint, price numeric(10,2), name text,
    code varchar(20), flag boolean, day date, at timestamptz, doc jsonb, tags text[],
    during tstzrange, words tsvector);
CREATE TABLE u (id int PRIMARY KEY, t_id int, label text);
"""
LIST = "'{a,b}'::text[]"
# FROM and what follows, and what its atoms are: column or expression, operator, what it is
# compared with. PostgreSQL 15 and 18 print several of these differently.
CASES = {
    "t WHERE n = $1 AND name LIKE $2 AND code = $3 AND flag AND NOT flag": {
        "n = $1", "name ~~ $2", "code::text = $3", "flag is true", "NOT flag is true",
    },
    "t WHERE name IN ('a', 'b') AND n = ANY ($1) AND code NOT LIKE 'a%'": {
        f"name = ANY {LIST}", "n = ANY $1", "code::text !~~ 'a%'::text",
    },
    "t WHERE lower(name) = $1 AND day >= $2 AND doc ->> 'k' = 'v' AND at::date < $3": {
        "lower(name) = $1", "day >= $2", "doc ->> 'k'::text = 'v'::text", "at::date < $3",
    },
    "t WHERE name IS NULL OR (n IS NOT NULL AND flag IS NOT TRUE) OR name IS DISTINCT FROM $1": {
        "1/1 name is null", "NOT 1/2 n is null", "NOT 1/2 flag is true",
        "1/3 name is distinct from $1",
    },
    "t WHERE id IN (SELECT t_id FROM u WHERE label = $1 OFFSET 0) OR n = 4": {
        "1/2 n = 4", "label = $1",
    },
    "t WHERE n = (SELECT max(t_id) FROM u WHERE label = $1)": {"n = subplan", "label = $1"},
    "t WHERE big > (SELECT n + 5 FROM u WHERE u.t_id = t.id LIMIT 1)": {
        "big > subplan", "t_id = t.id", "id = u.t_id",
    },
    "t WHERE (n, big) > ($1, $2)": {"n > $1", "big > $2"},
    "t JOIN u ON u.t_id = t.id AND (u.label = t.name OR u.id = $1) AND t.n < u.id": {
        "t_id = t.id", "id = u.t_id", "1/1 label = t.name", "1/1 name = u.label", "1/2 id = $1",
        "n < u.id", "id > t.n",
    },
    "t WHERE tags @> ARRAY['a', 'b'] AND 'x' = ANY (tags) AND during @> now() AND $1 <@ doc": {
        f"tags @> {LIST}", "tags ANY of = 'x'::text", "during @> now()", "doc @> $1",
    },
    "t WHERE at > now() - interval '1 day' AND price * 2 > $1 AND n = big AND name ~ '^a'": {
        "at > now() - '1 day'::interval", "price * '2'::numeric > $1", "n = big = t.big",
        "name ~ '^a'::text",
    },
    'u "Odd ""$1" WHERE "Odd ""$1".label LIKE $1 || \'%\'': {"label ~~ $1 || '%'::text"},
    "t WHERE words @@ to_tsquery('english', $1) AND tags[1] = $2 AND coalesce(name, 'x') = $3": {
        "words @@ to_tsquery('english'::regconfig, $1)", "tags[1] = $2",
        "COALESCE(name, 'x'::text) = $3",
    },
    "t WHERE CASE WHEN n > 5 THEN flag ELSE name = 'a' END": {
        "CASE WHEN n > 5 THEN flag ELSE name = 'a'::text END is true",
    },
}  # fmt: skip


def said(atom: Atom) -> str:
    match atom.other:
        case "subplan":
            other = " subplan"
        case "column":
            other = f" {atom.other_alias}.{atom.other_column}"
        case _:
            other = f" {atom.other_text}" if atom.other_text else ""
    negated = "NOT " if atom.negated else ""
    arm = f"{atom.group}/{atom.branch} " if atom.alternative else ""
    return f"{negated}{arm}{atom.expression} {atom.operator}{other}"


def plan_of(connection: psycopg.Connection[Any], query: str) -> Plan:
    connection.execute(f"PREPARE tried AS {query}".encode())
    counted = connection.execute(
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'tried'"
    ).fetchone()
    assert counted is not None
    values = f"({', '.join(['NULL'] * counted[0])})" if counted[0] else ""
    explain = f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE tried {values}"
    found = connection.execute(explain.encode()).fetchone()
    connection.execute("DEALLOCATE tried")
    assert found is not None
    return Plan.of(found[0])


def conditions(plan: Plan) -> Iterator[str]:
    for node in plan.root.walk():
        yield from node.conditions.values()


@pytest.fixture
def connection(database: Database) -> psycopg.Connection[Any]:
    connection = database.connect()
    connection.execute(SCHEMA.encode())
    connection.execute("SET plan_cache_mode = force_generic_plan")
    return connection


@pytest.mark.parametrize("source", CASES)
def test_atoms_of_plans(connection: psycopg.Connection[Any], source: str) -> None:
    plan = plan_of(connection, f"SELECT * FROM {source}")
    names = [str(node.extra.get("Subplan Name", "")) for node in plan.root.walk()]
    found = set()
    for condition in conditions(plan):
        assert is_readable(condition), condition
        found |= {said(atom) for atom in atoms(condition, returned(names))}
    # From 17 on the left side of IN is printed.
    assert found - {"1/1 id = subplan"} == CASES[source]


def test_what_compares_rows_and_ors_says_where_it_stands() -> None:
    one, other = atoms("(ROW(t.a, t.b) < ROW($1, $2))")
    assert (one.row, other.row, one.parameter, other.parameter) == (1, 2, 1, 2)
    (arm,) = atoms("((hashed SubPlan 1) OR (t.n = 4))")
    assert (arm.group, arm.branch, arm.branches) == (1, 2, 2)
    first, *_, last = atoms("((t.a = 1) AND ((t.b = 2) OR (t.c = 3)) AND ((t.d = 4) OR (t.e = 5)))")
    assert (first.alternative, last.group) == (False, 2)


def test_a_result_of_an_initplan_is_no_parameter() -> None:
    assert returned(["InitPlan 1 (returns $0)", "InitPlan 2 (returns $1,$2)", "CTE w"]) == {0, 1, 2}
    (atom,) = atoms("(t.a = $1)", frozenset({1}))
    assert (atom.other, atom.parameter) == ("subplan", None)


@pytest.mark.parametrize(
    ("condition", "column", "cast"),
    [
        ("(t.a = $1)", "a", None),
        ("((t.a)::text = $1)", "a", "text"),
        ("(t.a + 1 = $1)", None, None),
    ],
)
def test_a_cast_column_is_told_from_a_plain_one(
    condition: str, column: str | None, cast: str | None
) -> None:
    (atom,) = atoms(condition)
    assert (atom.column, atom.cast, atom.columns) == (column, cast, ("a",))
    assert atom.is_plain == (column is not None and cast is None)


@pytest.mark.parametrize(
    "text", ["", "((", "a b c", "1; DROP TABLE t", "(" * 5000, "t.a = '", "\0"]
)
def test_what_is_no_condition_has_no_atoms(text: str) -> None:
    assert atoms(text) == ()
    assert not is_readable(text)
