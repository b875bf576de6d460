"""Rules that one row cannot decide: a module each, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgtune_advisor.rules.factbase import FactBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A row that a detector fires on, with what else its message and change need."""

    row: Any
    extra: Mapping[str, Any] = field(default_factory=dict)
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A row that a detector could not decide on, and the facts that were missing."""

    row: Any
    missing: tuple[str, ...]


Detector = Callable[["FactBase", Mapping[str, float]], Iterator[Detection | Undecided]]


@cache
def _modules() -> dict[str, ModuleType]:
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def detectors() -> dict[str, Detector]:
    """The detectors by name: `detect` of each module here."""
    return {name: module.detect for name, module in _modules().items()}


def detector_names(name: str) -> tuple[str, ...]:
    """What a detector adds to the facts that templates may use: `NAMES` of its module."""
    found: tuple[str, ...] = _modules()[name].NAMES if name else ()
    return found
