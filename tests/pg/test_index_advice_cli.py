"""Index advice from the command line: what --queries, --budget, --deadline and --planner say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.cli.main import main
from plugins.databases import Database
from plugins.index_advice import SHOP

Capture = pytest.CaptureFixture[str]
ORDERS = "SELECT * FROM orders WHERE seller_id = $1"


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pgtune_advisor.settings.DEFAULT_PATH", tmp_path / "none.toml")
    monkeypatch.setenv("PGTUNE_ADVISOR__DAEMON__STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    folder = tmp_path / "queries"
    folder.mkdir()
    return folder


def advised(capture: Capture, database: Database, *options: str) -> dict[str, Any]:
    status = main(["advise", "--dsn", database.dsn, "--window", "0", "--format", "json", *options])
    out, err = capture.readouterr()
    assert status == 0, err
    report: dict[str, Any] = json.loads(out)
    return report


def created(report: dict[str, Any]) -> list[str]:
    """The SQL of the indexes that are proposed."""
    return [
        change["sql"].partition(" ON ")[2]
        for one in report["recommendations"]
        if "missing-index" in one["rules"]
        for change in one["changes"]
    ]


@pytest.mark.extension("hypopg")
def test_statements_from_files(shop_database: Database, queries: Path, capsys: Capture) -> None:
    (queries / "often.sql").write_text(f"-- weight: 12\n{ORDERS};\n", encoding="utf-8")
    (queries / "sub").mkdir()
    (queries / "sub" / "gone.sql").write_text("SELECT * FROM nowhere", encoding="utf-8")
    report = advised(capsys, shop_database, "--queries", str(queries))
    assert created(report) == ["public.orders USING btree (seller_id)"]
    (found,) = [r for r in report["recommendations"] if "missing-index" in r["rules"]]
    assert [s["calls"] for s in found["impact"]["statements"]] == [12]
    reasons = {
        r["subject"]["name"]: r["reason"] for r in report["rejected"] if "name" in r["subject"]
    }
    assert reasons["sub/gone"] == "object-missing"
    assert report["planner"]["kind"] == "hypopg"
    assert report["planner"]["elapsed_ms"] > 0


@pytest.mark.extension("hypopg")
def test_budget_and_deadline(shop_database: Database, queries: Path, capsys: Capture) -> None:
    (queries / "one.sql").write_text(ORDERS, encoding="utf-8")
    common = ("--queries", str(queries))
    report = advised(capsys, shop_database, *common, "--budget", "16kB")
    assert created(report) == []
    assert "over-budget" in {r["reason"] for r in report["rejected"]}
    report = advised(capsys, shop_database, *common, "--deadline", "0")
    assert created(report) == []
    assert "not-reached" in {r["reason"] for r in report["rejected"]}
    assert [g for g in report["gaps"] if g["source"].startswith("index_advice:")]


@pytest.mark.extension("hypopg")
def test_statements_that_ran(newest_database: Database, capsys: Capture) -> None:
    newest_database.execute(*SHOP, "SELECT pg_stat_statements_reset()")
    newest_database.execute(*[f"SELECT * FROM orders WHERE seller_id = {n}" for n in range(30)])
    report = advised(capsys, newest_database, "--planner", "hypopg")
    assert created(report) == ["public.orders USING btree (seller_id)"]
    (found,) = [r for r in report["recommendations"] if "missing-index" in r["rules"]]
    assert [s["calls"] for s in found["impact"]["statements"]] == [30]
    assert found["impact"]["time_saved_ms_per_hour"] is None or (
        found["impact"]["time_saved_ms_per_hour"] > 0
    )


@pytest.mark.extension("hypopg")
def test_no_planner_is_asked_if_none_is_wanted(
    shop_database: Database, queries: Path, capsys: Capture
) -> None:
    (queries / "one.sql").write_text(ORDERS, encoding="utf-8")
    report = advised(capsys, shop_database, "--queries", str(queries), "--planner", "none")
    assert created(report) == []
    assert report["planner"]["calls"] == 0


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        (None, (), "is no directory"),
        ({}, (), "there is no *.sql"),
        ({"a.sql": "-- weight: none\nSELECT 1"}, (), "weight"),
        ({"a.sql": "-- weight: -1\nSELECT 1"}, (), "weight"),
        ({"a.sql": "SELECT 1"}, ("--budget", "much"), "--budget"),
        ({"a.sql": "SELECT 1"}, ("--deadline", "soon"), "--deadline"),
        ({"a.sql": "SELECT 1"}, ("--planner", "oracle"), "is no planner"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(
    files: dict[str, str] | None,
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    folder = tmp_path / "queries"
    if files is not None:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    unreachable = "host=192.0.2.1 connect_timeout=2"
    assert main(["advise", "--dsn", unreachable, "--queries", str(folder), *options]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert words in err


def test_a_file_that_is_no_text(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.sql").write_bytes(b"SELECT '\xff\xfe'")
    assert main(["advise", "--dsn", "host=192.0.2.1", "--queries", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
