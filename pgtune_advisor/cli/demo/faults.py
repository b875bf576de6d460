"""The planted faults: each is one file, whose header says what it plants and who must find it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

HERE: Final = Path(__file__).resolve().parent

# How a fault comes about: a setting, SQL while the shop is built, a session that stays open,
# statements of the shop's traffic, or a client that connects anew for each statement.
Way = Literal["conf", "setup", "session", "traffic", "churn"]

_HEADER: Final = re.compile(r"(?:--|#) (\w+): (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in the demo's server.

    It is found by a finding of `rule` whose label fits the glob `subject` and, where `statement`
    is given, that speaks of a statement whose text contains it. `params` are lower thresholds
    that the rule gets, and `because` says why.
    """

    rule: str
    way: Way
    path: Path
    planted: str
    subject: str
    statement: str
    application: str
    params: Mapping[str, int | float | str]
    because: str


def load(folder: Path = HERE / "faults") -> tuple[Fault, ...]:
    """Every fault, `<rule>.<way>.sql` or `<rule>.conf`, in the order of the files' names."""
    return tuple(_read(path) for path in sorted(folder.iterdir()) if path.is_file())


def header(path: Path) -> dict[str, str]:
    """The `-- key: value` lines at a file's head."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _HEADER.fullmatch(line)
        if match is None:
            break
        found[match[1]] = match[2]
    return found


def weight(path: Path) -> int:
    """How often a script of the traffic runs, in relation to the others."""
    return int(header(path).get("weight", "1"))


def settings(faults: tuple[Fault, ...]) -> dict[str, str]:
    """The settings that faults consist of."""
    found: dict[str, str] = {}
    for fault in faults:
        if fault.way == "conf":
            found |= tomllib.loads(fault.path.read_text(encoding="utf-8"))
    return found


def _read(path: Path) -> Fault:
    rule, way = path.name.split(".")[:2]
    known = header(path)
    return Fault(
        rule=rule,
        way=next(one for one in get_args(Way) if one == way),
        path=path,
        planted=known["planted"],
        subject=known.get("subject", "*"),
        statement=known.get("statement", ""),
        application=known.get("application", ""),
        params=tomllib.loads(known.get("param", "")),
        because=known.get("because", ""),
    )
