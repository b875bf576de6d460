"""What is shipped: the wheel holds the package, the rules, the queries and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked(folder: str, pattern: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob(pattern)
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), "."],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (file,) = out.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_rules_and_queries_are_inside(wheel: set[str]) -> None:
    for name in tracked("rules", "*.toml") | tracked("sql", "*.sql"):
        assert f"pgtune_advisor/data/{name}" in wheel


def test_all_modules_and_package_data_are_inside(wheel: set[str]) -> None:
    for name in tracked("pgtune_advisor", "*"):
        if (ROOT / name).is_file() and not name.startswith("pgtune_advisor/data/"):
            assert name in wheel


def test_example_schema_licence_and_types_are_inside(wheel: set[str]) -> None:
    for name in ("data/config.example.toml", "data/docs/report.schema.json", "py.typed"):
        assert f"pgtune_advisor/{name}" in wheel
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_nothing_else_is_inside(wheel: set[str]) -> None:
    for name in wheel:
        assert name.startswith("pgtune_advisor"), name
        assert not name.endswith((".pyc", ".orig", ".swp")), name
        assert "/tests/" not in name
        if name.startswith("pgtune_advisor/data/rules/"):
            assert name.endswith(".toml"), name
        if name.startswith("pgtune_advisor/data/sql/"):
            assert name.endswith(".sql"), name
