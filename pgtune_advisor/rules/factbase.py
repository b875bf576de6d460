"""Facts in an in-memory SQLite: one table a subject, filled when a rule asks for it."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pgtune_advisor.domain.custom import CustomFact, FactColumn
from pgtune_advisor.domain.findings import Subject, Value
from pgtune_advisor.rules import facts as fact_modules
from pgtune_advisor.rules.conditions import FUNCTIONS, SELF
from pgtune_advisor.rules.facts.base import Context, Facts, columns

_SQL_TYPES: Final = {"text": "TEXT", "integer": "INTEGER", "real": "REAL", "boolean": "INTEGER"}


@cache
def fact_tables() -> dict[str, type[Facts]]:
    """Every fact table of the package by its kind, found in the modules of `rules.facts`."""
    found: dict[str, type[Facts]] = {}
    for module_info in pkgutil.iter_modules(fact_modules.__path__):
        module = importlib.import_module(f"{fact_modules.__name__}.{module_info.name}")
        for item in vars(module).values():
            if isinstance(item, type) and item.__module__ == module.__name__:
                kind = getattr(item, "KIND", None)
                if isinstance(kind, str):
                    found[kind] = item
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRow:
    """A row of a user's fact table, with the shape of the package's own rows."""

    row: CustomFact

    def subject(self) -> Subject:
        label = f"{self.row.database}.{self.row.label}"
        return Subject(
            kind=self.row.table, label=label, database=self.row.database, name=self.row.label
        )


def values(row: Any) -> dict[str, Value]:
    """The facts of a row by name."""
    if isinstance(row, CustomRow):
        return dict(row.row.values)
    facts_type: Any = type(row)
    return {column.name: getattr(row, column.name) for column in columns(facts_type)}


@dataclass(kw_only=True)
class Catalogue:
    """Which subjects there are and which facts each has."""

    custom: Mapping[str, tuple[FactColumn, ...]] = field(default_factory=dict)

    def subjects(self) -> list[str]:
        return sorted({*fact_tables(), *self.custom})

    def columns(self, subject: str) -> dict[str, FactColumn]:
        """The facts of a subject by name; KeyError for an unknown subject."""
        if subject in self.custom:
            return {column.name: column for column in self.custom[subject]}
        return {column.name: column for column in columns(fact_tables()[subject])}

    def needs(self, subject: str) -> tuple[str, ...]:
        """The snapshot's tables that a subject is made of."""
        return ("custom",) if subject in self.custom else fact_tables()[subject].NEEDS


def _ordered(row: Mapping[str, Value], names: Iterable[str]) -> list[Value]:
    return [row.get(name) for name in names]


class FactBase:
    """The facts of one evaluation: rows as objects, and as tables that conditions run over."""

    def __init__(self, context: Context, catalogue: Catalogue) -> None:
        self.context = context
        self.catalogue = catalogue
        self._rows: dict[str, list[Any]] = {}
        self._loaded: set[str] = set()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.create_function("setting", 1, context.setting, deterministic=True)

    def close(self) -> None:
        self._db.close()

    def rows(self, subject: str) -> list[Any]:
        """The rows of a subject, in their collected order."""
        if subject not in self._rows:
            if subject in self.catalogue.custom:
                custom = self.context.snapshot.custom
                self._rows[subject] = [CustomRow(row=r) for r in custom if r.table == subject]
            else:
                self._rows[subject] = list(fact_tables()[subject].build(self.context))
        return self._rows[subject]

    def put(self, subject: str, rows: Sequence[Any]) -> None:
        """Use these rows for a subject, instead of building them."""
        self._rows[subject] = list(rows)

    def missing(self, subject: str) -> tuple[str, ...]:
        """The snapshot's tables that a subject needs and this cycle did not read."""
        needed = self.catalogue.needs(subject)
        return tuple(name for name in needed if name not in self.context.snapshot.collected)

    def select(
        self, subject: str, expressions: Sequence[str], params: Mapping[str, float]
    ) -> list[tuple[Any, ...]]:
        """The row number and each expression's value (1, 0 or None) for all rows of a subject."""
        for table in {subject, "server"}:
            self._load(table)
        listed = ", ".join(f"({expression})" for expression in expressions)
        query = (
            f"SELECT {SELF}.rowid - 1, {listed} "  # noqa: S608 - checked when it was compiled
            f'FROM "{subject}" AS {SELF} CROSS JOIN server ORDER BY {SELF}.rowid'
        )
        with self._guarded():
            found: list[tuple[Any, ...]] = self._db.execute(query, dict(params)).fetchall()
        return found

    def _load(self, subject: str) -> None:
        if subject in self._loaded:
            return
        known = self.catalogue.columns(subject)
        listed = ", ".join(f'"{c.name}" {_SQL_TYPES[c.type]}' for c in known.values())
        self._db.execute(f'CREATE TABLE "{subject}" ({listed})')
        marks = ", ".join("?" * len(known))
        rows = (_ordered(values(row), known) for row in self.rows(subject))
        self._db.execute("BEGIN")
        self._db.executemany(f'INSERT INTO "{subject}" VALUES ({marks})', rows)  # noqa: S608
        self._db.execute("COMMIT")
        self._loaded.add(subject)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """While a condition runs, nothing but reading columns and the allowed functions."""
        self._db.set_authorizer(_authorise)
        try:
            yield
        finally:
            self._db.set_authorizer(None)


def _authorise(
    action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
) -> int:
    match action:
        case sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_READ if not (first or "").startswith("sqlite_"):
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_FUNCTION if (second or first or "").lower() in {*FUNCTIONS, "like"}:
            return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
