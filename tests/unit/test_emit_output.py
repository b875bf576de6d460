"""The output directory from run to run: numbers and files stay, edits stay, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from golden.check import tree
from golden.rich_changes import RECOMMENDATIONS
from golden.rich_report import empty_report, rich_report
from pgtune_advisor.domain.changes import Maintain, SetParameter, SetStorage
from pgtune_advisor.domain.errors import OutputError
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.domain.server import Platform
from pgtune_advisor.emit.output_dir import write

STORAGE = next(one for one in RECOMMENDATIONS if one.id == "storage-5")
FOREIGN_KEY = next(one for one in RECOMMENDATIONS if one.id == "fk-3fa2c1")
SETTINGS = next(one for one in RECOMMENDATIONS if one.id == "settings-1")
STORAGE_UP = "migrations/0001_set_storage_shop_orders.up.sql"


def report(*found: Recommendation, name: str = "shop") -> Report:
    base = rich_report()
    return replace(base, recommendations=found, target=replace(base.target, name=name))


def storage(fillfactor: str) -> Recommendation:
    [change] = STORAGE.changes
    assert isinstance(change, SetStorage)
    return replace(STORAGE, changes=(replace(change, options=(("fillfactor", fillfactor),)),))


def test_it_returns_every_file_the_index_first(tmp_path: Path) -> None:
    found = write(rich_report(), tmp_path / "out")
    assert found[0] == tmp_path / "out" / "INDEX.md"
    assert {str(one.relative_to(tmp_path / "out")) for one in found} == set(tree(tmp_path / "out"))
    assert write(rich_report(), tmp_path / "out") == found


def test_the_same_report_changes_nothing(tmp_path: Path) -> None:
    write(rich_report(), tmp_path)
    before = tree(tmp_path)
    stamps = {one: one.stat().st_mtime_ns for one in (tmp_path / "migrations").iterdir()}
    write(rich_report(), tmp_path)
    assert tree(tmp_path) == before
    assert {one: one.stat().st_mtime_ns for one in stamps} == stamps


def test_numbers_stay_and_new_ones_follow(tmp_path: Path) -> None:
    write(report(STORAGE), tmp_path)
    before = tree(tmp_path)
    write(report(FOREIGN_KEY, STORAGE), tmp_path)
    after = tree(tmp_path)
    assert after[STORAGE_UP] == before[STORAGE_UP]
    ups = sorted(name for name in after if name.endswith(".up.sql"))
    assert ups == [STORAGE_UP, "migrations/0002_create_index_orders_customer_id_idx.up.sql"]
    rows = [line for line in after["INDEX.md"].splitlines() if line.startswith("| [0")]
    assert [row[3:7] for row in rows] == ["0002", "0001"]


def test_what_is_no_longer_given_stays_and_is_listed(tmp_path: Path) -> None:
    write(report(STORAGE, SETTINGS), tmp_path)
    before = tree(tmp_path)
    write(report(FOREIGN_KEY), tmp_path)
    after = tree(tmp_path)
    assert after[STORAGE_UP] == before[STORAGE_UP]
    retired = after["INDEX.md"].partition("## No longer recommended")[2]
    assert f"`{STORAGE_UP}`" in retired
    assert "`work_mem = 16MB`" in retired
    assert "#   work_mem = '16MB'" in after["settings/postgresql.advisor.conf"]
    assert "\nwork_mem" not in after["settings/postgresql.advisor.conf"]
    assert "--   ALTER SYSTEM SET work_mem = '16MB';" in after["settings/alter-system.sql"]
    # What an earlier run set can still be undone.
    assert "\n-- ALTER SYSTEM SET work_mem = '8MB';" in after["settings/alter-system.down.sql"]
    write(report(STORAGE, SETTINGS), tmp_path)
    again = tree(tmp_path)
    assert again[STORAGE_UP] == before[STORAGE_UP]
    conf = "settings/postgresql.advisor.conf"
    assert again[conf] == before[conf]


def test_other_evidence_leaves_a_migration_as_it_was(tmp_path: Path) -> None:
    write(report(STORAGE), tmp_path)
    before = tree(tmp_path)
    write(report(replace(STORAGE, title="Another title")), tmp_path)
    after = tree(tmp_path)
    assert after[STORAGE_UP] == before[STORAGE_UP]
    assert "Another title" in after["INDEX.md"]


def test_another_statement_is_written_under_the_same_number(tmp_path: Path) -> None:
    write(report(storage("70")), tmp_path)
    write(report(storage("60")), tmp_path)
    assert "fillfactor = 60" in tree(tmp_path)[STORAGE_UP]


def test_another_kind_of_change_gets_another_number(tmp_path: Path) -> None:
    write(report(STORAGE), tmp_path)
    analyze = Maintain(database="shop", schema="shop", table="orders", command="ANALYZE")
    write(report(replace(STORAGE, changes=(analyze,))), tmp_path)
    assert "migrations/0002_analyze_shop_orders.up.sql" in tree(tmp_path)


def test_an_edited_file_is_never_written_over(tmp_path: Path) -> None:
    write(report(storage("70")), tmp_path)
    edited = tmp_path / STORAGE_UP
    edited.write_text(edited.read_text().replace("= 70", "= 75"))
    write(report(storage("60")), tmp_path)
    after = tree(tmp_path)
    assert "fillfactor = 75" in after[STORAGE_UP]
    assert "0001_set_storage_shop_orders.up.sql` was edited by hand" in after["INDEX.md"]
    assert "fillfactor = 60" in after["report.md"]


def test_a_file_that_was_taken_away_comes_back(tmp_path: Path) -> None:
    write(report(STORAGE), tmp_path)
    before = tree(tmp_path)
    (tmp_path / STORAGE_UP).unlink()
    write(report(STORAGE), tmp_path)
    assert tree(tmp_path) == before


def test_numbers_of_other_migrations_are_not_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0041_theirs.sql").write_text("SELECT 1;")
    write(report(STORAGE), tmp_path)
    assert (folder / "0042_set_storage_shop_orders.up.sql").is_file()
    assert (folder / "0041_theirs.sql").read_text() == "SELECT 1;"


def test_of_two_values_for_a_setting_the_first_is_kept(tmp_path: Path) -> None:
    write(rich_report(), tmp_path)
    script = tree(tmp_path)["settings/alter-system.sql"]
    assert script.count("\nALTER SYSTEM SET work_mem") == 1
    assert "settings-3 wants another value of work_mem: 64MB" in script


def test_no_change_needs_no_folders(tmp_path: Path) -> None:
    write(empty_report(), tmp_path / "out")
    names = ["INDEX.md", "pgtune-advisor.json", "report.json", "report.md"]
    assert sorted(tree(tmp_path / "out")) == names


@pytest.mark.parametrize("platform", sorted(set(get_args(Platform)) - {"none"}))
def test_a_managed_platform_gets_a_table_and_no_script(platform: Platform, tmp_path: Path) -> None:
    write(report(SETTINGS), tmp_path)
    write(report(SETTINGS), tmp_path, platform=platform)
    files = tree(tmp_path)
    assert [name for name in files if name.startswith("settings/")] == ["settings/parameters.md"]
    table = files["settings/parameters.md"]
    assert "| `work_mem`" in table
    assert "ALTER SYSTEM" not in table.replace("refuses ALTER SYSTEM", "")
    assert "settings/parameters.md" in files["INDEX.md"]
    write(report(SETTINGS), tmp_path)
    assert "settings/alter-system.sql" in tree(tmp_path)
    assert "settings/parameters.md" not in tree(tmp_path)


def put(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content)


@pytest.mark.parametrize(
    ("prepare", "primary"),
    [
        (put("INDEX.md", "mine"), "holds files of another program"),
        (put("pgtune-advisor.json", "{"), "cannot be told"),
        (put("pgtune-advisor.json", "[]"), "cannot be told"),
        (put("pgtune-advisor.json", '{"format": "other"}'), "cannot be told"),
        (
            put("pgtune-advisor.json", '{"format": "pgtune-advisor-output", "version": 9}'),
            "cannot be told",
        ),
        (
            put("pgtune-advisor.json", '{"format": "pgtune-advisor-output", "version": 1}'),
            "cannot be told",
        ),
        (lambda folder: write(report(name="other"), folder), 'for the target "other"'),
    ],
)
def test_a_directory_that_is_not_ours_is_left_alone(
    prepare: Callable[[Path], object], primary: str, tmp_path: Path
) -> None:
    prepare(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(OutputError) as caught:
        write(rich_report(), tmp_path)
    assert primary in caught.value.primary
    assert caught.value.detail
    assert caught.value.hint
    assert tree(tmp_path) == before


def test_the_manifest_tells_what_was_written(tmp_path: Path) -> None:
    write(report(STORAGE, SETTINGS), tmp_path)
    manifest = json.loads(tree(tmp_path)["pgtune-advisor.json"])
    [migration] = manifest["migrations"]
    assert migration["recommendation"] == "storage-5"
    assert [one["name"] for one in manifest["settings"]] == [
        "max_wal_size",
        "work_mem",
        "max_connections",
    ]


def test_a_comment_of_a_setting_cannot_become_a_setting(tmp_path: Path) -> None:
    evil = SetParameter(
        name="work_mem", value="x'\nfsync = off\n#\\", current="a\nfsync = off", previous=None,
        needs="reload",
    )  # fmt: skip
    write(report(replace(SETTINGS, title="t\nfsync = off\r\n", changes=(evil,))), tmp_path)
    conf = tree(tmp_path)["settings/postgresql.advisor.conf"]
    settings = [line for line in conf.splitlines() if line and not line.startswith("#")]
    assert settings == [r"work_mem = 'x''\nfsync = off\n#\\'"]
