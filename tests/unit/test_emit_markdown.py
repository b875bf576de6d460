"""Markdown: text stays text, code stays code, tables stay tables."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from golden.rich_report import rich_report
from pgtune_advisor.emit.formats import render
from pgtune_advisor.emit.markdown_text import cell, code, escape, fence, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a | b", r"a \| b"),
        ("*a* `b` ~c~ [d](e)", r"\*a\* \`b\` \~c\~ \[d\](e)"),
        ("order_items", "order_items"),
        ("_x_", r"\_x\_"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("1. no list", r"1\. no list"),
        ("---", r"--\-"),
        ("a\\b", r"a\\b"),
        ("two\nlines\x1b", "two lines\\\\x1b"),
        ("3.5 GB - fine", "3.5 GB - fine"),
    ],
)
def test_escape(text: str, expected: str) -> None:
    assert escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "`  `"), ("a  b\n", "`a  b\\n`")],
)
def test_code(text: str, expected: str) -> None:
    assert code(text) == expected


def test_a_bar_does_not_end_a_cell() -> None:
    assert cell("a || b") == r"`a \|\| b`"
    assert cell("a \\| b") == r"<code>a \\\| b</code>"
    assert table(("x",), [[cell("a | b")]])[-1].replace(r"\|", "").count("|") == 2


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fence("a\n````\nb") == ["`````sql", "a", "````", "b", "`````"]


def test_fences_are_balanced_and_statements_whole() -> None:
    text = render(rich_report(), "markdown", width=80, color=False)
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    for one in rich_report().recommendations:
        for change in one.changes:
            assert change.sql is None or change.sql.rstrip(";") in text
            assert change.inverse is None or change.inverse.rstrip(";") in text


def test_every_table_has_as_many_cells_in_each_row() -> None:
    text = render(rich_report(), "markdown", width=80, color=False)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        counts = {re.sub(r"\\.", "", row).count("|") for row in block.splitlines()}
        assert len(counts) == 1, block


def test_long_lists_are_cut() -> None:
    report = rich_report()
    one = report.recommendations[0]
    many = replace(
        report,
        recommendations=tuple(replace(one, id=f"r{n}") for n in range(71)),
    )
    text = render(many, "markdown", width=80, color=False)
    assert "And 21 more (--format json shows all)." in text
