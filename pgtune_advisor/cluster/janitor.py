"""Cleaning up after runs that were killed."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
from pathlib import Path

from pgtune_advisor.cluster.homes import KEPT, PREFIX, remove_home, take_lock
from pgtune_advisor.cluster.processes import end_postmaster, find_postmasters
from pgtune_advisor.domain.errors import ClusterError
from pgtune_advisor.logs import log

LOGGER = logging.getLogger(__name__)


def sweep(base: Path) -> list[Path]:
    """Delete the clusters below `base` whose owner has died; returns their folders.

    Only folders that this user made are looked at. A cluster with a living owner is left alone,
    and so is one that was kept while its server runs, and one that answers although no process
    here is its postmaster (it may run in another container that shares the folder). What cannot
    be deleted is logged and left to a later run.
    """
    removed = []
    for path in sorted(base.resolve().glob(f"{PREFIX}*")):
        try:
            if _is_own_folder(path) and _sweep_one(path):
                removed.append(path)
        except (ClusterError, OSError) as error:
            text = "; ".join(error.lines()) if isinstance(error, ClusterError) else str(error)
            log(LOGGER, logging.WARNING, text, action="sweep", path=str(path))
    return removed


def _is_own_folder(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _sweep_one(path: Path) -> bool:
    lock = take_lock(path)
    if lock is None:
        # Without a lock file it is empty, or about to get one; rmdir() tells.
        with contextlib.suppress(OSError):
            path.rmdir()
            return True
        return False
    try:
        data = path / "data"
        uid = data.lstat().st_uid if data.exists() else os.geteuid()
        postmasters = find_postmasters(data, uid)
        if (path / KEPT).exists() and postmasters:
            return False
        for pid in postmasters:
            end_postmaster(pid, data, uid)
        if _answers(path / "run"):
            return False
        remove_home(path)
        return True
    finally:
        os.close(lock)


def _answers(folder: Path) -> bool:
    """Whether a server listens on a socket in this folder."""
    for path in folder.glob(".s.PGSQL.*"):
        if not path.is_socket():
            continue
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.settimeout(5)
            probe.connect(str(path))
            return True
    return False
