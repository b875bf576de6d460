"""How facts are declared and reached: one dataclass a subject, one row a thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import datetime
from functools import cache, cached_property
from typing import Any, ClassVar, Protocol, get_args, get_type_hints

from pgtune_advisor.domain.custom import FactColumn, FactType
from pgtune_advisor.domain.findings import EvidenceKind, Subject
from pgtune_advisor.domain.plan_observations import StatementPlans
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.row import identity
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.units import setting_factor
from pgtune_advisor.domain.window import Window

BLOCK: int = 8192
_TYPES: dict[type, FactType] = {int: "integer", float: "real", str: "text", bool: "boolean"}


def fact(meaning: str, *, unit: str = "", source: str = "", kind: EvidenceKind = "observed") -> Any:
    """A dataclass field that rules may use. None means unknown; «none» is an empty text."""
    return field(metadata={"fact": (meaning, unit, source, kind)})


def derived(meaning: str, *, unit: str = "", source: str = "") -> Any:
    """A fact that was computed from others; `source` says from which."""
    return fact(meaning, unit=unit, source=source, kind="derived")


class Facts(Protocol):
    """One row of a fact table. `NEEDS` are the snapshot's tables that it is made of."""

    KIND: ClassVar[str]
    NEEDS: ClassVar[tuple[str, ...]]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def subject(self) -> Subject: ...

    @classmethod
    def build(cls, context: Context) -> Iterator[Facts]: ...


@cache
def columns(facts_type: Any) -> tuple[FactColumn, ...]:
    """The facts that a fact table declares."""
    hints = get_type_hints(facts_type)
    found = []
    for item in fields(facts_type):
        if "fact" not in item.metadata:
            continue
        hint = hints[item.name]
        plain = next(t for t in (hint, *get_args(hint)) if t in _TYPES)
        meaning, unit, source, kind = item.metadata["fact"]
        found.append(
            FactColumn(
                name=item.name,
                type=_TYPES[plain],
                meaning=meaning,
                unit=unit,
                source=source,
                kind=kind,
            )
        )
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Context:
    """What facts are made from: a snapshot, the window that ends with it, and the time.

    `advice` is what the index advisor proposes, `plans` are those of the statements; None where
    nobody asked for them.
    """

    snapshot: Snapshot
    window: Window
    now: datetime
    advice: IndexAdvice | None = None
    plans: StatementPlans | None = None

    @cached_property
    def settings(self) -> dict[str, str]:
        return {setting.name: setting.value for setting in self.snapshot.settings}

    @cached_property
    def _setting_units(self) -> dict[str, str | None]:
        return {setting.name: setting.unit for setting in self.snapshot.settings}

    def setting(self, name: str) -> float | str | None:
        """A setting in bytes, milliseconds or as it is; on and off as 1 and 0; None unknown.

        Settings' own special values (-1, 0) are not scaled.
        """
        value = self.settings.get(name)
        match value:
            case None:
                return None
            case "on" | "off":
                return float(value == "on")
        try:
            number = float(value)
        except ValueError:
            return value
        return number if number <= 0 else number * setting_factor(self._setting_units.get(name))

    def number(self, name: str) -> float | None:
        """A numeric setting in bytes or milliseconds; None where it is unknown or a text."""
        value = self.setting(name)
        return None if isinstance(value, str) else value

    def has(self, *tables: str) -> bool:
        """Whether this cycle read all of the tables."""
        return self.snapshot.collected.issuperset(tables)

    def age_ms(self, moment: datetime | None) -> float | None:
        """How long ago `moment` was by the server's clock; never negative."""
        if moment is None:
            return None
        return max((self.snapshot.server.clock - moment).total_seconds() * 1000, 0.0)

    def delta(self, table: str, row: Any) -> Any | None:
        """The window's differences of a row."""
        return self.window.delta(table, row)

    def deltas(self, table: str) -> Sequence[Any] | None:
        """The window's differences of a whole table; None where they are unknown."""
        rows = self.window.deltas.get(table)
        return None if rows is None else tuple(rows.values())

    @cached_property
    def shared(self) -> dict[str, Any]:
        """What one fact table computed and another can use."""
        return {}


def by_identity(rows: Sequence[Any]) -> dict[tuple[object, ...], Any]:
    """The rows by their identity."""
    return {identity(row): row for row in rows}


def total(rows: Sequence[Any] | None, name: str) -> float | None:
    """The sum of one counter; None where the rows or all of their values are unknown."""
    values = [value for row in rows or () if (value := getattr(row, name)) is not None]
    return sum(values) if values else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """`part / whole`; None where either is unknown or there is no whole."""
    return part / whole if part is not None and whole else None


def per_second(amount: float | None, seconds: float | None) -> float | None:
    """A rate; None where either is unknown."""
    return ratio(amount, seconds)


def add(*values: float | None) -> float | None:
    """The sum; None as soon as one part is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
