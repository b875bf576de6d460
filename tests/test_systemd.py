"""The systemd files: what they promise, and what systemd's own tools say of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from pgtune_advisor.settings import DEFAULT_PATH, DaemonSection

FOLDER = Path(__file__).parent.parent / "systemd"
UNIT = FOLDER / "pgtune-advisor.service"
SYSUSERS = FOLDER / "pgtune-advisor.sysusers.conf"
TMPFILES = FOLDER / "pgtune-advisor.tmpfiles.conf"
WORST_EXPOSURE = 2.0


def directives() -> dict[str, list[str]]:
    """The unit's directives, each with its values."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def entries(file: Path) -> list[list[str]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_it_starts_the_daemon() -> None:
    (command,) = directives()["ExecStart"]
    assert command == f"/usr/bin/pgtune-advisor daemon --config {DEFAULT_PATH}"
    assert directives()["Type"] == ["notify"]
    assert directives()["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(directives()["WatchdogSec"][0]) > 0
    assert int(directives()["TimeoutStopSec"][0]) > 5


def test_the_places_are_those_of_the_configuration() -> None:
    (state,) = directives()["StateDirectory"]
    assert Path("/var/lib", state) == DaemonSection().state_dir
    assert directives()["StateDirectoryMode"] == ["0700"]
    made = {entry[1]: entry for entry in entries(TMPFILES)}
    for credential in directives()["LoadCredential"]:
        _, source = credential.split(":")
        assert made[source][0] == "f"
        assert made[source][2:] == ["0600", "root", "root"]
    assert made[str(DEFAULT_PATH)][2] == "0640"
    assert {"/etc/pgtune-advisor/rules.d", "/etc/pgtune-advisor/sql.d"} <= made.keys()


def test_it_keeps_what_the_daemon_needs() -> None:
    """Sockets of both kinds, and the host's memory in /proc."""
    (families,) = directives()["RestrictAddressFamilies"]
    assert set(families.split()) == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert "ProcSubset" not in directives()
    assert "PrivateNetwork" not in directives()


def test_the_user_is_made() -> None:
    ((kind, name, *_),) = entries(SYSUSERS)
    assert (kind, [name]) == ("u", directives()["User"])


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


# Where systemd is not installed, only what is above can be tested; its tools that make users and
# files want to be root, in whatever tree.
if shutil.which("systemd-analyze"):

    def test_little_is_exposed() -> None:
        ran = run("systemd-analyze", "security", "--offline=true", UNIT)
        assert ran.stderr == ""
        exposure = re.search(r"Overall exposure level for .*: ([\d.]+)", ran.stdout)
        assert exposure is not None
        assert float(exposure[1]) <= WORST_EXPOSURE

    def test_systemd_understands_the_unit(tmp_path: Path) -> None:
        """With a program that is there in the place of the one that is to be installed."""
        unit = tmp_path / UNIT.name
        text = UNIT.read_text(encoding="utf-8")
        unit.write_text(text.replace("/usr/bin/pgtune-advisor", "/bin/true"))
        ran = run("systemd-analyze", "verify", unit)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


if shutil.which("systemd-sysusers") and shutil.which("systemd-tmpfiles") and os.geteuid() == 0:

    def test_systemd_makes_the_user_and_the_files(tmp_path: Path) -> None:
        """The second time, what is there is left alone."""
        (tmp_path / "etc").mkdir()
        passfile = tmp_path / "etc/pgtune-advisor/pgpass"
        for content in ("", "*:*:*:*:secret\n"):
            for tool, file in (("sysusers", SYSUSERS), ("tmpfiles", TMPFILES)):
                command = [f"systemd-{tool}", f"--root={tmp_path}", str(file)]
                ran = run(*command, *(["--create"] if tool == "tmpfiles" else []))
                assert ran.returncode == 0, ran.stderr
            assert passfile.read_text() == content
            assert passfile.stat().st_mode & 0o777 == 0o600
            passfile.write_text("*:*:*:*:secret\n")
        assert "pgtune-advisor" in (tmp_path / "etc/passwd").read_text()
