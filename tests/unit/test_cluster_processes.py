"""No process but a provable postmaster is ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgtune_advisor.cluster import processes
from pgtune_advisor.cluster.processes import (
    Handle,
    Sight,
    end_postmaster,
    find_children,
    find_postmasters,
    is_postmaster,
    look,
)

DATA = Path("/tmp/pgta-abc/data")
PROGRAM = "/usr/lib/postgresql/18/bin/postgres"


@pytest.mark.parametrize(
    ("argv", "uid", "verdict"),
    [
        ((PROGRAM, "-D", str(DATA), "-c", "x=y"), 7, True),
        ((PROGRAM, "-D", str(DATA)), 8, False),
        ((PROGRAM, "-D", "/var/lib/postgresql/18/main"), 7, False),
        ((PROGRAM, "-D", f"{DATA}/../data"), 7, False),
        (("/usr/bin/vi", "-D", str(DATA)), 7, False),
        (("postgres: checkpointer ",), 7, False),
        (("/usr/lib/postgresql/18/bin/pg_ctl", "-D", str(DATA), "start"), 7, False),
        ((), 7, False),
    ],
)
def test_what_proves_a_postmaster(argv: tuple[str, ...], uid: int, verdict: bool) -> None:
    assert is_postmaster(Sight(pid=1, parent=0, uid=uid, argv=argv), DATA, 7) is verdict


@contextlib.contextmanager
def waiting(argv: list[str], program: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that has said that it is ready, so that it is seen with its arguments."""
    with subprocess.Popen(
        argv, executable=program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with waiting(["sh", "-c", "echo ready; read line", "name"], "/bin/sh") as process:
        yield process


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like the postmaster of a folder and ignores SIGQUIT."""
    script = "trap '' QUIT; echo ready; read line"
    argv = ["/any/where/postgres", "-c", script, "-D", str(tmp_path)]
    with waiting(argv, "/bin/sh") as process:
        yield process


def test_a_process_is_seen_until_it_ends(bystander: subprocess.Popen[bytes]) -> None:
    sight = look(bystander.pid)
    assert sight is not None
    assert (sight.parent, sight.uid) == (os.getpid(), os.geteuid())
    assert sight.argv[-1] == "name"
    assert bystander.pid in find_children(os.getpid())
    with Handle.open(bystander.pid) as handle:
        assert not handle.wait(0)
        handle.send(signal.SIGKILL)
        assert handle.wait(10)
        # A zombie until its parent asks for the status; it counts as ended.
        assert look(bystander.pid) is None
        handle.send(signal.SIGKILL)


def test_another_process_is_left_alone(bystander: subprocess.Popen[bytes], tmp_path: Path) -> None:
    end_postmaster(bystander.pid, tmp_path, os.geteuid())
    assert bystander.poll() is None
    assert find_postmasters(tmp_path, os.geteuid()) == []


def test_the_postmaster_of_a_folder_is_ended(
    stubborn: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "QUIT_SECONDS", 0.1)
    assert find_postmasters(tmp_path, os.geteuid()) == [stubborn.pid]
    assert find_postmasters(tmp_path / "other", os.geteuid()) == []
    assert find_postmasters(tmp_path, os.geteuid() + 1) == []
    end_postmaster(stubborn.pid, tmp_path, os.geteuid())
    assert stubborn.wait() == -signal.SIGKILL
