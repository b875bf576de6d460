"""The folders of clusters, and the removal of those whose owner has died."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgtune_advisor.cluster import homes
from pgtune_advisor.cluster.accounts import server_account
from pgtune_advisor.cluster.homes import create_home, take_lock
from pgtune_advisor.cluster.janitor import sweep
from pgtune_advisor.domain.errors import ClusterError

ACCOUNT = server_account()

OWNER = """
import sys
from pathlib import Path
from pgtune_advisor.cluster.accounts import server_account
from pgtune_advisor.cluster.homes import create_home
print(create_home(server_account(), Path(sys.argv[1])).path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder with a short path, which the server's user can enter."""
    with tempfile.TemporaryDirectory(prefix="base-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


@pytest.fixture
def other(base: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process and the home that it owns."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(base)],
        env=env,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_nobody_else_can_enter(base: Path) -> None:
    home = create_home(ACCOUNT, base)
    assert home.path.stat().st_mode & 0o007 == 0
    assert home.path.stat().st_uid == os.geteuid()
    for folder in (home.data, home.run):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid == ACCOUNT.uid
    assert home.conf_d.stat().st_mode & 0o777 == 0o750
    written = home.write("some.conf", "x = 1\n")
    assert written.stat().st_mode & 0o777 == 0o640
    assert written.stat().st_gid == ACCOUNT.gid
    home.remove()
    assert list(base.iterdir()) == []


def test_a_long_path_is_refused(base: Path) -> None:
    deep = base / ("x" * 90)
    deep.mkdir()
    with pytest.raises(ClusterError, match="too long for a cluster") as caught:
        create_home(ACCOUNT, deep)
    assert str(homes.LONGEST_SOCKET) in caught.value.detail


def test_a_folder_that_is_not_there(base: Path) -> None:
    with pytest.raises(ClusterError, match="cannot reach"):
        create_home(ACCOUNT, base / "nowhere")


def test_a_full_disk_leaves_nothing(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(home: homes.Home, account: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(homes, "_furnish", fail)
    with pytest.raises(ClusterError) as caught:
        create_home(ACCOUNT, base)
    assert caught.value.detail == "No space left on device"
    assert list(base.iterdir()) == []


@pytest.mark.root
def test_root_does_not_open_its_own_folders(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = base / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="cannot reach"):
        create_home(ACCOUNT, private)
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    home = create_home(ACCOUNT, None)
    assert home.path.parent in (Path("/tmp").resolve(), Path("/var/tmp").resolve())
    home.remove()
    assert private.stat().st_mode & 0o777 == 0o700


def test_a_living_owner_is_respected(base: Path, other: tuple[subprocess.Popen[str], Path]) -> None:
    _, path = other
    mine = create_home(ACCOUNT, base)
    assert sweep(base) == []
    assert take_lock(path) is None
    assert path.exists()
    assert mine.path.exists()
    mine.remove()


def test_a_dead_owner_is_cleaned_up_after(
    base: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    (path / "data" / "base").mkdir()
    process.kill()
    process.wait()
    assert sweep(base) == [path]
    assert list(base.iterdir()) == []


def test_a_process_named_by_a_stale_pid_file_lives_on(
    base: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    with subprocess.Popen(["sleep", "600"]) as bystander:
        (path / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n{path / 'data'}\n")
        process.kill()
        process.wait()
        assert sweep(base) == [path]
        assert bystander.poll() is None
        bystander.kill()


def test_a_server_that_answers_from_elsewhere_is_left(
    base: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    process.kill()
    process.wait()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path / "run" / ".s.PGSQL.5432"))
        server.listen()
        assert sweep(base) == []
    assert sweep(base) == [path]


def test_an_interrupted_removal_is_taken_up(
    base: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    process.kill()
    process.wait()
    shutil.rmtree(path / "data")
    assert sweep(base) == [path]
    (base / "pgta-empty000").mkdir()
    assert sweep(base) == [base / "pgta-empty000"]


def test_what_is_not_a_home_is_left(base: Path) -> None:
    foreign = base / "pgta-foreign0"
    foreign.mkdir()
    (foreign / "file").touch()
    (base / "pgta-file0000").touch()
    (base / "elsewhere").mkdir()
    (base / "elsewhere" / "lock").touch()
    (base / "pgta-link0000").symlink_to(base / "elsewhere")
    assert sweep(base) == []
    assert sorted(path.name for path in base.iterdir()) == [
        "elsewhere",
        "pgta-file0000",
        "pgta-foreign0",
        "pgta-link0000",
    ]


@pytest.mark.root
def test_the_homes_of_other_users_are_theirs(
    base: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, path = other
    process.kill()
    process.wait()
    os.chown(path, 65534, 65534)
    assert sweep(base) == []
    assert path.exists()


def test_what_cannot_be_deleted_is_logged(
    base: Path,
    other: tuple[subprocess.Popen[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    process, path = other
    process.kill()
    process.wait()

    def fail(folder: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", fail)
        assert sweep(base) == []
    (record,) = caplog.records
    assert vars(record)["action"] == "sweep"
    assert "Operation not permitted" in record.getMessage()
    assert sweep(base) == [path]
