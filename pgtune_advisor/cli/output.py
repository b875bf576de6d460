"""Where words go: results to stdout, progress and errors to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.domain.redaction import redact


def print_error(error: AdvisorError) -> None:
    """The fact, the detail, the hint: a line each, secrets masked."""
    for line in error.lines():
        sys.stderr.write(redact(line) + "\n")


def colored(stream: TextIO | None = None) -> bool:
    """Whether to colour: a terminal, and NO_COLOR not set."""
    return (stream or sys.stdout).isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


@contextmanager
def progress(steps: int | None = None) -> Iterator[Progress]:
    """A progress bar on stderr, shown on a terminal only."""
    console = Console(stderr=True, no_color=not colored(sys.stderr))
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        if steps is not None:
            bar.add_task("", total=steps)
        yield bar
