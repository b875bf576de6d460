"""A disk that is full, a path that is a file: an error in three parts, and nothing half-written."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from golden.check import tree
from golden.rich_report import empty_report, rich_report
from pgtune_advisor.domain.errors import OutputError
from pgtune_advisor.emit import atomic
from pgtune_advisor.emit.output_dir import write

TMPFS_SIZE = "64k"


@contextmanager
def tmpfs(folder: Path) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_SIZE}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def limited_files(_folder: Path) -> Iterator[None]:
    """No file may grow beyond 20 kB; the report of the test does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def may_mount() -> bool:
    return (
        os.geteuid() == 0
        and subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True
        ).returncode
        == 0
    )


# A file system of its own is the better test; a limit on files is at hand for everyone.
DISKS = {"limit": limited_files} | ({"tmpfs": tmpfs} if may_mount() else {})


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def is_in_three_parts(error: OutputError) -> bool:
    return [line.split(":")[0] for line in error.lines()] == ["error", "detail", "hint"]


@pytest.mark.parametrize("disk", DISKS)
def test_a_full_disk_leaves_no_new_directory(disk: str, tmp_path: Path) -> None:
    with DISKS[disk](tmp_path):
        with pytest.raises(OutputError) as caught:
            write(rich_report(), tmp_path / "deep" / "out")
        assert everything(tmp_path) == []
    assert is_in_three_parts(caught.value)
    assert ("Free some space" in caught.value.hint) == (disk == "tmpfs")


@pytest.mark.parametrize("disk", DISKS)
def test_a_full_disk_leaves_an_old_directory_as_it_was(disk: str, tmp_path: Path) -> None:
    with DISKS[disk](tmp_path):
        write(empty_report(), tmp_path)
        before = tree(tmp_path)
        with pytest.raises(OutputError) as caught:
            write(rich_report(), tmp_path)
        assert tree(tmp_path) == before
        assert everything(tmp_path) == sorted(before)
    assert "Nothing was written." in caught.value.detail


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_path_that_is_a_file(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError) as caught:
        write(rich_report(), tmp_path / path)
    assert is_in_three_parts(caught.value)
    assert tree(tmp_path) == {"file": "mine"}


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        write(rich_report(), tmp_path / "out")
    assert everything(tmp_path) == ["out"]


def test_a_link_to_a_directory_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    write(empty_report(), tmp_path / "out")
    assert "INDEX.md" in tree(tmp_path / "real")


def test_a_file_in_place_of_a_folder_undoes_the_rest(tmp_path: Path) -> None:
    write(empty_report(), tmp_path)
    (tmp_path / "migrations").write_text("in the way")
    before = tree(tmp_path)
    with pytest.raises(OutputError) as caught:
        write(rich_report(), tmp_path)
    assert is_in_three_parts(caught.value)
    assert tree(tmp_path) == before
    assert everything(tmp_path) == sorted(before)


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    write(empty_report(), tmp_path)
    (tmp_path / "report.md").unlink()
    (tmp_path / "report.md").mkdir()
    before = everything(tmp_path)
    with pytest.raises(OutputError):
        write(rich_report(), tmp_path)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("failing", range(1, 5))
def test_a_rename_that_fails_puts_everything_back(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic.commit(tmp_path, {"a": b"1", "b": b"1", "old": b"1"})
    before = tree(tmp_path)
    calls = 0
    real = Path.replace

    def replace_or_fail(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(5, "Input/output error", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace_or_fail)
    files = {"a": b"2", "new/c": b"2", "b": b"2", "d": b"2"}
    with pytest.raises(OutputError, match="could not be written"):
        atomic.commit(tmp_path, files, ["old"])
    assert tree(tmp_path) == before
    assert everything(tmp_path) == sorted(before)


def test_files_are_replaced_added_and_removed(tmp_path: Path) -> None:
    atomic.commit(tmp_path / "x", {"a": b"1", "sub/b": b"1", "old": b"1"})
    atomic.commit(tmp_path / "x", {"a": b"2", "sub/c": b"2"}, ["old"])
    assert tree(tmp_path / "x") == {"a": "2", "sub/b": "1", "sub/c": "2"}
    assert everything(tmp_path / "x") == ["a", "sub", "sub/b", "sub/c"]


def test_without_hard_links_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic.commit(tmp_path, {"a": b"1"})

    def no_links(*args: object, **options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    atomic.commit(tmp_path, {"a": b"2"})
    assert tree(tmp_path) == {"a": "2"}


def test_the_directory_has_ordinary_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        write(replace(rich_report(), recommendations=()), tmp_path / "out")
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "INDEX.md").stat().st_mode & 0o777 == 0o644
