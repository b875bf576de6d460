"""Telling a postmaster from every other process, and ending no other."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pgtune_advisor.domain.errors import ClusterError

PROC = Path("/proc")
# A postmaster waits 5 s for its children before it kills them.
QUIT_SECONDS = 10.0
KILL_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What can be seen of a living process."""

    pid: int
    parent: int
    uid: int
    argv: tuple[str, ...]


def is_postmaster(sight: Sight | None, data_dir: Path, uid: int) -> bool:
    """Whether a process is, beyond doubt, the postmaster of this data directory.

    The name of a private cluster's folder is random, so a `postgres` of the right user that was
    started on it is ours. Its children rename themselves and do not match.
    """
    if sight is None or sight.uid != uid or not sight.argv:
        return False
    if Path(sight.argv[0]).name not in ("postgres", "postmaster"):
        return False
    return ("-D", str(data_dir)) in zip(sight.argv, sight.argv[1:], strict=False)


def find_postmasters(data_dir: Path, uid: int) -> list[int]:
    """The processes that serve a data directory."""
    return [one.pid for one in _all() if is_postmaster(one, data_dir, uid)]


def find_children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    return [one.pid for one in _all() if one.parent == pid]


def end_postmaster(pid: int, data_dir: Path, uid: int) -> None:
    """Stop a left-over postmaster at once, as after a crash. Does nothing to any other process.

    Raises ClusterError if it outlives even SIGKILL.
    """
    with Handle.open(pid) as handle:
        for number, patience in ((signal.SIGQUIT, QUIT_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            if not is_postmaster(look(pid), data_dir, uid):
                return
            handle.send(number)
            if handle.wait(patience):
                return
    raise ClusterError(f"process {pid}, a left-over postmaster of {data_dir}, cannot be ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A process that is not mistaken for a later one with the same number, where Linux helps."""

    pid: int
    descriptor: int | None

    @classmethod
    @contextlib.contextmanager
    def open(cls, pid: int) -> Iterator[Handle]:
        descriptor = None
        if sys.platform == "linux":
            # Older kernels have no such call; then the number alone has to do.
            with contextlib.suppress(OSError):
                descriptor = os.pidfd_open(pid)
        try:
            yield cls(pid=pid, descriptor=descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "linux" and self.descriptor is not None:
                signal.pidfd_send_signal(self.descriptor, number)
            else:
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended; False if it has not in that time."""
        if self.descriptor is not None:
            poll = select.poll()
            poll.register(self.descriptor, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        deadline = time.monotonic() + seconds
        while look(self.pid) is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def look(pid: int) -> Sight | None:
    """See a process; None if it has ended (a zombie has)."""
    if PROC.joinpath("self", "status").exists():
        return _look_in_proc(pid)
    return next((one for one in _from_ps("-p", str(pid))), None)


def _all() -> Iterator[Sight]:
    if not PROC.joinpath("self", "status").exists():
        yield from _from_ps("-ax")
        return
    for name in os.listdir(PROC):
        if name.isdigit():
            sight = _look_in_proc(int(name))
            if sight is not None:
                yield sight


def _look_in_proc(pid: int) -> Sight | None:
    try:
        status = (PROC / str(pid) / "status").read_text(errors="replace")
        command = (PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if fields["State"].strip()[0] in "ZX":
        return None
    return Sight(
        pid=pid,
        parent=int(fields["PPid"]),
        uid=int(fields["Uid"].split()[0]),
        argv=tuple(os.fsdecode(word) for word in command.split(b"\0")[:-1]),
    )


def _from_ps(*which: str) -> Iterator[Sight]:
    columns = "pid=,ppid=,uid=,stat=,command="
    done = subprocess.run(
        ["ps", "-ww", *which, "-o", columns], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        pid, parent, uid, state, *argv = line.split()
        if not state.startswith("Z"):
            yield Sight(pid=int(pid), parent=int(parent), uid=int(uid), argv=tuple(argv))
