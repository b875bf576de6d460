"""Which servers the suite runs on, and that it fails without any."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from plugins import containers, pool
from plugins.pool import SUPPORTED, fits, known_majors, local_binaries

ROOT = Path(__file__).parents[2]

MARKED = """
import pytest

@pytest.mark.pg(">= 99")
def test_future(pg_server): ...

@pytest.mark.pg("< 14")
def test_past(newest_server): ...

@pytest.mark.pg("< 14")
def test_own(make_cluster): ...

@pytest.mark.pg(">= 14")
def test_present(): ...

@pytest.mark.root
def test_root(): ...
"""

ASKING = {
    "pg_server": "def test_it(pg_server): ...",
    "newest_database": "def test_it(newest_database): ...",
    "make_cluster": "def test_it(make_cluster): make_cluster()",
    "marked": "import pytest\n@pytest.mark.pg('>= 14')\ndef test_it(make_cluster): make_cluster()",
}

RUN = """
import sys
import pytest
from plugins import pool
if sys.argv.pop(1) == "without":
    pool.find_binaries = lambda *args, **names: []
sys.exit(pytest.main(["-p", "plugins.servers", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run(mode: str, test: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, mode, "-c", ROOT / "pyproject.toml", test],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("spec", "admitted"),
    [
        (">= 16", {16, 17, 18}),
        ("> 16", {17, 18}),
        ("<=15", {14, 15}),
        ("< 15", {14}),
        ("== 17", {17}),
        (">= 15, < 18", {15, 16, 17}),
    ],
)
def test_markers_admit_versions(spec: str, admitted: set[int]) -> None:
    assert {major for major in SUPPORTED if fits(major, spec)} == admitted


@pytest.mark.parametrize("spec", ["16", "", "=> 16", ">= 16,", "~= 16", ">= 16.2"])
def test_a_wrong_marker_is_an_error(spec: str) -> None:
    with pytest.raises(ValueError, match="not a list of comparisons"):
        fits(16, spec)


def test_majors_are_the_local_ones_without_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "docker_answers", lambda: False)
    assert known_majors("", [15, 18]) == (18, 15)
    assert known_majors("15", [15, 18]) == (15,)
    assert known_majors("", []) == ()
    with pytest.raises(ValueError, match="PostgreSQL 16 is not at hand"):
        known_majors("15, 16", [15, 18])


def test_docker_adds_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "docker_answers", lambda: True)
    assert known_majors("", [15, 19]) == (19, *SUPPORTED)
    assert known_majors("14,15", [15]) == (15, 14)


def test_docker_is_not_asked_for_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "docker_answers", lambda: pytest.fail("it was asked"))
    assert known_majors("15", [15, 18]) == (15,)


def test_a_dead_engine_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert not containers.docker_answers()


class Engine(BaseHTTPRequestHandler):
    """As much of a Docker engine as is asked whether it is there."""

    def do_GET(self) -> None:
        answer = b'{"ApiVersion": "1.44"}' if self.path == "/version" else b"OK"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def test_a_living_engine_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Engine) as engine:
        thread = Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{engine.server_port}")
        assert containers.docker_answers()
        engine.shutdown()
        thread.join()


def test_the_newest_minor_of_each_major_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    named = next(iter(local_binaries().values()))
    only = {None: [], named.bindir: [dataclasses.replace(named, source="configured")]}
    monkeypatch.setattr(pool, "find_binaries", lambda folder=None: only[folder])
    monkeypatch.setenv("PGTUNE_TEST_BINDIRS", str(named.bindir))
    (found,) = local_binaries().values()
    assert (found.bindir, found.source) == (named.bindir, "configured")


def test_unfit_tests_are_deselected_and_never_skipped(tmp_path: Path) -> None:
    test = tmp_path / "test_marked.py"
    test.write_text(MARKED)
    done = run("with", test)
    passed = 2 if os.geteuid() == 0 else 1
    assert f"{passed} passed, {5 - passed} deselected" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("fixture", ASKING)
def test_without_a_server_the_suite_fails(tmp_path: Path, fixture: str) -> None:
    test = tmp_path / "test_asking.py"
    test.write_text(ASKING[fixture] + "\n")
    done = run("without", test, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode in (1, 2)
    assert "skipped" not in done.stdout
    assert "no PostgreSQL server is at hand" in done.stdout


def test_a_wanted_version_that_is_missing_fails(tmp_path: Path) -> None:
    test = tmp_path / "test_asking.py"
    test.write_text("def test_it(): ...\n")
    done = run("with", test, PGTUNE_TEST_MAJORS="99", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "PostgreSQL 99 is not at hand" in done.stderr
