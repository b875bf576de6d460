"""Fact tables that a user's query brings: `-- returns: facts`, `-- label:`, `-- column:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast, get_args

from pgtune_advisor.domain.custom import CustomFact, FactColumn, FactType
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.findings import Value
from pgtune_advisor.pg.headers import Entry, Source, broken

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_COLUMN = re.compile(
    r"(?P<name>\S+)\s+(?P<type>\S+)(?:\s+unit=(?P<unit>\S+))?\s+(?P<meaning>\S.*)\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTable:
    """A fact table; `label` is the query's column that names the subject of a row.

    It may be one of the facts, too.
    """

    name: str
    label: str
    columns: tuple[FactColumn, ...]

    @property
    def result(self) -> tuple[str, ...]:
        """The columns that the query returns, in any order."""
        return tuple(dict.fromkeys((self.label, *(column.name for column in self.columns))))


def custom_table(source: Source, returns: Entry) -> CustomTable:
    """What the header says of the table; RuleError where it is wrong."""
    name = returns.value.partition(" ")[2].strip()
    if not _NAME.match(name):
        raise broken(source.path, returns.line, '"returns: facts" wants a table name in lower case')
    label = source.need("label")
    columns = tuple(_column(source, entry) for entry in source.all("column"))
    if not columns:
        raise broken(source.path, returns.line, 'facts want at least one "-- column:"')
    names = [column.name for column in columns]
    for entry, column in zip(source.all("column"), columns, strict=True):
        if names.count(column.name) > 1:
            raise broken(source.path, entry.line, f'the column "{column.name}" is there twice')
    return CustomTable(name=name, label=label.value, columns=columns)


def _column(source: Source, entry: Entry) -> FactColumn:
    match = _COLUMN.match(entry.value)
    if match is None:
        raise broken(
            source.path,
            entry.line,
            f'"{entry.value}" is not of the form "name type [unit=…] meaning"',
        )
    kinds = get_args(FactType)
    if match["type"] not in kinds:
        raise broken(
            source.path,
            entry.line,
            f"{match['type']!r} is not a type",
            f"Types: {', '.join(kinds)}.",
        )
    if not _NAME.match(match["name"]):
        raise broken(
            source.path, entry.line, f"{match['name']!r} is not a column name in lower case"
        )
    return FactColumn(
        name=match["name"],
        type=cast(FactType, match["type"]),
        meaning=match["meaning"],
        unit=match["unit"] or "",
        source=source.path.stem,
    )


def fact_value(column: FactColumn, raw: object) -> Value:
    """A value of the query as the fact's type; ValueError where it is of another."""
    match column.type:
        case "text":
            return None if raw is None else str(raw)
        case "boolean" if raw is None or isinstance(raw, bool):
            return raw
        case "integer" if raw is None or (isinstance(raw, int) and not isinstance(raw, bool)):
            return raw
        case "integer" if isinstance(raw, Decimal) and raw == raw.to_integral_value():
            return int(raw)
        case "real" if raw is None:
            return None
        case "real" if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
            return float(raw)
        case _:
            raise ValueError(f"{column.name} is not {column.type}: {type(raw).__name__}")


def fact_builder(
    path: Path, table: CustomTable, names: Sequence[str], database: str
) -> Callable[[Sequence[Any]], CustomFact]:
    """A function from a record to a fact; it raises RuleError for a value of another type."""

    def build(record: Sequence[Any]) -> CustomFact:
        values = dict(zip(names, record, strict=True))
        label = values[table.label]
        try:
            facts = tuple((c.name, fact_value(c, values[c.name])) for c in table.columns)
        except ValueError as error:
            raise RuleError(
                f"the collection query {path} returns a value of another type",
                detail=f"{error}.",
            ) from None
        return CustomFact(
            database=database,
            table=table.name,
            label="" if label is None else str(label),
            values=facts,
        )

    return build
