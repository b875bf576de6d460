"""The names of refusals: each that the code gives has a meaning in the report and in the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from pgtune_advisor.advise.indexes.selection import Turned
from pgtune_advisor.advise.measured import _REASONS
from pgtune_advisor.emit.reasons import REASONS
from pgtune_advisor.plans.failures import FailureReason
from pgtune_advisor.sqltext import unparsed

ROOT = Path(__file__).parents[2]


def given() -> set[str]:
    """The reasons that index advice passes to its refusals, by name or as a literal."""
    names = {*get_args(Turned), *get_args(FailureReason), *get_args(unparsed.Reason)} - {
        "planner-lost"
    }
    for path in (ROOT / "pgtune_advisor" / "advise" / "indexes").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"reason=\"([a-z]+-[a-z-]+|exists)\"", text))
        names |= set(re.findall(r"_?rejected\([^()]*?, \"([a-z]+-[a-z-]+)\"", text))
    names |= set(_REASONS.values())
    return names


def test_every_reason_has_a_meaning() -> None:
    assert given() >= {"tiny-table", "no-statistics", "writes-cost-more", "not-reached"}
    assert given() - REASONS.keys() == set()


def test_every_reason_is_documented() -> None:
    page = (ROOT / "docs" / "index-advice.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS if f"| `{reason}` |" not in page] == []


def test_every_reason_against_a_rewrite_is_documented() -> None:
    folder = ROOT / "pgtune_advisor" / "sqltext" / "rewrites"
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    raised = r"(?:RefusalError\(\s*|reason=|\(exp\.\w+, )\"([a-z-]+)\""
    names = set(re.findall(raised, source))
    assert names >= {"under-not", "distinct", "nullable", "too-deep"}
    page = (ROOT / "docs" / "statements.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\| `no-rewrite-([a-z-]+)` \|", page)) == names
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "base", "bounded"}
    assert {name for name in modules if f"| `{name}` |" not in page} == set()
