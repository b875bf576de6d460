"""The demo as its reader runs it: everything planted is found, and nothing stays behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pgtune_advisor.cli.demo import checklist, faults
from pgtune_advisor.cluster import sweep
from pgtune_advisor.cluster.processes import find_postmasters
from pgtune_advisor.domain.findings import Subject, Unknown
from pgtune_advisor.domain.recommendations import Report, ReportTarget, ReportWindow

ROOT = Path(__file__).parent.parent.parent
PLANTED = faults.load()
MAIN = "import sys; from pgtune_advisor.cli.main import main; sys.exit(main())"
HASTY = f"from pgtune_advisor.cli.demo import run; run.TRAFFIC_SECONDS = 2; {MAIN}"
WAITING = 120
LOW = "work-mem-low"


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder for temporary files that the server's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for home in folder.glob("pgta-*"):
        for pid in find_postmasters(home / "data", (home / "data").stat().st_uid):
            os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder)


def command(*arguments: str, program: str = MAIN) -> list[str]:
    return [sys.executable, "-c", program, "demo", *arguments]


def environment(base: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(base), "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def run(base: Path, work: Path, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=work, env=environment(base), capture_output=True, text=True, check=False
    )


def test_every_fault_is_declared() -> None:
    assert len({fault.path.name for fault in PLANTED}) == len(PLANTED)
    assert len({fault.rule for fault in PLANTED}) >= 15
    for fault in PLANTED:
        assert fault.planted.endswith(".")
        assert bool(fault.params) == bool(fault.because), fault.rule
        assert fault.statement in fault.path.read_text(encoding="utf-8")


def test_a_miss_is_told_with_its_reason() -> None:
    now = datetime.now(UTC)
    lost, doubtful = (next(f for f in PLANTED if f.rule == rule) for rule in ("index-unused", LOW))
    subject = Subject(kind="memory", label="server")
    report = Report(
        generated_at=now,
        advisor_version="0",
        target=ReportTarget(
            name="demo", server_version="18", database="", system_identifier=None, in_recovery=False
        ),
        window=ReportWindow(since=now, until=now),
        findings=(),
        recommendations=(),
        unknown=(Unknown(rule=LOW, subject=subject, missing=("memory_bytes",)),),
    )

    checks = checklist.compare((lost, doubtful), report, ())

    assert not checklist.complete(checks)
    said = checklist.text(checks, report, 120)
    assert "Planted 2 faults: found 0." in said
    assert said.count("MISSED") == 2
    assert said.count("Undecided, for want of memory_bytes.") == 1


def test_finds_what_it_planted(base: Path, tmp_path: Path) -> None:
    done = run(base, tmp_path, command())

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Planted {len(PLANTED)} faults: found {len(PLANTED)}." in done.stdout
    assert done.stdout.count("the same answer in") >= 2
    assert "ANOTHER ANSWER" not in done.stdout
    assert "MISSED" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b" not in done.stdout + done.stderr
    assert "letting visitors in ...\n" in done.stderr
    assert list(base.glob("pgta-*")) == []

    output = tmp_path / "pgtune-advisor-demo"
    report = json.loads((output / "report.json").read_text())
    assert {fault.rule for fault in PLANTED} <= {found["rule"] for found in report["findings"]}
    assert report["window"]["since"]
    assert report["window"]["resets"] == []
    assert {path.name for path in output.iterdir()} >= {"INDEX.md", "report.md", "settings"}
    up = {path.name for path in (output / "migrations").glob("*.up.sql")}
    down = {path.name for path in (output / "migrations").glob("*.down.sql")}
    assert up
    assert {name.replace(".up.", ".down.") for name in up} == down


def test_kept_server_can_be_visited_and_stopped(base: Path, tmp_path: Path) -> None:
    done = run(base, tmp_path, command("--keep", "--output-dir", "advice", program=HASTY))

    assert done.returncode in (0, 1), done.stdout + done.stderr
    said = dict(re.findall(r"^  ([a-zA-Z ]+?): +(.+)$", done.stdout, re.MULTILINE))
    query = " -XAtc 'SELECT current_user, count(*) FROM categories'"
    for way in ("connect", "over TCP"):
        assert shell(said[way] + query).strip() == "postgres|50", way
    dsn = re.search(r'--dsn "(.+)"', said["ask again"])
    assert dsn
    with psycopg.connect(dsn[1]) as connection:
        assert connection.execute("SELECT count(*) FROM coupons").fetchone() == (500,)
    secret = Path(re.search(r"passfile=(\S+)\"", said["over TCP"])[1])  # type: ignore[index]
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text().strip().split(":")[-1] not in done.stdout + done.stderr

    (home,) = base.glob("pgta-*")
    shell(f"{said['stop']}; while {said['stop'].replace('-INT', '-0')} 2>&-; do sleep 0.1; done")
    assert sweep(base) == [home]


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["starting a private", "building", "letting visitors in"])
def test_an_interrupted_demo_leaves_nothing(
    base: Path, tmp_path: Path, step: str, asked: signal.Signals
) -> None:
    with subprocess.Popen(
        command("--keep"),
        cwd=tmp_path,
        env=environment(base),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(step):
                break
        process.send_signal(asked)
        out, err = process.communicate(timeout=WAITING)

    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert out == ""
    assert list(base.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_told_at_once(base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    done = run(base, tmp_path, command("--output-dir", "file/advice"))

    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "starting" not in done.stderr


def test_a_port_in_use_is_an_error(base: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(base, tmp_path, command("--port", str(taken.getsockname()[1])))

    assert done.returncode == 3
    assert "could not listen on port" in done.stderr
    assert list(base.iterdir()) == []


def shell(text: str) -> str:
    return subprocess.run(text, shell=True, check=True, capture_output=True, text=True).stdout
