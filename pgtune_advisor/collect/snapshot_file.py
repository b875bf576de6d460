"""Snapshots on disk: written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pgtune_advisor.domain import codec
from pgtune_advisor.domain.errors import OutputError, SnapshotError
from pgtune_advisor.domain.snapshot import Snapshot


def save(snapshot: Snapshot, path: Path) -> None:
    """Write the snapshot to `path`, replacing a file there. OutputError where that fails."""
    try:
        _replace(snapshot, path)
    except OSError as error:
        raise OutputError(
            f"the snapshot {path} cannot be written",
            detail=f"{error.strerror or error}. Nothing was left behind.",
            hint="Choose a directory that exists, that you may write to, and that has room.",
        ) from None


def _replace(snapshot: Snapshot, path: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            codec.write(snapshot, out)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load(path: Path) -> Snapshot:
    """The snapshot in the file. SnapshotError where it cannot be read or is none."""
    try:
        with path.open("rb") as source:
            return codec.read(source)
    except OSError as error:
        raise SnapshotError(
            f"the snapshot {path} cannot be read", detail=error.strerror or str(error)
        ) from None
