"""Values as literals of a parameter's type, and what stands for a value that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pgtune_advisor.domain.identifiers import quote_literal
from pgtune_advisor.sqltext import Role

_INTEGERS: Final = frozenset({"smallint", "integer", "bigint", "oid"})
_NUMBERS: Final = _INTEGERS | {"numeric", "real", "double precision", "money"}
_TEXTS: Final = frozenset({"text", "character varying", "character", "name", "citext", '"char"'})
TIMES: Final = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_FAMILIES: Final = (_NUMBERS, _TEXTS, TIMES)
_MODIFIER = re.compile(r"\(.*?\)")
_PLAIN_INTEGER = re.compile(r"-?\d+\Z")
_NUMBER = re.compile(r"-?[\d.]+(?:e[-+]?\d+)?\Z")

_DEFAULTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_NUMBERS, "0"),
    **dict.fromkeys(_TEXTS, ""),
    **dict.fromkeys(TIMES, "now"),
    "boolean": "true",
    "time without time zone": "12:00",
    "time with time zone": "12:00+00",
    "interval": "1 day",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json": "{}",
    "jsonb": "{}",
    "bytea": "",
    "inet": "127.0.0.1",
    "cidr": "127.0.0.1/32",
    "tsquery": "a",
    "tsvector": "",
    "regconfig": "simple",
    "jsonpath": "$",
    "point": "(0,0)",
    "bit": "0",
    "bit varying": "0",
    "xml": "",
}
_BY_ROLE: Final[Mapping[Role, str]] = {
    "limit": "20",
    "offset": "0",
    "field": "epoch",
    "unit": "day",
    "zone": "UTC",
    "sample": "10",
}


def plain_type(name: str) -> str:
    """The type without its modifier: `numeric` for numeric(10,2)."""
    return _MODIFIER.sub("", name).replace("  ", " ").strip()


def literal(value: str, kind: str) -> str:
    """The value as a constant of this type."""
    return f"{quote_literal(value)}::{kind}"


def array_literal(values: Sequence[str], kind: str) -> str:
    """The values as a constant of this array type."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return literal("{" + ",".join(f'"{value}"' for value in quoted) + "}", kind)


def fitting(value: str, source: str, target: str) -> str | None:
    """A value of a column's type as text that the parameter's type takes; None: it does not."""
    source, target = plain_type(source), plain_type(target)
    if source == target:
        return value
    known = source in _NUMBERS | _TEXTS | TIMES
    if known and not any(source in family and target in family for family in _FAMILIES):
        return None
    # Enumerations are compared as text, domains as what they are made of.
    if not known and target not in _TEXTS | _NUMBERS:
        return None
    if target in _NUMBERS and not _NUMBER.match(value):
        return None
    if target in _INTEGERS and not _PLAIN_INTEGER.match(value):
        return str(int(float(value)))
    if target == "date" and source != "date":
        return value[: value.index(" ")] if " " in value else value
    return value


def default(kind: str) -> str | None:
    """A constant for a parameter of which only the type is known; None where there is none."""
    kind = plain_type(kind)
    if kind.endswith("[]"):
        return literal("{}", kind)
    if kind.endswith("range"):
        return literal("empty", kind)
    if kind.endswith("multirange"):
        return literal("{}", kind)
    value = _DEFAULTS.get(kind)
    return None if value is None else literal(value, kind)


def of_role(role: Role, kind: str) -> str | None:
    """A constant for what the text says of the parameter, as LIMIT; None: it says no value."""
    value = _BY_ROLE.get(role)
    return None if value is None else literal(value, kind)
