"""Starting one server process, waiting until it is ready, and ending it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pgtune_advisor.cluster.accounts import Account
from pgtune_advisor.cluster.binaries import Binaries
from pgtune_advisor.cluster.homes import Home
from pgtune_advisor.cluster.processes import Handle, find_children
from pgtune_advisor.domain.errors import ClusterError

StopMode = Literal["smart", "fast", "immediate"]

SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
READY = ("ready", "standby")
STATUS_LINE = 7
TAIL_LINES = 12


class PortTakenError(ClusterError):
    """Another program took the port between the choice and the start."""


class Postmaster:
    """A running server that is our child."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, since: int) -> None:
        self._process = process
        self._log = log
        self._since = since

    @classmethod
    def start(
        cls,
        binaries: Binaries,
        account: Account,
        home: Home,
        env: Mapping[str, str],
        seconds: float,
    ) -> Postmaster:
        """Start the server of a home and wait until it takes connections.

        Raises PortTakenError, or ClusterError with the end of the server's log.
        """
        argv: list[str | Path] = [
            binaries.program("postgres"),
            *("-D", home.data),
            *("-c", f"config_file={home.path / 'postgresql.conf'}"),
        ]
        with open(home.log, "ab") as log:
            home.log.chmod(0o600)
            since = log.tell()
            process = account.launch(
                argv, cwd=home.path, env=env, stdout=log, stderr=log, new_session=True
            )
        started = cls(process, home.log, since)
        try:
            started._await_ready(home.data, seconds, binaries.text)
        except BaseException:
            started.kill()
            raise
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, mode: StopMode, seconds: float) -> None:
        """Ask the server to end and wait. Raises ClusterError if it takes longer."""
        if self.running:
            self._process.send_signal(SIGNALS[mode])
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ClusterError(
                f"the server did not stop within {seconds:g} s",
                detail=self.tail(),
                hint="Clients may be connected; another mode of stopping ends them.",
            ) from error

    def kill(self) -> None:
        """End the server and its children as a crash of the machine would."""
        if not self.running:
            return
        # A stopped postmaster starts no more children while we list them.
        self._process.send_signal(signal.SIGSTOP)
        with contextlib.ExitStack() as stack:
            handles = [stack.enter_context(Handle.open(pid)) for pid in find_children(self.pid)]
            self._process.kill()
            self._process.wait()
            for handle in handles:
                handle.send(signal.SIGKILL)
            for handle in handles:
                handle.wait(10)

    def release(self) -> None:
        """Let the server outlive us without a complaint from Popen."""
        self._process.returncode = 0

    def tail(self) -> str:
        """The last lines that the server wrote since its start."""
        with open(self._log, "rb") as log:
            log.seek(self._since)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def _await_ready(self, data: Path, seconds: float, version: str) -> None:
        deadline = time.monotonic() + seconds
        while not _is_ready(data, self.pid):
            if not self.running:
                tail = self.tail()
                if "could not create any TCP/IP sockets" in tail:
                    raise PortTakenError("the port is taken", detail=tail)
                raise ClusterError(
                    f"PostgreSQL {version} did not start",
                    detail=tail or f"It ended with status {self._process.returncode}.",
                    hint="The lines above are the end of the server's log.",
                )
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"PostgreSQL {version} was not ready within {seconds:g} s",
                    detail=self.tail(),
                    hint="The lines above are the end of the server's log.",
                )
            time.sleep(0.02)


def _is_ready(data: Path, pid: int) -> bool:
    """What pg_ctl looks at: the postmaster writes its state into its pid file."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() in READY
