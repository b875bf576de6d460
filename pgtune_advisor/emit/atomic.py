"""Files put into a directory all at once: either every one is there afterwards, or none."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pgtune_advisor.domain.errors import OutputError

_HINTS: Final = {
    errno.ENOSPC: "Free some space, or choose a directory on another disk.",
    errno.EDQUOT: "Free some of your quota, or choose a directory on another disk.",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f).",
    errno.EROFS: "The file system is read-only: choose another directory.",
    errno.EACCES: "Choose a directory that you may write to.",
    errno.EPERM: "Choose a directory that you may write to.",
    errno.ENOTDIR: "A part of the path is a file: choose another directory.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
}


def commit(directory: Path, files: Mapping[str, bytes], remove: Iterable[str] = ()) -> None:
    """Write `files`, by relative path and in their order, and remove what `remove` names.

    A new directory appears whole. In one that exists, everything is written and synced beside
    its target first; then it is renamed into place file by file, and back if one of them fails.
    Raises OutputError; nothing of this call is left then.
    """
    with reporting(directory):
        if directory.is_dir():
            _merge(directory, files, list(remove))
        else:
            _create(directory, files)


@contextmanager
def reporting(directory: Path) -> Iterator[None]:
    """An OSError as an OutputError about the directory."""
    try:
        yield
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        code = error.errno or 0
        raise OutputError(
            f"the advice could not be written to {directory}",
            detail=f"{place}{error.strerror or error}. Nothing was written.",
            hint=_HINTS.get(code, "Choose another directory with --output-dir."),
        ) from None


def _create(directory: Path, files: Mapping[str, bytes]) -> None:
    if os.path.lexists(directory):
        raise NotADirectoryError(errno.ENOTDIR, "It is not a directory", str(directory))
    made: list[Path] = []
    staging = _beside(directory.parent, directory.name)
    try:
        _make(directory.parent, made)
        staging.mkdir()
        _fill(staging, files)
        staging.rename(directory)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        _unmake(made)
        raise
    _sync(directory.parent)


def _make(folder: Path, made: list[Path]) -> None:
    """Make what is missing of a path, and note it in `made`."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir()
        made.append(one)


def _unmake(made: list[Path]) -> None:
    for one in reversed(made):
        one.rmdir()


def _merge(directory: Path, files: Mapping[str, bytes], remove: list[str]) -> None:
    for name in files:
        if (directory / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, "It is a directory", str(directory / name))
    staging = _beside(directory, "pgtune-advisor")
    made: list[Path] = []
    try:
        staging.mkdir()
        _fill(staging / "new", files)
        for name in files:
            _make((directory / name).parent, made)
        _swap(directory, staging, files, remove)
    except BaseException:
        _unmake(made)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _sync(directory)


def _swap(directory: Path, staging: Path, files: Iterable[str], remove: Iterable[str]) -> None:
    """Rename new files into place; on failure put the old ones back, last first."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for number, name in enumerate(files):
            target = directory / name
            done.append((target, _keep(target, staging / f"old{number}")))
            (staging / "new" / name).replace(target)
        for name in remove:
            target = directory / name
            done.append((target, _keep(target, staging / f"removed-{len(done)}")))
            target.unlink(missing_ok=True)
    except BaseException:
        for target, old in reversed(done):
            # One that cannot be put back must not keep the others from it.
            with suppress(OSError):
                if old is None:
                    target.unlink(missing_ok=True)
                else:
                    old.replace(target)
        raise


def _keep(target: Path, old: Path) -> Path | None:
    """A second name for the file, so that it can come back; None where there is no file."""
    if not os.path.lexists(target):
        return None
    try:
        os.link(target, old, follow_symlinks=False)
    except OSError:
        # Some file systems have no hard links.
        shutil.copy2(target, old, follow_symlinks=False)
    return old


def _beside(parent: Path, name: str) -> Path:
    return parent / f".{name}.{secrets.token_hex(4)}.tmp"


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            out.write(content)
            out.flush()
            # A full disk may show only here.
            os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
