"""The documentation says what the code does: commands, rule reference, links."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pgtune_advisor.cli import wiring
from pgtune_advisor.emit.rule_reference import markdown_reference
from pgtune_advisor.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"```(?:sh|console|bash)\n(.*?)```", re.DOTALL)


def commands() -> list[list[str]]:
    """Each pgtune-advisor command line of the README's shell blocks."""
    found = []
    for block in FENCE.findall(README):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip().removeprefix("$ ").split("  #")[0]
            if line.startswith(("pgtune-advisor ", ".venv/bin/pgtune-advisor ")):
                found.append(shlex.split(line)[1:])
    return found


def help_of(*command: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "pgtune_advisor.cli.main", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    return run.stdout


def test_the_readme_shows_commands() -> None:
    assert len(commands()) >= 5


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_the_readmes_commands_exist_with_their_options(command: list[str]) -> None:
    words = [word for word in command if not word.startswith("-")]
    groups = words[:2] if words and words[0] in ("rules", "config") else words[:1]
    text = help_of(*groups)
    for word in command:
        if word.startswith("--"):
            assert word.split("=")[0] in text, word


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_readmes_make_targets_exist(target: str) -> None:
    assert f"make {target}" in README
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_rule_reference_is_up_to_date() -> None:
    book = wiring.rule_book(Settings())
    written = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == markdown_reference(book), "run `make docs`"


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
