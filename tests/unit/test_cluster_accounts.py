"""Who runs a private server."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgtune_advisor.cluster import accounts
from pgtune_advisor.cluster.accounts import Account, server_account
from pgtune_advisor.domain.errors import ClusterError


@pytest.fixture
def hidden() -> Iterator[Path]:
    """A folder that only its owner can enter, below one that everybody can."""
    with tempfile.TemporaryDirectory(prefix="hidden-") as name:
        yield Path(name).resolve()


def test_an_ordinary_user_runs_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    account = server_account()
    assert (account.uid, account.switch) == (12345, False)
    assert account.name == "12345"


@pytest.mark.root
def test_root_takes_the_first_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "CANDIDATES", ("no such user", "root", "nobody"))
    account = server_account()
    nobody = pwd.getpwnam("nobody")
    assert account == Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid, switch=True)


def test_root_alone_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "CANDIDATES", ("no such user", "root"))
    with pytest.raises(ClusterError, match="root needs an unprivileged account") as caught:
        server_account()
    assert "useradd" in caught.value.hint


def test_a_named_account_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ClusterError) as caught:
        server_account("no such user")
    assert '"no such user"' in caught.value.detail


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ClusterError, match='could not run "initdb"') as caught:
        server_account().launch([Path("/nowhere/initdb")], cwd=Path("/"), env={})
    assert "No such file" in caught.value.detail


@pytest.mark.root
def test_the_account_has_no_rights_of_ours(hidden: Path) -> None:
    account = server_account("nobody")
    secret = hidden / "secret"
    secret.write_text("x")
    assert not account.may_enter(hidden)
    assert not account.may_read(secret)
    hidden.chmod(0o711)
    assert account.may_enter(hidden)
    assert not account.may_read(hidden)
    assert account.may_read(secret)
    secret.chmod(0o600)
    assert not account.may_read(secret)
    with account.launch(["id", "-G"], cwd=Path("/"), env={"PATH": os.defpath}) as process:
        groups, _ = process.communicate()
    assert groups.split() == [str(account.gid).encode()]
