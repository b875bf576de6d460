"""Names of types, and which comparisons make the server cast the column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_SYNONYMS: Final[Mapping[str, str]] = {
    "smallint": "int2",
    "smallserial": "int2",
    "int": "int4",
    "integer": "int4",
    "serial": "int4",
    "bigint": "int8",
    "bigserial": "int8",
    "decimal": "numeric",
    "dec": "numeric",
    "real": "float4",
    "float": "float8",
    "double precision": "float8",
    "boolean": "bool",
    "character varying": "varchar",
    "char varying": "varchar",
    "character": "bpchar",
    "char": "bpchar",
    '"char"': "char",
    "bit varying": "varbit",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
}
_MODIFIER = re.compile(r"\s*\([^)]*\)")
_QUOTED = re.compile(r'"([^"]*)"')

_APPROXIMATE: Final = frozenset({"float4", "float8"})
OBJECT_IDS: Final = frozenset(
    {"oid", "regclass", "regproc", "regprocedure", "regoper", "regoperator", "regtype"}
    | {"regrole", "regnamespace", "regconfig", "regdictionary", "regcollation"}
)
_ABOVE_INTEGERS: Final = _APPROXIMATE | OBJECT_IDS | {"numeric"}

# By the column's type: the types whose comparison leaves an index on the column unused, since the
# column is cast to them, or (name) takes their collation. Each pair is tried on real servers.
_CAST_BY: Final[Mapping[str, frozenset[str]]] = {
    "int2": _ABOVE_INTEGERS,
    "int4": _ABOVE_INTEGERS,
    "int8": _ABOVE_INTEGERS,
    "numeric": _APPROXIMATE,
    "time": frozenset({"timetz", "interval"}),
    "text": frozenset({"name"}),
    "varchar": frozenset({"bpchar", "name"}),
    "bpchar": frozenset({"text", "name", "char", "citext"}),
    "char": frozenset({"text", "varchar", "bpchar", "name", "citext"}),
    "citext": frozenset({"text", "varchar", "bpchar", "name", "char"}),
    "bit": frozenset({"varbit"}),
}
# Casts that only change the label of the value, so that the index still fits.
_RELABELLED: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"varchar"}),
    "varchar": frozenset({"text"}),
    "cidr": frozenset({"inet"}),
    **dict.fromkeys(OBJECT_IDS, OBJECT_IDS),
}


def base_type(name: str) -> str:
    """PostgreSQL's short name of the type: `int4` for INT, `varchar` for character varying(20)."""
    plain = _MODIFIER.sub("", name).strip()
    arrays = len(plain) - len(plain.rstrip("[]"))
    plain, suffix = (plain[:-arrays], plain[-arrays:]) if arrays else (plain, "")
    if '"' not in plain:
        plain = plain.lower()
    plain = plain.removeprefix("pg_catalog.")
    known = _SYNONYMS.get(plain)
    return (known or _QUOTED.sub(r"\1", plain)) + suffix


def element_type(name: str) -> str:
    """The type of the elements of an array type; any other type as it is."""
    return name.removesuffix("[]")


def implicit_cast(column_type: str, other_type: str) -> bool:
    """Whether comparing a column with a value of the other type keeps its index from serving.

    False where both share an operator family, where it is the value that is cast, where no such
    comparison exists, and for types that this table does not know.
    """
    return base_type(other_type) in _CAST_BY.get(base_type(column_type), frozenset())


def cast_keeps_index(column_type: str, target: str) -> bool:
    """Whether an index on the column still serves when the statement casts the column so."""
    source, wanted = base_type(column_type), base_type(target)
    if source == wanted:
        return not _MODIFIER.search(target) or _spelt(column_type) == _spelt(target)
    return wanted in _RELABELLED.get(source, frozenset()) and not _MODIFIER.search(target)


def _spelt(name: str) -> str:
    modifier = _MODIFIER.search(name)
    return base_type(name) + (modifier.group().replace(" ", "") if modifier else "")
