"""Evaluations as a table side by side, and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tabulate import tabulate

from bench.index.evaluate import Evaluation

_HEADERS = (
    "set",
    "advisor s",
    "indexes",
    "real MB",
    "estimated",
    "by",
    "plan cost",
    "cpu",
    "geo",
    "slower",
    "unused",
    "failed",
)
_MB = 1024 * 1024


def say(text: str) -> None:
    """Progress, apart from the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def side_by_side(found: Sequence[Evaluation]) -> str:
    """One row a set; ratios are against the workload as it was."""
    return tabulate(
        [_row(one) for one in found],
        headers=_HEADERS,
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", *["right"] * (len(_HEADERS) - 1)),
    )


def line(one: Evaluation) -> str:
    """A set in one line, and what went wrong with it below."""
    pairs = zip(_HEADERS, _row(one), strict=True)
    told = "  ".join(f"{header} {value}" for header, value in pairs)
    notes = [f"    failed: {ddl}: {error}" for ddl, error in one.failed]
    notes += [f"    slower: {slower_line(one, name)}" for name in one.slower]
    return "\n".join([told, *notes])


def slower_line(one: Evaluation, name: str) -> str:
    """A statement with its processor time before and after."""
    effect = one.effects[name]
    return (
        f"{name}: {effect.before.cpu * 1000:.1f} -> {effect.after.cpu * 1000:.1f} ms, "
        f"planned {effect.cost_before:.0f} -> {effect.cost_after:.0f}"
    )


def per_statement(one: Evaluation) -> str:
    """The statements of one set, the dearest after it first."""
    rows = [
        (
            name,
            f"{effect.before.cpu * 1000:.2f}",
            f"{effect.after.cpu * 1000:.2f}",
            f"{effect.ratio:.4f}",
            f"{effect.cost_before:.0f}",
            f"{effect.cost_after:.0f}",
            "slower" if name in one.slower else "",
        )
        for name, effect in sorted(one.effects.items(), key=lambda item: -item[1].after.cpu)
    ]
    headers = (one.name, "cpu ms before", "after", "ratio", "cost before", "after", "")
    return tabulate(rows, headers=headers, disable_numparse=True)


def write_json(path: Path, found: Sequence[Evaluation], **more: Any) -> None:
    """Everything that was measured: bytes, seconds, planner units."""
    path.write_text(json.dumps({**more, "sets": [_whole(one) for one in found]}, indent=1) + "\n")


def _whole(one: Evaluation) -> dict[str, Any]:
    """Each effect with its ratio, which is a property."""
    whole = asdict(one)
    for name, effect in one.effects.items():
        whole["effects"][name]["ratio"] = effect.ratio
    return whole


def _row(one: Evaluation) -> tuple[str, ...]:
    return (
        one.name,
        _number(one.seconds, 1),
        str(one.indexes),
        f"{one.size / _MB:.0f}",
        _number(one.estimated, 3),
        one.estimated_by,
        _number(one.planned, 3),
        _number(one.cpu, 3),
        _number(one.geo, 4),
        "-" if one.cpu is None else str(len(one.slower)),
        str(len(one.unused)),
        str(len(one.failed)),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
