"""Parameters in texts: found, replaced, and made acceptable for PREPARE."""

from __future__ import annotations

import pytest

from pgtune_advisor.advise.sample_values import ValueStatistics
from pgtune_advisor.advise.sampling import sample
from pgtune_advisor.sqltext import (
    Parametrised,
    Preparable,
    Reason,
    Role,
    Unparsed,
    literals_as_parameters,
    parameters,
    preparable,
    repaired,
    roles,
    substituted,
)


def test_parameters_are_not_looked_for_in_strings_and_comments() -> None:
    text = """SELECT $2, '$3', "$4", $$ $5 $$, E'\\' $6' /* $7 */ -- $8\n, $10, $2"""
    assert parameters(text) == (2, 10)
    assert parameters("SELECT '") == ()


@pytest.mark.parametrize(
    ("text", "literals", "expected"),
    [
        ("a = $1", {1: "5"}, "a = 5"),
        ("a = -$1", {1: "-5"}, "a = -(-5)"),
        ("a=$1and b", {1: "5"}, "a=5 and b"),
        ("a = $1::text", {1: "'x'::text"}, "a = ('x'::text)::text"),
        ("a = $1[1]", {1: "'{1}'::int[]"}, "a = ('{1}'::int[])[1]"),
        ("'$1' = $1 /* $1 */", {1: "'it''s $1'"}, "'$1' = 'it''s $1'"),
        ("$1 = $12 OR $2", {1: "1", 12: "12"}, "1 = 12 OR $2"),
        ("a IN($1,$2)", {1: "1", 2: "2"}, "a IN(1,2)"),
    ],
)
def test_values_in_the_place_of_parameters(
    text: str, literals: dict[int, str], expected: str
) -> None:
    assert substituted(text, literals) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT interval $1, $2", "SELECT $1::interval, $2"),
        ("SELECT interval $1 year to month", "SELECT $1::interval year to month"),
        ("SELECT interval(3) $2 second(1)", "SELECT $1::interval(3) second(1)"),
        ("SELECT a AT TIME ZONE $1", "SELECT a AT TIME ZONE $1"),
        ("SELECT time(3) with time zone $1", "SELECT $1::time(3) with time zone"),
        ("SELECT pg_catalog.date $1", "SELECT $1::pg_catalog.date"),
        ("SELECT x.\"My Type\" $1", "SELECT $1::x.\"My Type\""),
        ("SELECT vector(3) $1 <-> v", "SELECT $1::vector(3) <-> v"),
        ("SELECT DISTINCT ON (a) $1", "SELECT DISTINCT ON (a) $1"),
        ("SELECT a LIKE $1 ESCAPE $2", "SELECT a LIKE $1 ESCAPE $2"),
        ("SELECT 1 LIMIT $1 OFFSET $2", "SELECT 1 LIMIT $1 OFFSET $2"),
        ("SELECT extract($1 from a)", "SELECT pg_catalog.extract($1, a)"),
        ("SELECT extract($1 from a) FROM t GROUP BY extract(year from a)",
         "SELECT extract(year from a) FROM t GROUP BY extract(year from a)"),
        ("SELECT date_trunc($1, a), $2 FROM t GROUP BY date_trunc('day', a)",
         "SELECT date_trunc('day', a), $1 FROM t GROUP BY date_trunc('day', a)"),
        ("SELECT a FROM t ORDER BY 1, 2", "SELECT a FROM t ORDER BY 1, 2"),
        ("SELECT $1 FROM t GROUP BY 1", "SELECT $1 FROM t GROUP BY 1"),
        ("SELECT a IN ($1 /*, ... */) AND b = $2",
         "SELECT a IN ($1, $3, $4, $5, $6) AND b = $2"),
        ("SELECT $3, $7, $3", "SELECT $1, $2, $1"),
        ("SELECT$1", "SELECT $1"),
        ("SELECT a=$1and b=$2or$3", "SELECT a=$1 and b=$2 or $3"),
        ("SELECT N$1, my$2, $2", "SELECT $1, my$2, $2"),
        ("SELECT a /* c */ , -- d\n b", "SELECT a , b"),
    ],
)  # fmt: skip
def test_texts_for_prepare(text: str, expected: str) -> None:
    found = preparable(text)
    assert isinstance(found, Preparable)
    assert found.text == expected


def test_the_numbers_of_the_original_are_kept() -> None:
    found = preparable("SELECT $3 WHERE a IN ($7 /*, ... */)")
    assert isinstance(found, Preparable)
    assert found.numbers == {1: 3, 2: 7, 3: 8, 4: 9, 5: 10, 6: 11}
    assert found.count == 6


def test_long_lists_are_shortened_only_where_they_must_be() -> None:
    ten_thousand = f"SELECT * FROM t WHERE a IN ({', '.join(map(str, range(10_000)))})"
    found = preparable(ten_thousand)
    assert isinstance(found, Preparable)
    assert not found.shortened
    assert found.text == ten_thousand
    longer = f"SELECT * FROM t WHERE a IN ({', '.join(map(str, range(100_000)))}) AND b = $1"
    found = preparable(longer)
    assert isinstance(found, Preparable)
    assert found.shortened
    assert found.text.count(",") == 199
    assert found.text.endswith(") AND b = $1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT " + "a + " * 50_000 + "1", "too-long"),
        ("SELECT '" + "x" * 1_000_000 + "'", "too-long"),
        ("SELECT " + "1, " * 1_000_000 + "1", "too-long"),
        ("SELECT 'a", "syntax"),
        ("", "empty"),
        ("<insufficient privilege>", "hidden"),
    ],
)
def test_what_is_not_prepared_has_a_reason(text: str, reason: Reason) -> None:
    assert preparable(text) == Unparsed(reason=reason)


def test_constants_become_parameters() -> None:
    found = literals_as_parameters(
        "SELECT a FROM t WHERE b = 'it''s' AND c > -5 AND d = $1 LIMIT 3"
    )
    assert isinstance(found, Parametrised)
    assert parameters(found.text) == (1, 2, 3, 4)
    assert found.literals == {2: "'it''s'", 3: "-5", 4: "3"}
    assert "it''s" not in repr(found)
    assert literals_as_parameters("SELECT FROM WHERE") == Unparsed(reason="syntax")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 LIMIT $1 OFFSET $2", {1: "limit", 2: "offset"}),
        ("SELECT 1 FETCH FIRST $1 ROWS ONLY", {1: "limit"}),
        ("SELECT extract($1 from a), date_trunc($2, a)", {1: "field", 2: "unit"}),
        ("SELECT a AT TIME ZONE $1 FROM t TABLESAMPLE system ($2)", {1: "zone", 2: "sample"}),
        ("SELECT 1 WHERE a LIKE $1 || $2 AND b || $3 = 'x'", {1: "wildcard", 2: "wildcard"}),
    ],
)  # fmt: skip
def test_roles(text: str, expected: dict[int, Role]) -> None:
    assert roles(text) == expected


def test_a_message_that_tells_nothing_repairs_nothing() -> None:
    assert repaired("SELECT $1", "42P18", "no number", None) is None
    assert repaired("SELECT a = $1", "42883", "unknown words", 10) is None
    assert repaired("SELECT '", "42P18", "type of parameter $1", None) is None
    assert repaired("SELECT $1::text", "42P18", "type of parameter $1", None) is None


STATISTICS = ValueStatistics(
    schema="public", table="t", column="a", type="text", common=(("secret", 0.9), ("other", 0.1))
)


def test_values_stay_out_of_what_is_shown() -> None:
    (first, second) = sample(
        {("public", "t", "t"): ["(t.a = $1)"]}, ["text"], lambda *_: STATISTICS
    )
    assert first.literals == {1: "'secret'::text"}
    assert (first.weight, second.weight) == (0.9, 0.1)
    assert "secret" not in repr((first, STATISTICS))


def test_one_without_a_constant_of_its_type_leaves_the_generic_plan() -> None:
    conditions = {("public", "t", "t"): ["((t.a = $1) AND (t.g && $2))"]}
    assert sample(conditions, ["text", "geometry"], lambda *_: STATISTICS) == ()
