"""Markdown that says what the text said: escapes, code spans, fences, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tabulate import tabulate

from pgtune_advisor.emit.text import in_comment, one_line, visible

_SPECIAL: Final = re.compile(r"([\\`*\[\]|~])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK_START: Final = re.compile(r"^(#{1,6}|[-+=]|\d+[.)])(?=\s|$)|^([-=]{2,})")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: str) -> str:
    """The text on one line, with nothing left that Markdown or HTML would read as markup."""
    line = _SPECIAL.sub(lambda match: "\\" + match[0], one_line(text))
    line = re.sub("[&<>]", lambda match: _ENTITIES[match[0]], line)
    return _BLOCK_START.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], line)


def code(text: str) -> str:
    """A code span that may hold backticks; its spaces stay as they are."""
    line = in_comment(text)
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def cell(text: str) -> str:
    """Code for a cell of a table, where a bar would end the cell even inside a code span."""
    if "\\|" in text:
        return f"<code>{escape(text)}</code>"
    return code(text).replace("|", "\\|")


def fence(text: str, language: str = "sql") -> list[str]:
    """A fenced block that is longer than every fence in the text."""
    marks = "`" * max(3, _longest_run(text) + 1)
    return [f"{marks}{language}", *visible(text).rstrip("\n").split("\n"), marks]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already."""
    if not rows:
        return []
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True).split("\n")
