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

_BATCH: Final = 250
_SLOTS: Final = range(1, 6)
_TEXT: Final = 25
_FLOAT8: Final = 701
_FLOAT8_LESS: Final = 672

_ATTRIBUTES: Final = """
SELECT n.nspname::text, c.relname::text, a.attname::text, c.oid::int8, a.attnum::int4,
    COALESCE(NULLIF(t.typbasetype, 0), t.oid)::int8, a.attcollation::int8
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'i')
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
"""
# A type's operators: of the type itself, of the pseudo-type that stands for its kind, or of a type
# that it is binary coercible to.
_TYPES: Final = """
SELECT t.oid::int8, t.typname::text, t.typtype IN ('r', 'm'),
    CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem::int8 ELSE 0 END,
    COALESCE(b.opcfamily_less, 0)::int8, COALESCE(b.opcfamily_equal, h.equal, 0)::int8
FROM pg_catalog.pg_type AS t
CROSS JOIN LATERAL (
    SELECT ARRAY[t.oid] || CASE t.typtype WHEN 'e' THEN 3500 WHEN 'r' THEN 3831 WHEN 'm' THEN 4537
            WHEN 'c' THEN 2249 ELSE CASE WHEN t.typcategory = 'A' THEN 2277 ELSE t.oid END END::oid
        || ARRAY(SELECT k.casttarget FROM pg_catalog.pg_cast AS k
            JOIN pg_catalog.pg_type AS p ON p.oid = k.casttarget
            WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'
            ORDER BY p.typispreferred DESC, p.oid) AS types
) AS w
LEFT JOIN LATERAL (
    SELECT l.amopopr AS opcfamily_less, e.amopopr AS opcfamily_equal
    FROM pg_catalog.pg_opclass AS o
    JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname = 'btree'
    JOIN pg_catalog.pg_amop AS l ON l.amopfamily = o.opcfamily AND l.amopstrategy = 1
        AND l.amoplefttype = o.opcintype AND l.amoprighttype = o.opcintype
    JOIN pg_catalog.pg_amop AS e ON e.amopfamily = o.opcfamily AND e.amopstrategy = 3
        AND e.amoplefttype = o.opcintype AND e.amoprighttype = o.opcintype
    WHERE o.opcdefault AND o.opcintype = ANY (w.types)
    ORDER BY pg_catalog.array_position(w.types, o.opcintype)
    LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT e.amopopr AS equal
    FROM pg_catalog.pg_opclass AS o
    JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname = 'hash'
    JOIN pg_catalog.pg_amop AS e ON e.amopfamily = o.opcfamily AND e.amopstrategy = 1
        AND e.amoplefttype = o.opcintype AND e.amoprighttype = o.opcintype
    WHERE o.opcdefault AND o.opcintype = ANY (w.types)
    ORDER BY pg_catalog.array_position(w.types, o.opcintype)
    LIMIT 1
) AS h ON true
WHERE t.oid = ANY (%s::oid[])
"""


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
"""


_INSERT: Final = _insert()
_NO_RANGES: Final = "PostgreSQL does not show the statistics of ranges before version 17"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A column as the shadow knows it; `type` is the base type of a domain. All are OIDs."""

    relation: int
    number: int
    type: int
    collation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """A type's name, its element's type (0: no array) and its operators < and =, 0 for none."""

    name: str
    is_range: bool
    element: int
    less: int
    equal: int


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
        self._attributes: dict[tuple[str, str, str], Attribute] = {
            (schema, table, name): Attribute(
                relation=relation, number=number, type=kind, collation=collation
            )
            for schema, table, name, relation, number, kind, collation in session.rows(_ATTRIBUTES)
        }
        self._types = self._operators({one.type for one in self._attributes.values()})

    def _operators(self, types: set[int]) -> dict[int, Operators]:
        known: dict[int, Operators] = {}
        # Twice: an array's elements have operators of their own.
        for wanted in (types, lambda: {one.element for one in known.values()} - known.keys()):
            oids = sorted(wanted if isinstance(wanted, set) else wanted())
            for oid, *found in self._session.rows(_TYPES, [oids]):
                name, is_range, element, less, equal = found
                known[oid] = Operators(
                    name=name, is_range=is_range, element=element, less=less, equal=equal
                )
        return known

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
        own: dict[str, Any] = {"collation": attribute.collation, "type": attribute.type}
        slots: list[_Slot] = []
        if one.most_common_values is not None and one.most_common_frequencies and kind.equal:
            numbers = _numbers(one.most_common_frequencies)
            slots.append(
                _Slot(
                    kind=1,
                    operator=kind.equal,
                    numbers=numbers,
                    values=one.most_common_values,
                    **own,
                )
            )
        if one.histogram_bounds is not None and kind.less:
            slots.append(_Slot(kind=2, operator=kind.less, values=one.histogram_bounds, **own))
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
            self._types |= self._operators({element})
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
