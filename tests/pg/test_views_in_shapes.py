"""A statement on a view is judged by the tables under it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.domain.window import lifetime
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.rules.facts.shapes import shapes_of
from plugins.databases import Database
from plugins.targets import target_section


def test_conditions_reach_the_table_under_a_view(newest_database: Database, tmp_path: Path) -> None:
    newest_database.execute(
        "CREATE TABLE item (id bigint PRIMARY KEY, kind text, price numeric)",
        "CREATE VIEW cheap AS SELECT id, kind AS sort FROM item WHERE price < 10",
        "SELECT * FROM cheap WHERE sort = 'x'",
    )
    with Collector(target_section(newest_database.dsn, tmp_path), QueryBook.load()) as collector:
        snapshot = collector.full()
    context = Context(snapshot=snapshot, window=lifetime(snapshot), now=datetime.now(UTC))
    shapes = shapes_of(context)
    (shape,) = (
        shape
        for row in snapshot.statements
        if (text := shapes.text(row)) and "FROM cheap" in text and (shape := shapes.of(row))
    )
    found = {
        (predicate.table.name, predicate.column)
        for predicate in shape.predicates
        if predicate.table
    }
    assert ("item", "kind") in found
