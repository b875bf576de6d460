"""One daemon per state directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pgtune_advisor.domain.errors import OutputError, UsageError


@contextlib.contextmanager
def only_daemon(state_dir: Path) -> Iterator[None]:
    """Hold the state directory's lock. The kernel gives it back however the process ends.

    Raises UsageError where another daemon holds it, OutputError where it cannot be made.
    """
    path = state_dir / "daemon.lock"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(
            f"the state directory {state_dir} cannot be used",
            detail=f"{error.strerror}: {error.filename}",
            hint="Make it and give it to the daemon's user, or set daemon.state_dir.",
        ) from None
    try:
        _take(handle, state_dir)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, state_dir: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
        raise UsageError(
            f"another daemon already works in {state_dir}",
            detail=f"It has process id {holder or 'unknown'}.",
            hint="Stop it first, or give this one a daemon.state_dir of its own.",
        ) from None
