"""Puts a snapshot's statistics into the catalogue of a shadow.

Straight into pg_statistic, whose layout is the same from PostgreSQL 12 on; the slots are those
that ANALYZE writes (src/include/catalog/pg_statistic.h).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.objects import Column
from pgtune_advisor.domain.schema import ColumnValues
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner.shadow_refusals import Refusal
from pgtune_advisor.planner.shadow_types import Attribute, read_attributes, read_operators

_BATCH: Final = 250
_SLOTS: Final = range(1, 6)
_TEXT: Final = 25
_FLOAT8: Final = 701
_FLOAT8_LESS: Final = 672


def _insert() -> str:
    def each(form: str) -> str:
        return ", ".join(form.format(n=n) for n in _SLOTS)

    return f"""
INSERT INTO pg_catalog.pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth,
    stadistinct, {each("stakind{n}")}, {each("staop{n}")}, {each("stacoll{n}")},
    {each("stanumbers{n}")}, {each("stavalues{n}")})
SELECT r.relation, r.number, r.inherited, r.nulls, r.width, r.distinct,
    {each("COALESCE(r.kinds[{n}], 0::int2)")}, {each("COALESCE(r.operators[{n}], 0::oid)")},
    {each("COALESCE(r.collations[{n}], 0::oid)")}, {each("r.numbers[{n}]::float4[]")},
    {each("pg_catalog.array_in(pg_catalog.textout(r.values[{n}]), r.types[{n}], -1)")}
FROM pg_catalog.json_to_recordset(%s::json) AS r (relation oid, number int2, inherited bool,
    nulls float4, width int4, "distinct" float4, kinds int2[], operators oid[], collations oid[],
    numbers text[], "values" text[], types oid[])
"""  # noqa: S608 - of this module's own words alone


_INSERT: Final = _insert()
_NO_RANGES: Final = "PostgreSQL does not show the statistics of ranges before version 17"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    kind: int
    operator: int
    collation: int = 0
    numbers: str | None = None
    values: str | None = None
    type: int = 0


class Statistics:
    """Knows the columns of a shadow's database, and writes what the original tells of them."""

    def __init__(self, session: ScratchSession) -> None:
        self._session = session
        self._attributes = read_attributes(session)
        self._types = read_operators(session, {one.type for one in self._attributes.values()})

    def attribute(self, schema: str, table: str, name: str) -> Attribute | None:
        """A column of a table, or of an index."""
        return self._attributes.get((schema, table, name))

    def restore(self, values: Iterable[ColumnValues]) -> list[Refusal]:
        """Write whole statistics. Where values are refused, the figures alone are written."""
        rows: list[tuple[str, dict[str, Any]]] = []
        hidden: list[Refusal] = []
        for one in values:
            attribute = self.attribute(one.schema, one.table, one.name)
            if attribute is not None:
                subject = f"{qualified(one.schema, one.table)}.{one.name}"
                if self._types[attribute.type].is_range and one.range_bounds_histogram is None:
                    hidden.append(Refusal(kind="values", subject=subject, reason=_NO_RANGES))
                rows.append((subject, self._row(attribute, one, self._slots(attribute, one))))
        return hidden + self._write(rows)

    def restore_figures(
        self, columns: Iterable[Column], inherited: frozenset[tuple[str, str]]
    ) -> list[Refusal]:
        """Write what is known without values. `inherited` are the tables that have children."""
        rows: list[tuple[str, dict[str, Any]]] = []
        for one in columns:
            attribute = self.attribute(one.schema, one.table, one.name)
            if attribute is None or not one.has_statistics:
                continue
            slots = self._correlation(attribute, one.correlation)
            row = {
                "relation": attribute.relation,
                "number": attribute.number,
                "inherited": (one.schema, one.table) in inherited,
                "nulls": one.null_fraction or 0.0,
                "width": one.average_width or 0,
                "distinct": one.n_distinct or 0.0,
                **_arrays(slots),
            }
            rows.append((f"{qualified(one.schema, one.table)}.{one.name}", row))
        return self._write(rows)

    def _row(
        self, attribute: Attribute, one: ColumnValues, slots: Sequence[_Slot]
    ) -> dict[str, Any]:
        return {
            "relation": attribute.relation,
            "number": attribute.number,
            "inherited": one.inherited,
            "nulls": one.null_fraction,
            "width": one.average_width,
            "distinct": one.n_distinct,
            **_arrays(slots),
        }

    def _correlation(self, attribute: Attribute, value: float | None) -> list[_Slot]:
        less = self._types[attribute.type].less
        if value is None or not less:
            return []
        return [
            _Slot(kind=3, operator=less, collation=attribute.collation, numbers=_numbers([value]))
        ]

    def _slots(self, attribute: Attribute, one: ColumnValues) -> list[_Slot]:
        kind = self._types[attribute.type]
        slots: list[_Slot] = []
        if one.most_common_values is not None and one.most_common_frequencies and kind.equal:
            numbers = _numbers(one.most_common_frequencies)
            slots.append(
                _Slot(
                    kind=1,
                    operator=kind.equal,
                    numbers=numbers,
                    values=one.most_common_values,
                    collation=attribute.collation,
                    type=attribute.type,
                )
            )
        if one.histogram_bounds is not None and kind.less:
            slots.append(
                _Slot(
                    kind=2,
                    operator=kind.less,
                    collation=attribute.collation,
                    values=one.histogram_bounds,
                    type=attribute.type,
                )
            )
        slots += self._correlation(attribute, one.correlation)
        slots += self._elements(attribute, one)
        if one.range_length_histogram is not None:
            empty = _numbers([one.range_empty_fraction or 0.0])
            lengths = one.range_length_histogram
            slots.append(
                _Slot(kind=6, operator=_FLOAT8_LESS, numbers=empty, values=lengths, type=_FLOAT8)
            )
        if one.range_bounds_histogram is not None:
            # Of a multirange the bounds are ranges, whose type is not the column's.
            slots += self._bounds(attribute, one.range_bounds_histogram)
        return slots[: len(_SLOTS)]

    def _elements(self, attribute: Attribute, one: ColumnValues) -> list[_Slot]:
        kind = self._types[attribute.type]
        element = kind.element or (_TEXT if kind.name == "tsvector" else 0)
        equal = self._equal(element)
        # A tsvector's lexemes compare by bytes, an array's elements by the column's collation.
        collation = attribute.collation if kind.element else 100
        slots = []
        if one.most_common_elements is not None and element and equal:
            slots.append(
                _Slot(
                    kind=4,
                    operator=equal,
                    collation=collation,
                    numbers=_numbers(one.most_common_element_frequencies or ()),
                    values=one.most_common_elements,
                    type=element,
                )
            )
        if one.element_count_histogram and equal:
            numbers = _numbers(one.element_count_histogram)
            slots.append(_Slot(kind=5, operator=equal, collation=collation, numbers=numbers))
        return slots

    def _equal(self, element: int) -> int:
        if element and element not in self._types:
            self._types |= read_operators(self._session, {element})
        return self._types[element].equal if element in self._types else 0

    def _bounds(self, attribute: Attribute, histogram: str) -> list[_Slot]:
        found = self._session.rows(
            "SELECT rngtypid::int8 FROM pg_catalog.pg_range"
            " WHERE %s::int8 IN (rngtypid, rngmultitypid)",
            [attribute.type],
        )
        return [_Slot(kind=7, operator=0, values=histogram, type=row[0]) for row in found]

    def _write(self, rows: Sequence[tuple[str, dict[str, Any]]]) -> list[Refusal]:
        refusals = []
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            if self._insert([row for _, row in batch]) is None:
                continue
            for subject, row in batch:
                reason = self._insert([row])
                if reason is not None:
                    refusals.append(Refusal(kind="values", subject=subject, reason=reason))
                    self._insert([{**row, **_arrays(())}])
        return refusals

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> str | None:
        return self._session.change(_INSERT, [json.dumps(rows)])


def _numbers(numbers: Iterable[float]) -> str:
    return "{" + ",".join(repr(float(number)) for number in numbers) + "}"


def _arrays(slots: Sequence[_Slot]) -> dict[str, Any]:
    return {
        "kinds": [slot.kind for slot in slots],
        "operators": [slot.operator for slot in slots],
        "collations": [slot.collation for slot in slots],
        "numbers": [slot.numbers for slot in slots],
        "values": [slot.values for slot in slots],
        "types": [slot.type for slot in slots],
    }
