"""What the planner says of statements: as things are, and with indexes that HypoPG pretends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from bench.index.timing import Connection, connect
from bench.index.workload import Statement, nameless
from pgtune_advisor.plans import Plan

Outline = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretended:
    """Plans under hypothetical indexes, or why they could not be made (`refused`)."""

    plans: Mapping[str, Plan]
    size: int
    refused: tuple[str, ...] = ()


def plans(connection: Connection, statements: Iterable[Statement]) -> dict[str, Plan]:
    """The plan of each statement, by name. Raises psycopg.Error for one that has none."""
    found = {}
    for statement in statements:
        row = connection.execute(b"EXPLAIN (FORMAT JSON) " + statement.sql.encode()).fetchone()
        assert row is not None
        found[statement.name] = Plan.of(row[0])
    return found


def total(found: Mapping[str, Plan], statements: Iterable[Statement]) -> float:
    """The planner's cost of the workload: by statement, times its calls."""
    return sum(found[one.name].cost * one.calls for one in statements)


def outline(plan: Plan) -> Outline:
    """What a plan does, without figures: two executions of one outline are one and the same."""
    return tuple((node.kind, node.relation, node.index) for node in plan.root.walk())


def has_hypopg(connection: Connection) -> bool:
    """Whether HypoPG is in this database, or can be brought in."""
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        return False
    except psycopg.errors.InsufficientPrivilege:
        row = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'hypopg'").fetchone()
        return row is not None
    return True


def pretend(dsn: str, statements: Sequence[Statement], ddl: Sequence[str]) -> Pretended:
    """Plan with these indexes pretended, on a session of its own."""
    refused: list[str] = []
    size = 0
    with connect(dsn) as connection:
        for one in ddl:
            bare = nameless(one)
            if bare is None:
                refused.append(f"{one}: HypoPG has only indexes")
                continue
            try:
                size += _create(connection, bare)
            except psycopg.Error as error:
                refused.append(f"{bare}: {error.diag.message_primary or error}")
        found = {} if refused else plans(connection, statements)
    return Pretended(plans=found, size=size, refused=tuple(refused))


def _create(connection: Connection, ddl: str) -> int:
    row = connection.execute(
        "SELECT hypopg_relation_size(indexrelid) FROM hypopg_create_index(%s)", [ddl]
    ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]
