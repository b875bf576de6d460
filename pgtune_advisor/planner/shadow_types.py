"""The columns of a shadow and their types, by the OIDs that statistics are written with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.pg.scratch import ScratchSession

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


def read_attributes(session: ScratchSession) -> Mapping[tuple[str, str, str], Attribute]:
    """The columns of tables and indexes by schema, table and name."""
    return {
        (schema, table, name): Attribute(
            relation=relation, number=number, type=kind, collation=collation
        )
        for schema, table, name, relation, number, kind, collation in session.rows(_ATTRIBUTES)
    }


def read_operators(session: ScratchSession, types: set[int]) -> dict[int, Operators]:
    """These types' operators, and those of their elements."""
    known: dict[int, Operators] = {}
    wanted = types
    while wanted:
        for oid, *found in session.rows(_TYPES, [sorted(wanted)]):
            name, is_range, element, less, equal = found
            known[oid] = Operators(
                name=name, is_range=is_range, element=element, less=less, equal=equal
            )
        wanted = {one.element for one in known.values() if one.element} - known.keys()
    return known
