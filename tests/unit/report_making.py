"""Reports of made-up worlds, by rules in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pgtune_advisor.advise.evaluate import evaluate
from pgtune_advisor.domain.findings import Suppression
from pgtune_advisor.domain.recommendations import Recommendation, Report
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.loader import load_rules
from rules import world
from rules.casefile import Case, Tables
from rules.defaults import NOW


def case(tables: Mapping[str, Any], settings: Mapping[str, str] | None = None) -> Case:
    return Case(
        about="x",
        expect="fires",
        snapshot=Tables.model_validate(tables),
        settings=dict(settings or {}),
    )


def report(
    folder: Path,
    tables: Mapping[str, Any],
    *,
    settings: Mapping[str, str] | None = None,
    suppress: Sequence[Suppression] = (),
    fresh: frozenset[str] | None = None,
) -> Report:
    context = world.context(case(tables, settings))
    return evaluate(
        context.snapshot,
        context.window,
        load_rules([folder], Catalogue()),
        now=NOW,
        advisor_version="1.2.3",
        suppress=suppress,
        tables=fresh,
    )


def only(folder: Path, tables: Mapping[str, Any], **more: Any) -> Recommendation:
    [found] = report(folder, tables, **more).recommendations
    return found
