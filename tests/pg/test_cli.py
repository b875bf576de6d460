"""The commands on real servers, and what they say when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pgtune_advisor.cli.main import main
from pgtune_advisor.domain import codec
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.resources import resource
from plugins.databases import Database
from unit.snapshots import make_server, make_snapshot

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pgtune_advisor.settings.DEFAULT_PATH", tmp_path / "none.toml")
    monkeypatch.setenv("PGTUNE_ADVISOR__DAEMON__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")


def fails(capture: Capture, status: int, *arguments: str) -> str:
    """Run a command that must fail: in parts, to stderr, without a traceback."""
    assert main(arguments) == status
    out, err = capture.readouterr()
    assert not out
    assert "Traceback" not in err
    assert err.startswith("error: ")
    return err


def report_of(capture: Capture, *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--format", "json"]) == 0
    report: dict[str, object] = json.loads(capture.readouterr().out)
    schema = json.loads(resource("docs/report.schema.json").read_text())
    Draft202012Validator(schema).validate(report)
    return report


def planted(database: Database) -> str:
    """A foreign key without an index, whose parent changes; returns the finding's key."""
    database.execute(
        "CREATE TABLE parents (id int PRIMARY KEY)",
        "CREATE TABLE children (id int PRIMARY KEY, note text, parent_id int REFERENCES parents)",
        "INSERT INTO parents SELECT generate_series(1, 5000)",
        "INSERT INTO children SELECT i, repeat('x', 400), i FROM generate_series(1, 4000) i",
        "DELETE FROM parents WHERE id > 4990",
        "ANALYZE",
    )
    return f"foreign-key-unindexed:{database.name}.public.children.children_parent_id_fkey"


def test_advice_and_exit_status(database: Database, capsys: Capture) -> None:
    key = planted(database)
    report = report_of(capsys, "advise", "--dsn", database.dsn, "--window", "0")
    findings = report["findings"]
    assert isinstance(findings, list)
    assert key in [finding["key"] for finding in findings]
    assert main(["advise", "--dsn", database.dsn, "--fail-on", "info"]) == 1
    assert "lifetime totals" in capsys.readouterr().out


def test_a_replay_finds_what_the_live_run_found(
    database: Database, capsys: Capture, tmp_path: Path
) -> None:
    planted(database)
    file = tmp_path / "shop.snapshot"
    assert main(["snapshot", str(file), "--dsn", database.dsn]) == 0
    capsys.readouterr()
    first = report_of(capsys, "replay", str(file))
    again = report_of(capsys, "replay", str(file))
    live = report_of(capsys, "advise", "--dsn", database.dsn, "--window", "0")
    for part in ("findings", "recommendations", "unknown", "gaps"):
        assert first[part] == again[part]

    def keys(report: dict[str, object]) -> set[str]:
        findings = report["findings"]
        assert isinstance(findings, list)
        mine = [f for f in findings if f["subject"]["database"] == database.name]
        return {f["key"] for f in mine if f["category"] in ("indexes", "tables")}

    assert keys(first) == keys(live)


def test_a_replay_without_values_says_so(
    database: Database, capsys: Capture, tmp_path: Path
) -> None:
    file = str(tmp_path / "a.snapshot")
    for option, said in (("--with-statistics", False), ("", True)):
        assert main(["snapshot", file, "--dsn", database.dsn, *([option] if option else [])]) == 0
        capsys.readouterr()
        report = report_of(capsys, "replay", file, "--budget", "1GB", "--deadline", "5s")
        gaps = report["gaps"]
        assert isinstance(gaps, list)
        assert any(gap["source"] == "column_values" for gap in gaps) == said
        silent = report_of(capsys, "replay", file, "--planner", "none")
        assert "column_values" not in str(silent["gaps"])


def test_a_replay_has_no_server_for_hypopg(capsys: Capture, tmp_path: Path) -> None:
    err = fails(capsys, 2, "replay", str(tmp_path / "any"), "--planner", "hypopg")
    assert "needs the server" in err


def test_output_directory(database: Database, capsys: Capture, tmp_path: Path) -> None:
    planted(database)
    out = tmp_path / "advice"
    assert main(["advise", "--dsn", database.dsn, "--output-dir", str(out)]) == 0
    migrations = [path.read_text() for path in (out / "migrations").glob("*.up.sql")]
    assert any("CREATE INDEX CONCURRENTLY children_parent_id_idx" in text for text in migrations)
    assert (out / "settings" / "postgresql.advisor.conf").is_file()


def test_an_empty_database_has_nothing_wrong_with_its_tables(
    database: Database, capsys: Capture
) -> None:
    report = report_of(capsys, "advise", "--dsn", database.dsn)
    findings = report["findings"]
    assert isinstance(findings, list)
    assert not [f for f in findings if f["subject"]["database"] == database.name]


def test_a_role_that_may_read_nothing_gets_gaps(database: Database, capsys: Capture) -> None:
    role = database.create_role("LOGIN")
    report = report_of(capsys, "advise", "--dsn", database.dsn_as(role))
    gaps = report["gaps"]
    assert isinstance(gaps, list)
    assert any("GRANT" in gap["hint"] for gap in gaps)


def test_a_wrong_connection_string(capsys: Capture) -> None:
    err = fails(capsys, 2, "advise", "--dsn", "this is not a dsn")
    assert "hint: " in err


def test_an_unknown_host(capsys: Capture) -> None:
    fails(capsys, 3, "advise", "--dsn", "host=no-such-host.invalid dbname=shop")


def test_nobody_listens(capsys: Capture) -> None:
    err = fails(capsys, 3, "advise", "--dsn", "host=127.0.0.1 port=1 dbname=shop")
    assert "detail: " in err


def test_a_refused_password_is_not_printed(database: Database, capsys: Capture) -> None:
    cluster = database.server.cluster
    assert cluster is not None
    dsn = f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres password=s3cr3t-word"
    err = fails(capsys, 3, "advise", "--dsn", dsn)
    assert "s3cr3t-word" not in err
    assert "password" in err


def test_an_unknown_database(database: Database, capsys: Capture) -> None:
    fails(capsys, 3, "advise", "--dsn", f"{database.dsn} dbname=no_such_database")


def test_no_target(capsys: Capture) -> None:
    assert "hint: " in fails(capsys, 2, "advise")


def test_a_configuration_with_an_unknown_key(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[daemon]\nintervall = "60s"\n')
    err = fails(capsys, 2, "config", "check", "--config", str(file))
    assert 'did you mean "interval"?' in err


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("scanz = 0", 'Did you mean "scans"?'),
        ("scans = ", "not valid SQL"),
        ("scans = :limit", "unknown parameter"),
        ("scans = (SELECT 1)", "not allowed"),
    ],
)
def test_a_rule_file_that_is_wrong(capsys: Capture, tmp_path: Path, when: str, words: str) -> None:
    rule = resource("rules/indexes/index-unused.toml").read_text()
    head, _, rest = rule.partition('when = """')
    _, _, tail = rest.partition('"""')
    (tmp_path / "my-rule.toml").write_text(
        head.replace("index-unused", "my-rule") + f'when = "{when}"' + tail
    )
    err = fails(capsys, 2, "rules", "check", str(tmp_path))
    assert words in err
    assert "my-rule.toml" in err


def test_a_snapshot_that_is_damaged(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"not zstd")
    fails(capsys, 2, "replay", str(file))
    file.write_bytes(codec.encode(make_snapshot())[:-4])
    fails(capsys, 2, "replay", str(file))
    fails(capsys, 2, "replay", str(tmp_path / "absent"))


def replayed(capture: Capture, tmp_path: Path, snapshot: Snapshot) -> str:
    file = tmp_path / "snapshot"
    file.write_bytes(codec.encode(snapshot))
    assert main(["replay", str(file)]) == 0
    return capture.readouterr().out


def test_a_server_of_a_later_version_is_judged(capsys: Capture, tmp_path: Path) -> None:
    later = make_snapshot(server=make_server(version_num=250001, version="25.1"))
    assert "25.1" in replayed(capsys, tmp_path, later)


def test_a_standby_gets_no_advice_that_only_a_primary_can_take(
    capsys: Capture, tmp_path: Path
) -> None:
    standby = make_snapshot(server=make_server(in_recovery=True))
    assert "standby" in replayed(capsys, tmp_path, standby)


@pytest.mark.parametrize("option", ["--format", "--fail-on", "--window"])
def test_a_wrong_value_of_an_option(capsys: Capture, option: str) -> None:
    err = fails(capsys, 2, "advise", "--dsn", "dbname=x", option, "nonsense")
    assert option in err


def test_doctor_says_what_a_weak_role_lacks(database: Database, capsys: Capture) -> None:
    database.execute("CREATE TABLE hidden AS SELECT 1 AS x", "ANALYZE hidden")
    role = database.create_role("LOGIN")
    assert main(["doctor", "--dsn", database.dsn_as(role)]) == 0
    out = capsys.readouterr().out
    assert f"GRANT pg_monitor TO {role};" in out
    assert "columns: only in part" in out
    assert main(["doctor", "--helpers", "--dsn", database.dsn_as(role)]) == 0
    assert "SECURITY DEFINER SET search_path" in capsys.readouterr().out


def test_doctor_has_nothing_to_ask_of_a_superuser(database: Database, capsys: Capture) -> None:
    assert main(["doctor", "--json", "--dsn", database.dsn]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["grants"] == []
    assert found["is_superuser"]
