"""The folder of a private cluster, and the lock that tells whether its owner lives."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pgtune_advisor.cluster.accounts import Account
from pgtune_advisor.cluster.shared_memory import release_segment
from pgtune_advisor.domain.errors import ClusterError

PREFIX = "pgta-"
LOCK = "lock"
KEPT = "kept"
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything of one cluster lies below `path`; the lock is held as long as its owner lives.

    Files of ours belong to us and can only be read by the server's group; `data` and `run` (the
    socket) belong to the server's user, and nobody else but root can enter them.
    """

    path: Path
    lock: int
    gid: int

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def conf_d(self) -> Path:
        return self.path / "conf.d"

    def write(self, name: str, text: str) -> Path:
        """Replace a file of ours that the server's group may read. Raises ClusterError."""
        path = self.path / name
        new = self.path / f"{name}.new"
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                os.fchown(descriptor, -1, self.gid)
                os.fchmod(descriptor, 0o640)
                file.write(text)
            new.replace(path)
        except OSError as error:
            raise ClusterError(f'could not write "{path}"', detail=str(error)) from error
        return path

    def keep(self) -> None:
        """Let the server live on after its owner."""
        (self.path / KEPT).touch()

    def remove(self) -> None:
        """Delete the folder and let go of the lock. Raises ClusterError if it cannot be deleted."""
        try:
            remove_home(self.path)
        finally:
            os.close(self.lock)


def create_home(account: Account, base: Path | None) -> Home:
    """Make the folder of a new cluster below `base`, or below the temporary directory.

    Raises ClusterError if the account cannot reach it or the socket's path would be too long.
    """
    parent = _choose_base(account, base)
    for _ in range(ATTEMPTS):
        try:
            path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            lock = take_lock(path, create=True)
        except OSError as error:
            raise _unwritable(parent, error) from error
        if lock is not None:
            home = Home(path=path, lock=lock, gid=account.gid)
            try:
                _furnish(home, account)
            except OSError as error:
                home.remove()
                raise _unwritable(parent, error) from error
            return home
    raise ClusterError(f'could not make a folder for a cluster in "{parent}"')


def take_lock(path: Path, *, create: bool = False) -> int | None:
    """Lock a home without waiting: a file descriptor, or None if it has a living owner.

    The kernel drops the lock when the owner dies, however it dies. Programs that the owner
    starts do not inherit it.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    try:
        descriptor = os.open(path / LOCK, flags, 0o600)
    except FileNotFoundError:
        return None
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have deleted the file in the meantime.
            if os.path.samestat(os.fstat(descriptor), os.stat(path / LOCK)):
                stack.pop_all()
                return descriptor
    return None


def remove_home(path: Path) -> None:
    """Delete a home whose server has ended, the lock file last: another can take up a removal
    that was interrupted. Raises ClusterError."""
    release_segment(path / "data")
    try:
        for entry in path.iterdir():
            if entry.name != LOCK:
                _remove(entry)
        (path / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.rmdir()
    except OSError as error:
        raise ClusterError(f'could not delete "{path}"', detail=str(error)) from error


def _remove(entry: Path) -> None:
    if not entry.is_dir() or entry.is_symlink():
        entry.unlink(missing_ok=True)
        return
    deadline = time.monotonic() + 10
    while True:
        try:
            shutil.rmtree(entry)
        except FileNotFoundError:
            return
        except OSError as error:
            # The last children of a killed postmaster may still write.
            if error.errno != errno.ENOTEMPTY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _choose_base(account: Account, base: Path | None) -> Path:
    if base is not None:
        return _checked(account, base)
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for position, candidate in enumerate(candidates):
        try:
            return _checked(account, candidate)
        except ClusterError:
            if position == len(candidates) - 1:
                raise
    raise AssertionError


def _checked(account: Account, base: Path) -> Path:
    resolved = base.resolve()
    longest = resolved / (PREFIX + "x" * 8) / "run" / ".s.PGSQL.65535"
    if len(os.fsencode(longest)) > LONGEST_SOCKET:
        raise ClusterError(
            f'the path of "{base}" is too long for a cluster',
            detail=f"A socket's path may have {LONGEST_SOCKET} bytes; this would be {longest}.",
            hint="Choose a folder with a shorter path, such as /tmp.",
        )
    if not resolved.is_dir() or not account.may_enter(resolved):
        raise ClusterError(
            f'user "{account.name}", who runs the server, cannot reach "{base}"',
            detail="The folder, and every one above it, must let that user pass.",
            hint="Choose a folder such as /tmp; permissions are not changed for you.",
        )
    return resolved


def _furnish(home: Home, account: Account) -> None:
    note = f"A private PostgreSQL cluster of process {os.getpid()}, which holds a lock on this.\n"
    os.write(home.lock, note.encode())
    home.data.mkdir(mode=0o700)
    home.run.mkdir(mode=0o700)
    home.conf_d.mkdir()
    home.conf_d.chmod(0o750)
    if account.switch:
        os.chown(home.data, account.uid, account.gid)
        os.chown(home.run, account.uid, account.gid)
        os.chown(home.conf_d, -1, account.gid)
        # Files that are put there belong to the server's group too.
        home.conf_d.chmod(0o2750)
        os.chown(home.path, -1, account.gid)
        home.path.chmod(0o710)


def _unwritable(parent: Path, error: OSError) -> ClusterError:
    return ClusterError(
        f'could not make a folder for a cluster in "{parent}"',
        detail=str(error.strerror or error),
        hint="Choose another folder, or set TMPDIR.",
    )
