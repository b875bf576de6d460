"""A thousand different statements over the tables: joins, filters, orders, aggregates."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from bench.index.scale.tables import Column, Table

# Calls fall with the rank of a statement (Zipf).
MOST_CALLS = 10_000
EXPONENT = 0.8


@dataclass(slots=True)
class Draft:
    """A statement in the making; `keys` are the indexes that it would like, by table."""

    tables: list[Table]
    joins: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    keys: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    tail: str = ""
    output: str = ""

    @property
    def sql(self) -> str:
        """As an application writes it."""
        first, *others = self.tables
        joined = "".join(
            f" JOIN {table.name} ON {join}" for table, join in zip(others, self.joins, strict=True)
        )
        where = " AND ".join(self.filters)
        return f"SELECT {self.output} FROM {first.name}{joined} WHERE {where}{self.tail}"


def draw_statements(tables: list[Table], seed: int, number: int = 1000) -> list[Draft]:
    """Different in more than their literals."""
    drawn = random.Random(seed)
    found: dict[str, Draft] = {}
    while len(found) < number:
        draft = _draft(drawn, tables)
        found.setdefault(re.sub(r"'[^']*'|\b[\d.]+\b", "?", draft.sql), draft)
    return list(found.values())


def write_statements(drafts: list[Draft], folder: Path, seed: int) -> None:
    """One file each, with its calls."""
    ranks = list(range(1, len(drafts) + 1))
    random.Random(seed).shuffle(ranks)
    for position, (draft, rank) in enumerate(zip(drafts, ranks, strict=True)):
        calls = max(1, round(MOST_CALLS / rank**EXPONENT))
        (folder / f"{position:04d}.sql").write_text(f"-- calls: {calls}\n{draft.sql};\n")


def wished_indexes(drafts: list[Draft]) -> int:
    """How many different indexes the statements would like, each on its own."""
    return len(set[tuple[str, tuple[str, ...]]]().union(*(one.keys for one in drafts)))


def _draft(drawn: random.Random, tables: list[Table]) -> Draft:
    # Later tables refer to earlier ones, and some tables are asked for more than others.
    start = tables[min(int(len(tables) * drawn.random() ** 1.3), len(tables) - 1)]
    draft = Draft([start])
    for _ in range(drawn.choices((0, 1, 2, 3), (40, 30, 20, 10))[0]):
        _join(drawn, draft, tables)
    filtered = drawn.sample(draft.tables, drawn.randint(1, min(2, len(draft.tables))))
    for table in filtered:
        _filter(drawn, draft, table)
    _finish(drawn, draft, filtered[0])
    return draft


def _join(drawn: random.Random, draft: Draft, tables: list[Table]) -> None:
    """One more table, up or down a reference from those that are there."""
    present = {one.name for one in draft.tables}
    ways = [
        (child, column)
        for child in tables
        for column in child.of_kind("reference")
        if (child.name in present) != (column.target in present)
    ]
    if not ways:
        return
    child, column = drawn.choice(ways)
    added = next(
        one
        for one in tables
        if one.name == (column.target if child.name in present else child.name)
    )
    draft.tables.append(added)
    draft.joins.append(f"{column.target}.id = {child.name}.{column.name}")
    draft.keys.add((child.name, (column.name,)))


def _filter(drawn: random.Random, draft: Draft, table: Table) -> None:
    """One to three equalities, one of them selective, and perhaps a range."""
    selective = [one for one in table.columns if one.kind != "time" and one.values >= 60]
    selective = [one for one in selective if one.kind != "measure"]
    columns = [drawn.choice(selective or table.of_kind("code"))]
    others = [one for one in table.of_kind("category") if one not in columns]
    columns += drawn.sample(others, min(len(others), drawn.choice((0, 0, 1, 2))))
    draft.filters += [_equality(drawn, table, one) for one in columns]
    names = tuple(one.name for one in columns)
    draft.keys.add((table.name, names))
    if drawn.random() < 0.4:
        column = drawn.choice(table.of_kind("time", "measure"))
        sign = drawn.choice((">=", "<"))
        draft.filters.append(f"{table.name}.{column.name} {sign} {column.literal(drawn)}")
        draft.keys.add((table.name, (*names, column.name)))


def _equality(drawn: random.Random, table: Table, column: Column) -> str:
    name = f"{table.name}.{column.name}"
    if column.kind == "category" and drawn.random() < 0.15:
        values = ", ".join(dict.fromkeys(column.literal(drawn) for _ in range(3)))
        return f"{name} IN ({values})"
    return f"{name} = {column.literal(drawn)}"


def _finish(drawn: random.Random, draft: Draft, filtered: Table) -> None:
    """What comes out, and in which order."""
    last = draft.tables[-1]
    way = drawn.random()
    if way < 0.3:
        column = drawn.choice(filtered.of_kind("time", "measure"))
        draft.output = f"{filtered.name}.id, {filtered.name}.{column.name}, {last.name}.note"
        draft.tail = f" ORDER BY {filtered.name}.{column.name} DESC LIMIT {drawn.choice((10, 50))}"
        draft.keys.add((filtered.name, (column.name,)))
    elif way < 0.55:
        group = drawn.choice(last.of_kind("category"))
        amount = drawn.choice(filtered.of_kind("measure"))
        draft.output = f"{last.name}.{group.name}, count(*), sum({filtered.name}.{amount.name})"
        draft.tail = f" GROUP BY {last.name}.{group.name}"
    else:
        shown = drawn.sample(filtered.columns, 2)
        columns = ", ".join(f"{filtered.name}.{one.name}" for one in shown)
        draft.output = f"{filtered.name}.id, {columns}, {last.name}.note"
