"""What a database's schema is made of beside tables: views, types, partitions, statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view; its query is None where a lock on a table below kept us from reading it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    name: str
    extension: str | None
    definition: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserType:
    """A type that someone made; those of extensions and of tables are left out.

    `kind` is pg_type.typtype (e, d, c, r). `labels` are an enum's; `attributes` and
    `attribute_types` a composite's; `base` is a domain's base type or a range's subtype. Types
    are as format_type() prints them. `order` is the order in which the types were made.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    name: str
    kind: str
    order: int
    labels: tuple[str, ...]
    attributes: tuple[str, ...]
    attribute_types: tuple[str, ...]
    base: str | None
    not_null: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitioning:
    """How a table is divided (`LIST (a)`), and of what it is a part (`FOR VALUES IN (1)`).

    Each is None where the table is not divided or not a part, or where `is_locked`.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    name: str
    is_locked: bool
    key: str | None
    bound: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedStatistics:
    """A statistics object; `kinds` are pg_statistic_ext.stxkind's letters without `e`.

    `expressions` are None where a lock on the table kept us from reading them.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "name")

    database: str
    schema: str
    name: str
    table_schema: str
    table: str
    columns: tuple[str, ...]
    has_expressions: bool
    expressions: tuple[str, ...] | None
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCollation:
    """The collation (SQL) of a column that has another than its type's default."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "table", "name")

    database: str
    schema: str
    table: str
    name: str
    collation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """A database's encoding and default collation; `provider` is libc, icu or builtin.

    `locale` is ICU's or the builtin provider's, else None.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database",)

    database: str
    encoding: str
    provider: str
    collate: str
    ctype: str
    locale: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnValues:
    """A column's statistics with the values in them, which are data: read only when asked.

    `table` is an index's name for the statistics of its expressions. Arrays of values are texts
    as PostgreSQL prints an array. `inherited`: over the table's children too.
    """

    IDENTITY: ClassVar[tuple[str, ...]] = ("database", "schema", "table", "name", "inherited")

    database: str
    schema: str
    table: str
    name: str
    inherited: bool
    null_fraction: float
    average_width: int
    n_distinct: float
    most_common_values: str | None
    most_common_frequencies: tuple[float, ...] | None
    histogram_bounds: str | None
    correlation: float | None
    most_common_elements: str | None
    most_common_element_frequencies: tuple[float, ...] | None
    element_count_histogram: tuple[float, ...] | None
    range_length_histogram: str | None
    range_empty_fraction: float | None
    range_bounds_histogram: str | None
