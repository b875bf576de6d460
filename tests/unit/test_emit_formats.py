"""Formats are found, not listed."""

from __future__ import annotations

import pytest

from golden.rich_report import empty_report
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.emit.formats import formats, render


def test_formats_are_the_modules_that_name_one() -> None:
    assert formats() == ["json", "markdown", "table"]


@pytest.mark.parametrize("name", formats())
def test_every_format_ends_with_a_newline(name: str) -> None:
    text = render(empty_report(), name, width=80, color=False)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_an_unknown_format_is_an_error_that_names_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        render(empty_report(), "xml", width=80, color=False)
    assert caught.value.lines() == [
        'error: there is no report format "xml"',
        "detail: The formats are json, markdown, table.",
        "hint: Choose one of them with --format.",
    ]
