"""The account that runs a private server: ourselves, or an unprivileged one when we are root."""

from __future__ import annotations

import errno
import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pgtune_advisor.domain.errors import ClusterError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who runs the server; `switch` says that this process has to change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def launch(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | IO[bytes] = subprocess.PIPE,
        new_session: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a program as this account.

        Raises ClusterError if it cannot be executed or the account cannot be taken.
        """
        try:
            return subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env=dict(env),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                user=self.uid if self.switch else None,
                group=self.gid if self.switch else None,
                extra_groups=[] if self.switch else None,
                umask=0o077,
                start_new_session=new_session,
            )
        except OSError as error:
            if self.switch and error.errno == errno.EPERM:
                raise ClusterError(
                    f'this process is root and may not become user "{self.name}"',
                    detail="PostgreSQL refuses to run as root.",
                    hint="Give it the capabilities SETUID and SETGID, or run it as another user.",
                ) from error
            raise ClusterError(
                f'could not run "{Path(argv[0]).name}" as user "{self.name}"',
                detail=f"{argv[0]}: {error.strerror or error}",
                hint="The program, and every folder above it, must be accessible to that user.",
            ) from error

    def succeeds(self, argv: Sequence[str | Path]) -> bool:
        """Whether a short, harmless program exits with 0 as this account."""
        try:
            with self.launch(argv, cwd=Path("/"), env={"PATH": os.defpath}) as process:
                process.communicate()
        except ClusterError:
            return False
        return process.returncode == 0

    def may_read(self, path: Path) -> bool:
        """Whether the kernel lets this account read a file, or list a folder and enter it."""
        enter = ("-a", "-x", path) if path.is_dir() else ()
        return self.succeeds(["test", "-r", path, *enter])

    def may_enter(self, path: Path) -> bool:
        """Whether the kernel lets this account reach what lies in a folder."""
        return self.succeeds(["test", "-d", path, "-a", "-x", path])


def server_account(preferred: str | None = None) -> Account:
    """The account for a private server.

    PostgreSQL refuses to run as root, so root needs another: `preferred`, else the first of
    CANDIDATES that exists. Anyone else runs the server themselves. Raises ClusterError if root
    finds no such account.
    """
    if os.geteuid() != 0:
        return Account(name=_own_name(), uid=os.geteuid(), gid=os.getegid(), switch=False)
    for name in (preferred,) if preferred else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            account = Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
            account.launch(["true"], cwd=Path("/"), env={"PATH": os.defpath}).communicate()
            return account
    wanted = f'"{preferred}"' if preferred else " or ".join(f'"{name}"' for name in CANDIDATES)
    raise ClusterError(
        "root needs an unprivileged account to run PostgreSQL, and found none",
        detail=f"PostgreSQL refuses to run as root; there is no ordinary user {wanted}.",
        hint="Create one (useradd --system postgres), or run this as an ordinary user.",
    )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
