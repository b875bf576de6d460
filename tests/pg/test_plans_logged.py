"""What auto_explain writes on a real server: both formats give the same nodes and observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from pgtune_advisor.domain.plan_observations import (
    Buffers,
    ColumnCast,
    Discard,
    JitUse,
    MisEstimate,
    Pattern,
    Repeated,
    Skipped,
    Spill,
    TempUse,
    Workers,
)
from pgtune_advisor.plans import LoggedPlan, Node, read_logged
from plugins.databases import Database

SETUP = (
    "CREATE TABLE big (id int PRIMARY KEY, part int, note text, code varchar(20), at timestamptz)",
    "INSERT INTO big SELECT i, i % 10, md5(i::text), 'c' || i, now()"
    " FROM generate_series(1, 20000) i",
    'CREATE TABLE parts (id int PRIMARY KEY, "odd name, (x)" text)',
    "INSERT INTO parts SELECT i, 'p' || i FROM generate_series(0, 9) i",
    "CREATE TABLE cut (id int, day date) PARTITION BY RANGE (day)",
    "CREATE TABLE cut_1 PARTITION OF cut FOR VALUES FROM ('2027-01-01') TO ('2027-02-01')",
    "CREATE TABLE cut_2 PARTITION OF cut FOR VALUES FROM ('2027-02-01') TO ('2027-03-01')",
    "CREATE INDEX big_part ON big (part, id)",
    "VACUUM ANALYZE big, parts",
)
STATEMENTS = {
    "limit": "SELECT id, note FROM big ORDER BY id LIMIT 10 OFFSET 9000",
    "sort": "SELECT note FROM big ORDER BY note DESC NULLS LAST, id",
    "incremental": "SELECT part, note FROM big ORDER BY part, note LIMIT 3000",
    "hash join": "SELECT b.note FROM big b JOIN big c ON b.id = c.id + 1 WHERE c.note <> 'it''s'",
    "left join": "SELECT * FROM parts p LEFT JOIN big b"
    " ON b.part = p.id AND p.\"odd name, (x)\" > 'p'",
    "nested loop": "SELECT * FROM big b WHERE EXISTS (SELECT FROM big c WHERE c.id = b.part * 7)",
    "aggregate": "SELECT note, count(*) FROM big GROUP BY note",
    "sets": "SELECT part, code, count(*) FROM big GROUP BY GROUPING SETS ((part), (code), ())",
    "cast": "SELECT note FROM big WHERE id = 77::numeric OR code LIKE 'c1%'",
    "index cond": "SELECT note FROM big WHERE id IN (5, 6, 7) AND note LIKE '%abc%'",
    "bitmap": "SELECT note FROM big WHERE part = 3 AND id < 9000 OR id = 12",
    "only": "SELECT count(*) FROM big WHERE part = 5 AND id > 100",
    "backward": "SELECT id FROM big ORDER BY id DESC LIMIT 3",
    "cte": "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
    " SELECT * FROM n, (SELECT avg(id) FROM big) AS a WHERE i > (SELECT min(id) FROM parts)",
    "function": "SELECT * FROM generate_series(1, 5) AS g, unnest(ARRAY['a','b']) AS u(x)",
    "values": "SELECT * FROM (VALUES (1, 'x'), (2, 'y: (cost=')) AS v(a, b) WHERE a > 1",
    "window": "SELECT id, row_number() OVER (PARTITION BY part ORDER BY note) FROM big",
    "union": "SELECT part FROM big UNION SELECT id FROM parts EXCEPT SELECT 3",
    "append": "SELECT * FROM cut WHERE day = '2027-01-05' OR id = 5",
    "insert": "INSERT INTO parts VALUES (5, 'five') ON CONFLICT (id) DO NOTHING",
    "update": "UPDATE big SET note = note || 'x' WHERE id BETWEEN 5 AND 9",
    "subquery": "SELECT * FROM (SELECT id, part FROM big ORDER BY id LIMIT 9) AS s WHERE part = 1",
    "subplan": "SELECT (SELECT note FROM big WHERE id = p.id), id IN (SELECT part FROM big)"
    " FROM parts p",
    "lines": "SELECT *\n  FROM parts -- two\n WHERE \"odd name, (x)\" <> 'a\n  Filter: (\n->  b'",
    "result": "SELECT 1 WHERE false",
    "tid": "SELECT id FROM big WHERE ctid = '(0,1)'",
    "sample": "SELECT count(*) FROM big TABLESAMPLE system (50) REPEATABLE (7)",
    "locks": "SELECT id FROM parts WHERE id = 3 FOR UPDATE",
}
SETTINGS = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_verbose": "on",
    "auto_explain.log_settings": "on",
    "client_min_messages": "log",
    "work_mem": "64kB",
    "jit": "off",
}


# JSON says the same under several names, of which nothing is made.
_ONLY_IN_TEXT = {"Sampling"}


class Log:
    """A session whose plans come back as messages."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._said: list[str] = []
        connection.add_notice_handler(lambda d: self._said.append(d.message_primary or ""))
        connection.execute("LOAD 'auto_explain'")
        self.configure(SETTINGS)

    def configure(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            self._connection.execute("SELECT set_config(%s, %s, false)", (name, value))

    def of(self, statement: str, form: str) -> str:
        """The last message about a plan of this statement."""
        self.configure({"auto_explain.log_format": form})
        self._said.clear()
        self._connection.execute(statement.encode())
        return self._said[-1]


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    database.execute(*SETUP)
    with database.connect() as connection:
        yield Log(connection)


def logged(text: str) -> LoggedPlan:
    found = read_logged(text.encode())
    assert isinstance(found, LoggedPlan), f"{found} {text}"
    return found


def test_text_and_json_give_the_same_nodes(log: Log, database: Database) -> None:
    for name, statement in STATEMENTS.items():
        log.of(statement, "json")  # so that both find the same blocks in memory
        one, other = logged(log.of(statement, "json")), logged(log.of(statement, "text"))
        pairs = list(zip(one.plan.root.walk(), other.plan.root.walk(), strict=True))
        for of_json, of_text in pairs:
            _same(name, of_json, of_text)
        assert one.seen.outline == other.seen.outline, name
        assert one.seen.scans == other.seen.scans, name
        assert _lasting(one) == _lasting(other), name
        assert one.statement == other.statement == statement, name
        assert one.duration_ms is not None
        assert one.query_id == other.query_id
        assert (one.query_id is not None) == (database.server.major >= 16), name


def _lasting(plan: LoggedPlan) -> list[object]:
    """The observations, but for memory that differs from run to run."""
    found = (one for one in plan.seen.observations if not isinstance(one, Buffers))
    return [replace(one, memory_bytes=0) if isinstance(one, Spill) else one for one in found]


def _same(name: str, of_json: Node, of_text: Node) -> None:
    fields: tuple[str, ...] = (
        "kind",
        "startup_cost",
        "total_cost",
        "rows",
        "width",
        "schema",
        "relation",
        "alias",
    )
    fields += ("index", "conditions", "sort_key", "presorted_key", "group_key", "output")
    for one in fields:
        assert getattr(of_json, one) == getattr(of_text, one), (name, of_json.kind, one)
    for key, value in of_text.extra.items():
        if key in _ONLY_IN_TEXT:
            continue
        assert key in of_json.extra, (name, of_json.kind, key, value)
        if not key.endswith(("Usage", "Blocks", "Used", "Workers", "Groups", "Maximum Storage")):
            assert of_json.extra[key] == value, (name, of_json.kind, key)


def test_what_plans_give_to_say(log: Log) -> None:
    found = {name: logged(log.of(STATEMENTS[name], "text")) for name in STATEMENTS}

    def said(name: str, kind: type) -> list[Any]:
        return [one for one in found[name].seen.observations if isinstance(one, kind)]

    (skipped,) = said("limit", Skipped)
    assert (skipped.read, skipped.returned, skipped.measured) == (9010, 10, True)
    assert not skipped.sorted
    (spill,) = said("sort", Spill)
    assert spill.kind == "sort"
    assert spill.disk_bytes > 500_000
    assert said("sort", TempUse)[0].written_blocks > 50
    assert any(one.kind == "hash" and one.batches > 1 for one in said("hash join", Spill))
    assert {one.kind for one in said("aggregate", Spill)} <= {"aggregate", "sort"}
    assert said("aggregate", Spill)
    casts = {(one.column, one.target, one.role) for one in said("cast", ColumnCast)}
    assert ("id", "numeric", "filter") in casts
    forms = {(one.column, one.form) for one in said("cast", Pattern)}
    assert forms == {("code", "prefix")}
    (pattern,) = said("index cond", Pattern)
    assert (pattern.column, pattern.form, pattern.operator) == ("note", "leading-wildcard", "~~")
    (discard,) = said("index cond", Discard)
    assert (discard.removed, discard.kept) == (3, 0)
    assert "abc" not in discard.condition
    assert said("sort", Buffers)[0].hit > 100


def test_loops_jit_workers_and_misjudged_rows(log: Log) -> None:
    log.configure({"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_memoize": "off"})
    loops = logged(
        log.of("SELECT count(*) FROM big b JOIN big c ON c.id = b.id + 1 WHERE b.part < 5", "json")
    )
    repeated = [one for one in loops.seen.observations if isinstance(one, Repeated)]
    assert any(one.loops >= 5000 and one.measured for one in repeated)
    wrong = logged(log.of("SELECT * FROM big WHERE id % 2 = part % 2 AND id * 2 > id", "text"))
    (found,) = [one for one in wrong.seen.observations if isinstance(one, MisEstimate)]
    assert (found.actual, found.planned) == (20000, found.planned)
    assert found.factor > 100
    log.configure(
        {
            "auto_explain.log_timing": "on",
            "jit": "on",
            "jit_above_cost": "0",
            "parallel_setup_cost": "0",
            "parallel_tuple_cost": "0",
            "min_parallel_table_scan_size": "0",
            "max_parallel_workers_per_gather": "2",
        }
    )
    for form in ("json", "text"):
        parallel = logged(log.of("SELECT count(*) FROM big WHERE note > 'a'", form))
        (workers,) = [one for one in parallel.seen.observations if isinstance(one, Workers)]
        assert workers.planned == 2
        assert workers.launched is not None
        for jit in (one for one in parallel.seen.observations if isinstance(one, JitUse)):
            assert jit.functions > 0
            assert jit.time_ms > 0
