"""Which columns stand for the same key: by foreign keys, else by how they are named."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from pgtune_advisor.rules.facts.base import Context

ColumnName = tuple[str, str, str, str]
"""Database, schema, table and column."""

_DEPTH: Final = 5


class Keys:
    """The unique columns of a target, and the columns that refer to them."""

    def __init__(self, context: Context) -> None:
        snapshot = context.snapshot
        self._refers: dict[ColumnName, ColumnName] = {}
        self._unique: set[ColumnName] = set()
        self._primary: dict[tuple[str, str, str], ColumnName] = {}
        self.columns: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self.types: dict[ColumnName, str] = {}
        for column in snapshot.columns:
            table = (column.database, column.schema, column.table)
            self.columns[table].append(column.name)
            self.types[*table, column.name] = column.type
        for one in snapshot.constraints:
            table = (one.database, one.schema, one.table)
            if one.type in ("p", "u") and len(one.columns) == 1:
                self._unique.add((*table, one.columns[0]))
                if one.type == "p":
                    self._primary[table] = (*table, one.columns[0])
            elif one.type == "f" and one.foreign_table is not None:
                target = (one.database, one.foreign_schema or "", one.foreign_table)
                for mine, other in zip(one.columns, one.foreign_columns, strict=True):
                    self._refers[*table, mine] = (*target, other)
        for index in snapshot.indexes:
            plain = not index.has_predicate and not any(index.key_is_expression)
            if index.is_unique and index.is_valid and plain and len(index.keys) == 1:
                key = index.keys[0] or ""
                self._unique.add((index.database, index.schema, index.table, key))

    def is_unique(self, column: ColumnName) -> bool:
        """Whether no two rows of its table have one value of it."""
        return column in self._unique

    def root(self, column: ColumnName) -> ColumnName | None:
        """The unique column that it is, or that it refers to; None where it is no key.

        Of columns without a foreign key those named after a table, `order_id` for `orders`.
        """
        for _ in range(_DEPTH):
            target = self._refers.get(column)
            if target is None or target == column:
                break
            column = target
        return column if column in self._unique else self._named(column)

    def is_declared(self, column: ColumnName) -> bool:
        """Whether a constraint says that it is a key or refers to one."""
        return column in self._refers or column in self._unique

    def _named(self, column: ColumnName) -> ColumnName | None:
        """The primary key that a name such as `order_id` or `orderId` speaks of."""
        database, schema, table, name = column
        stem = name[:-3] if name.endswith("_id") else name[:-2] if name.endswith("Id") else ""
        if not stem:
            return None
        plurals = (stem, f"{stem}s", f"{stem}es", f"{stem[:-1]}ies")
        # Frameworks put the application's name before the table's.
        prefix = table.rpartition("_")[0]
        named = {word for plain in plurals for word in (plain, plain.capitalize())}
        named |= {f"{prefix}_{word}" for word in plurals if prefix}
        for word in sorted(named):
            key = self._primary.get((database, schema, word))
            if key is not None and self.types.get(key) == self.types.get(column):
                return key
        return None
