"""What the reader of statements wants to know of a database: which tables have which columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pgtune_advisor.domain.objects import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTable:
    """A table and the types of its columns by name, as format_type() prints them."""

    schema: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownView:
    """A view by (schema, name) and its query as pg_get_viewdef() prints it."""

    key: tuple[str, str]
    definition: str


class Catalog(Protocol):
    """The tables of one database as a statement's names find them."""

    def find(self, schema: str | None, name: str) -> KnownTable | None:
        """The table that this name stands for, or None if unknown or not certain."""
        ...

    def view(self, schema: str | None, name: str) -> KnownView | None:
        """The view that this name stands for, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCatalog:
    """A catalogue made from collected columns.

    A name without schema is looked for along `search_path`; if that knows no such table, it stands
    for the only table of that name anywhere, since applications set a path that nobody recorded.
    """

    tables: Mapping[tuple[str, str], Mapping[str, str]]
    search_path: tuple[str, ...]
    homes: Mapping[str, tuple[str, ...]]
    views: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        columns: Iterable[Column],
        search_path: tuple[str, ...] = ("public",),
        views: Mapping[tuple[str, str], str] | None = None,
    ) -> TableCatalog:
        """The catalogue of one database's columns, and its views' queries by (schema, name)."""
        tables: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for column in columns:
            tables[column.schema, column.table][column.name] = column.type
        homes: defaultdict[str, list[str]] = defaultdict(list)
        for schema, name in tables:
            homes[name].append(schema)
        return cls(
            tables=dict(tables),
            search_path=search_path,
            homes={name: tuple(schemas) for name, schemas in homes.items()},
            views=views or {},
        )

    def find(self, schema: str | None, name: str) -> KnownTable | None:
        """The table that this name stands for, or None if unknown or not certain."""
        homes = self.homes.get(name, ())
        if schema is not None:
            home = schema if schema in homes else None
        else:
            home = next((known for known in self.search_path if known in homes), None)
            if home is None and len(homes) == 1:
                home = homes[0]
        return KnownTable(schema=home, columns=self.tables[home, name]) if home else None

    def view(self, schema: str | None, name: str) -> KnownView | None:
        """The view that this name stands for, or None; a table of the path goes before."""
        homes = [home for home, known in self.views if known == name]
        if schema is None:
            tables = self.homes.get(name, ())
            first = next((s for s in self.search_path if s in homes or s in tables), None)
            schema = first or (homes[0] if len(homes) == 1 and not tables else None)
        if schema is None or schema not in homes:
            return None
        return KnownView(key=(schema, name), definition=self.views[schema, name])
