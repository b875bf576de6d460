"""The formats of a report, found from the modules that name one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

from pgtune_advisor import emit
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.emit.style import Style


class Format(Protocol):
    """A module of this package that renders a whole report; its FORMAT is what a user types."""

    FORMAT: str

    def render(self, report: Report, style: Style, /) -> str: ...


@cache
def _found() -> dict[str, Format]:
    names = sorted(info.name for info in pkgutil.iter_modules(emit.__path__))
    modules = [
        importlib.import_module(f"{emit.__name__}.{name}")
        for name in names
        if name != __name__.rpartition(".")[2]
    ]
    return {m.FORMAT: cast(Format, m) for m in modules if hasattr(m, "FORMAT")}


def formats() -> list[str]:
    """The names of all formats."""
    return sorted(_found())


def render(report: Report, format: str, *, width: int, color: bool) -> str:
    """The report as text that ends with a newline. UsageError for an unknown format."""
    if format not in _found():
        raise UsageError(
            f'there is no report format "{format}"',
            detail=f"The formats are {', '.join(formats())}.",
            hint="Choose one of them with --format.",
        )
    return _found()[format].render(report, Style(width=width, color=color))
