"""Every format and the whole output directory, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.check import check, check_tree, tree
from golden.rich_report import empty_report, rich_report
from pgtune_advisor.emit.formats import formats, render
from pgtune_advisor.emit.output_dir import write

EXTENSIONS = {"json": "json", "markdown": "md", "table": "txt"}


def test_every_format_has_a_golden_file() -> None:
    assert formats() == sorted(EXTENSIONS)


@pytest.mark.parametrize("name", sorted(EXTENSIONS))
def test_rich_report(name: str) -> None:
    content = render(rich_report(), name, width=80, color=False)
    check(f"emit/rich.{EXTENSIONS[name]}", content)


@pytest.mark.parametrize("name", sorted(EXTENSIONS))
def test_empty_report(name: str) -> None:
    content = render(empty_report(), name, width=80, color=False)
    check(f"emit/empty.{EXTENSIONS[name]}", content)


def test_wide_table() -> None:
    check("emit/rich.160.txt", render(rich_report(), "table", width=160, color=False))


def test_coloured_table() -> None:
    check("emit/rich.color.txt", render(rich_report(), "table", width=80, color=True))


def test_output_directory(tmp_path: Path) -> None:
    write(rich_report(), tmp_path / "out")
    check_tree("emit/output", tree(tmp_path / "out"))


def test_output_directory_of_a_managed_platform(tmp_path: Path) -> None:
    write(rich_report(), tmp_path / "out", platform="rds")
    settings = {
        name: text
        for name, text in tree(tmp_path / "out").items()
        if name.startswith("settings/") or name == "INDEX.md"
    }
    check_tree("emit/output_rds", settings)
