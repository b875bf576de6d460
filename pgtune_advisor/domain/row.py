"""What every collected row has in common: an identity, and counters that grow until a reset."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Annotated, Any, ClassVar, Protocol, get_args, get_type_hints

_COUNTER = "counter"

Counter = Annotated[int | None, _COUNTER]
"""A number that the server only ever adds to; None where this server does not have it."""

FloatCounter = Annotated[float | None, _COUNTER]
"""A sum of milliseconds (or another real unit) that only grows; None where it is not kept."""


class Row(Protocol):
    """A row of a snapshot: a frozen dataclass; its IDENTITY fields name one thing for life."""

    IDENTITY: ClassVar[tuple[str, ...]]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def identity(row: Row) -> tuple[object, ...]:
    """The values of the row's identity fields."""
    return tuple(getattr(row, name) for name in row.IDENTITY)


@cache
def counters(row_type: type[Row]) -> tuple[str, ...]:
    """The names of a row type's counter fields, in the order of the class."""
    hints = get_type_hints(row_type, include_extras=True)
    return tuple(f.name for f in fields(row_type) if _COUNTER in get_args(hints[f.name]))
