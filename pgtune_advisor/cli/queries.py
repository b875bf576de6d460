"""Statements from files, for `--queries`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pgtune_advisor.advise.indexes.workload import QueryFile
from pgtune_advisor.domain.errors import UsageError

_WEIGHT: Final = re.compile(r"^\s*--\s*(?:weight|calls):\s*(\S+)\s*$", re.MULTILINE)


def read_queries(directory: Path) -> tuple[QueryFile, ...]:
    """One statement for each *.sql below the directory, in the order of their names.

    A line `-- weight: 12` (or `-- calls: 12`) says how often it counts; without, once. UsageError
    where the directory or a file cannot be used.
    """
    if not directory.is_dir():
        raise UsageError(f"--queries: {directory} is no directory")
    paths = sorted(directory.rglob("*.sql"))
    if not paths:
        raise UsageError(
            f"--queries: there is no *.sql in {directory}", hint="One statement a file."
        )
    return tuple(_read(path, directory) for path in paths)


def _read(path: Path, directory: Path) -> QueryFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--queries: {path} cannot be read", detail=str(error)) from None
    weight = 1.0
    if match := _WEIGHT.search(text):
        try:
            weight = float(match[1])
        except ValueError:
            weight = -1.0
        if not 0 < weight < float("inf"):
            raise UsageError(
                f"--queries: the weight in {path} is not above 0", hint="Write -- weight: 12"
            )
    name = path.relative_to(directory).with_suffix("").as_posix()
    statement = text.strip().removesuffix(";").rstrip()
    return QueryFile(name=name, text=statement, weight=weight)
