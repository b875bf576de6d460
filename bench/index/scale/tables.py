"""Thirty tables of one database, drawn with a seed: columns, sizes, skew, and the SQL of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["reference", "category", "code", "time", "measure"]
# How many values a category may have; the few that matter in practice and some in between.
CARDINALITIES = (3, 8, 20, 60, 250, 1000, 5000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`values`: how many different ones; `skew`: 1 is even, 3 has most rows at the low end."""

    name: str
    kind: Kind
    values: int
    skew: float
    target: str = ""

    @property
    def type(self) -> str:
        return {
            "reference": "int",
            "category": "int",
            "code": "text",
            "time": "timestamptz",
            "measure": "numeric(12,2)",
        }[self.kind]

    @property
    def expression(self) -> str:
        """What fills it, for row i."""
        drawn = f"floor({self.values} * random() ^ {self.skew})::int"
        match self.kind:
            case "reference":
                return f"1 + {drawn}"
            case "category":
                return drawn
            case "code":
                return f"'C-' || {drawn}"
            case "time":
                return f"timestamptz '2026-01-01' - {drawn} * interval '1 minute'"
            case "measure":
                return f"({drawn} / 100.0)::numeric(12,2)"

    def literal(self, drawn: random.Random) -> str:
        """A value that rows have, the frequent ones more often."""
        value = int(self.values * drawn.random() ** self.skew)
        match self.kind:
            case "reference":
                return str(value + 1)
            case "category":
                return str(value)
            case "code":
                return f"'C-{value}'"
            case "time":
                return f"timestamptz '2026-01-01' - interval '{value} minutes'"
            case "measure":
                return f"{value / 100:.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    name: str
    rows: int
    columns: tuple[Column, ...]

    def of_kind(self, *kinds: Kind) -> list[Column]:
        return [one for one in self.columns if one.kind in kinds]

    @property
    def ddl(self) -> str:
        columns = ", ".join(f"{one.name} {one.type} NOT NULL" for one in self.columns)
        return f"CREATE TABLE {self.name} (id int PRIMARY KEY, {columns}, note text NOT NULL)"

    @property
    def fill(self) -> str:
        columns = ", ".join(one.expression for one in self.columns)
        return (
            f"INSERT INTO {self.name} SELECT i, {columns}, repeat(md5(i::text), 1 + i % 3) "
            f"FROM generate_series(1, {self.rows}) i"
        )


def draw_tables(seed: int, number: int = 30) -> list[Table]:
    """Each refers to up to three earlier ones."""
    drawn = random.Random(seed)
    tables: list[Table] = []
    for position in range(number):
        # Even in the logarithm between 20,000 and 250,000 rows.
        rows = int(20_000 * (250_000 / 20_000) ** drawn.random())
        targets = drawn.sample(tables, min(len(tables), drawn.randint(1, 3)))
        columns = [
            Column(
                name=f"{one.name}_id",
                kind="reference",
                values=one.rows,
                skew=drawn.choice((1.0, 1.5, 2.5)),
                target=one.name,
            )
            for one in targets
        ]
        columns += _own_columns(drawn, rows)
        tables.append(Table(name=f"t{position:02d}", rows=rows, columns=tuple(columns)))
    return tables


def _own_columns(drawn: random.Random, rows: int) -> list[Column]:
    found = []
    for number, values in enumerate(drawn.sample(CARDINALITIES, drawn.randint(3, 5))):
        skew = drawn.choice((1.0, 2.0, 3.0))
        found.append(Column(name=f"cat{number}", kind="category", values=values, skew=skew))
    found.append(Column(name="code", kind="code", values=rows // 2, skew=1.0))
    found += [
        Column(name=f"at{number}", kind="time", values=1_000_000, skew=1.5)
        for number in range(drawn.randint(1, 2))
    ]
    found += [
        Column(name=f"amount{number}", kind="measure", values=200_000, skew=2.0)
        for number in range(drawn.randint(1, 2))
    ]
    return found


def load_sql(tables: list[Table]) -> str:
    """The whole database as one text."""
    fills = "".join(f"{one.ddl};\n{one.fill};\n" for one in tables)
    return f"SELECT setseed(0.5);\nSET synchronous_commit = off;\n{fills}VACUUM ANALYZE;\n"
