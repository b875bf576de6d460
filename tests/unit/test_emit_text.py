"""Text primitives: nothing invisible, values with units, statements that can still be copied."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.domain.changes import CreateIndex
from pgtune_advisor.domain.findings import Value
from pgtune_advisor.domain.identifiers import qualified, quote_ident, quote_literal
from pgtune_advisor.emit.text import (
    amount,
    cut,
    flow,
    in_comment,
    one_line,
    plural,
    terminated,
    visible,
    wrap,
    wrap_sql,
)


@given(st.text())
def test_one_line_is_one_line_without_commands(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")]


@given(st.text())
def test_a_comment_ends_where_its_line_ends(text: str) -> None:
    assert not re.search(r"[\r\n]", in_comment(text))


@given(st.text(alphabet="a b\n\r\t\x1b\u202e\ud800é"))
def test_visible_keeps_breaks_and_nothing_else(text: str) -> None:
    assert not re.search("[\r\t\x1b\u202e\ud800]", visible(text))
    assert visible(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, "bytes", "unknown"),
        (float("nan"), "ms", "unknown"),
        (True, "", "yes"),
        (False, "", "no"),
        ("", "", "none"),
        ("a\n\x07b", "", "a \\x07b"),
        (1536, "bytes", "1.5 kB"),
        (2048.0, "bytes/s", "2 kB/s"),
        (0.25, "ratio", "25 %"),
        (4200.0, "ms", "4.2 s"),
        (90, "s", "90 s"),
        (1234567, "", "1,234,567"),
        (45, "days", "45 days"),
        (2.5, "1/s", "2.5/s"),
    ],
)
def test_amounts_have_units(value: Value, unit: str, expected: str) -> None:
    assert amount(value, unit) == expected


def test_plural() -> None:
    assert [plural(n, "gap") for n in (0, 1, 1200)] == ["0 gaps", "1 gap", "1,200 gaps"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT 1;"),
        ("SELECT 1; \n", "SELECT 1;"),
        ("SELECT 1 -- done;", "SELECT 1 -- done;\n;"),
    ],
)
def test_a_comment_does_not_swallow_the_end(sql: str, expected: str) -> None:
    assert terminated(sql) == expected


names = st.text(alphabet="abÄ \"'|:;$-\\\n.(", min_size=1, max_size=20)


@given(names, names, names, st.integers(20, 90))
def test_wrapping_breaks_no_name_and_no_constant(
    schema: str, table: str, name: str, width: int
) -> None:
    statement = (
        f"CREATE INDEX CONCURRENTLY {quote_ident(name)} ON {qualified(schema, table)} USING btree "
        f"({quote_ident(table)} DESC) WHERE {quote_ident(name)} <> {quote_literal(schema)}"
    )
    change = CreateIndex(database="d", schema=schema, table=table, name=name, statement=statement)
    wrapped = "\n".join(wrap_sql(change.sql, width, ""))
    if "\n" not in statement:
        wrapped = wrapped.replace("\n  ", " ")
    assert wrapped.removesuffix("\n;").removesuffix(";") == statement


def test_wrapped_statements_fit_where_they_can() -> None:
    lines = wrap_sql("SELECT " + ", ".join(f"column_{n}" for n in range(20)), 40, "  ")
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("  SELECT")
    assert lines[1].startswith("    column")


def test_prose_is_wrapped_with_its_indents() -> None:
    assert wrap("one two three", 10, "- ") == ["- one two", "  three"]
    assert wrap("", 10, "- ") == ["-"]


def test_facts_break_between_facts() -> None:
    assert flow(["aaa bbb", "ccc ddd", "e"], 14, " ") == [" aaa bbb", " ccc ddd · e"]
    assert flow([], 14, " ") == []


def test_cut() -> None:
    assert cut("a  long\nline", 9) == "a long..."
    assert cut("short", 9) == "short"
