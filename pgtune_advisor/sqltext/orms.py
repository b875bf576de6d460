"""Which mapper wrote a statement, told by its style, and how that mapper loads related rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """A mapper: what its statements look like, and what loads related rows at once."""

    name: str
    style: re.Pattern[str]
    to_one: str
    to_many: str


def _mapper(name: str, style: str, to_one: str, to_many: str) -> Mapper:
    return Mapper(name=name, style=re.compile(style), to_one=to_one, to_many=to_many)


# The first that fits: the narrower styles come before the plain ones.
_MAPPERS: Final = (
    _mapper(
        "Prisma",
        r'^SELECT (?:COUNT\(|"[^"]+"\."[^"]+"\."[^"]+").*\sFROM "[^"]+"\."[^"]+"',
        "`include: { relation: true }` in the query of the parent",
        "`include: { relation: true }` in the query of the parent",
    ),
    _mapper(
        "Peewee",
        r'^SELECT .*"t1"\."\w+".*\sFROM "[^"]+"(?:\."[^"]+")? AS "t1"',
        "`.select(Parent, Related).join(Related)`",
        "`prefetch(parents, Related)`",
    ),
    _mapper(
        "TypeORM",
        r'^SELECT "(\w+)"\."\w+" AS "\1_\w+"',
        "`relations: { relation: true }` in find(), or leftJoinAndSelect()",
        '`relations: { relation: true }` with `relationLoadStrategy: "query"`',
    ),
    _mapper(
        "Sequelize",
        r'^SELECT (?:"\w+"(?:\."\w+")?(?: AS "\w+")?(?:, )?|count\(.*\) AS "count")+'
        r' FROM "[^"]+"(?:\."[^"]+")? AS "\w+"',
        "`include: [Related]` in findAll()",
        "`include: [{ model: Related, separate: true }]` in findAll()",
    ),
    _mapper(
        "Rails",
        r'^SELECT (?:/\*.*?\*/ )?(?:"\w+"\.\*|COUNT\(\*\)|1 AS one) FROM "\w+"',
        "`includes(:relation)` or `preload(:relation)`; `strict_loading` finds the rest",
        "`includes(:relation)` or `preload(:relation)`; `strict_loading` finds the rest",
    ),
    _mapper(
        "Django",
        r'^SELECT (?:"\w+"\."\w+"(?: AS "\w+")?(?:, )?|COUNT\(.*\) AS "\w+"|\S+ AS "a")+'
        r' FROM "\w+"(?: |$)(?!AS )',
        '`.select_related("relation")`',
        '`.prefetch_related("relation")`',
    ),
    _mapper(
        "Hibernate",
        r"^select .*\b(?:\w+\d_\d\.\w+|\w+\d+_\.\w+ as \w+_\d+_)",
        "`join fetch` in JPQL, an @EntityGraph, or @BatchSize(size = 50) on the entity",
        "`join fetch` in JPQL, an @EntityGraph, or @BatchSize(size = 50) on the collection",
    ),
    _mapper(
        "SQLAlchemy",
        # Each column by the whole name of its table, which hardly anyone writes by hand.
        r"^SELECT (?:count\(.*\) AS count_\d+|(?:\w+\.\w+(?: AS \w+)?(?:, )?)+)"
        r"\s+FROM (\w+)(?:, \w+|\s+(?:LEFT OUTER )?JOIN .*)?\s+WHERE (?s:.*)\b\w+\.\w+",
        "`options(joinedload(Parent.relation))`, or `selectinload`; `raiseload` finds the rest",
        "`options(selectinload(Parent.relation))`; `raiseload` finds the rest",
    ),
)


def mapper_of(text: str) -> Mapper | None:
    """The mapper whose style the statement has; None for SQL that anyone may have written."""
    plain = text.strip()
    return next((one for one in _MAPPERS if one.style.match(plain)), None)
