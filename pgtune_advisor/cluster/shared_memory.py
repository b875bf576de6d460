"""The System V segment that a postmaster killed with SIGKILL leaves in the kernel."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Final

KERNEL_LIST: Final = Path("/proc/sysvipc/shm")
KEY_LINE: Final = 6
IPC_RMID: Final = 0


def release_segment(data_dir: Path) -> bool:
    """Remove the segment that the pid file of a dead postmaster names; tells whether it did.

    Only one whose key, number, creator and owner agree with the file, and that nobody uses.
    """
    pid_file = data_dir / "postmaster.pid"
    try:
        lines = pid_file.read_text(errors="replace").splitlines()
        owner = pid_file.stat().st_uid
        creator, (key, number) = int(lines[0]), map(int, lines[KEY_LINE].split())
        rows = [line.split() for line in KERNEL_LIST.read_text().splitlines()]
    except (OSError, ValueError, IndexError):
        return False
    if sys.platform != "linux" or not rows:
        return False
    columns, *segments = rows
    for segment in segments:
        found = dict(zip(columns, segment, strict=True))
        mine = (key, number, creator, owner)
        if mine == tuple(int(found[name]) for name in ("key", "shmid", "cpid", "uid")):
            return found["nattch"] == "0" and _remove(number)
    return False


def _remove(number: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.shmctl(number, IPC_RMID, None)) == 0
