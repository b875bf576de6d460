"""Comparison with the golden files, and the switch that writes them anew."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
SWITCH: Final = "PGTUNE_WRITE_GOLDEN"


def check(name: str, content: str) -> None:
    """Compare with tests/golden/<name>, or write it if the environment has PGTUNE_WRITE_GOLDEN."""
    path = HERE / name
    if os.environ.get(SWITCH):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    expected = path.read_bytes().decode()
    assert content == expected, f"{path} differs: look at it, then set {SWITCH}=1 to accept"


def check_tree(name: str, files: Mapping[str, str]) -> None:
    """The same for a whole folder: no file may be missing, none too many."""
    folder = HERE / name
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    if os.environ.get(SWITCH):
        for stale in there - files.keys():
            (folder / stale).unlink()
        there = set(files)
    assert there == files.keys()
    for file, content in files.items():
        check(f"{name}/{file}", content)


def tree(directory: Path) -> dict[str, str]:
    """Every file below a directory, by relative path."""
    return {
        str(path.relative_to(directory)): path.read_bytes().decode()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
