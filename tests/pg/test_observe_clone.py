"""Indexes tried on a clone: what helps is kept, the rest is dropped, and the clone is as before."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from pgtune_advisor.domain.errors import TargetError, UsageError
from pgtune_advisor.observe.clone import Identity, Measurement, Probe, Trial, measure
from pgtune_advisor.pg.clone import Clone
from plugins.databases import Database
from plugins.servers import MakeCluster, MakeStandby

# Rows of `kind = 7` rank last, and lie anywhere: by rank, all others are passed over first.
TABLES = (
    "CREATE TABLE items (id bigint, rank int, kind int, owner int, note text)",
    "INSERT INTO items SELECT n, r, CASE WHEN r > 118000 THEN 7 ELSE r % 5 END, n % 3000, 'x' || n "
    "FROM generate_series(1, 120000) AS n, LATERAL (SELECT n * 7919::bigint % 120000) AS s (r)",
    "VACUUM (ANALYZE) items",
)
CHEAP_PAGES = "ALTER DATABASE {} SET random_page_cost = 1.1"
ELSEWHERE = Identity(
    system_identifier="1", started_at=datetime(2026, 1, 1, tzinfo=UTC), database="shop"
)
OWNED = Probe(id="owned", query_id=11, text="SELECT note FROM items WHERE owner = 77", weight=5)
NEWEST = Probe(
    id="newest", query_id=12, text="SELECT note FROM items WHERE kind = 7 ORDER BY rank LIMIT 20"
)
COUNT = Probe(id="count", query_id=13, text="SELECT count(*) FROM items")


def trial(name: str, keys: str, *probes: Probe, **more: Any) -> Trial:
    return Trial(
        id=f"r-{name}",
        name=name,
        statement=f"CREATE INDEX CONCURRENTLY {name} ON public.items USING btree ({keys})",
        database="shop",
        schema="public",
        table="items",
        statements=tuple(probe.id for probe in probes),
        **more,
    )


BY_OWNER = trial("by_owner", "owner", OWNED)
BY_RANK = trial("by_rank", "rank", NEWEST)
BY_NOTE = trial("by_note", "note")
FOR_ANY = tuple(replace(one, statements=()) for one in (BY_OWNER, BY_RANK))


@pytest.fixture
def clone(database: Database) -> Database:
    database.execute(*TABLES)
    return database


@pytest.fixture
def newest(newest_database: Database) -> Database:
    newest_database.execute(*TABLES)
    return newest_database


def run(clone: Database, trials: list[Trial], probes: list[Probe], **more: Any) -> Measurement:
    return measure(clone.dsn, trials, probes, target=more.pop("target", ELSEWHERE), **more)


def indexes(clone: Database) -> list[str]:
    query = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    with clone.connect() as connection:
        return [row[0] for row in connection.execute(query)]


def reasons(found: Measurement) -> dict[str, str]:
    return {one.id: one.reason for one in found.dropped}


def test_what_helps_is_kept_and_what_nothing_uses_is_not(clone: Database) -> None:
    steps: list[str] = []
    found = run(
        clone,
        [BY_OWNER, BY_NOTE],
        [COUNT, OWNED],
        progress=lambda what, _done, _of: steps.append(what),
    )
    assert found.kept == ("r-by_owner",)
    assert reasons(found) == {"r-by_note": "unused"}
    assert found.helped == {"r-by_owner": ("owned",)}
    owned = found.probes["owned"]
    assert (owned.query_id, owned.runs, owned.cpu) == (11, 3, clone.server.cluster is not None)
    assert owned.blocks_before is not None
    assert owned.blocks_after is not None
    assert owned.blocks_before > 10 * owned.blocks_after
    assert found.size_bytes["r-by_owner"] > 500_000
    assert found.build_ms["r-by_owner"] > 0
    assert found.gaps == ()
    assert list(dict.fromkeys(steps)) == ["before", "build", "after"]
    assert indexes(clone) == []


def test_an_index_that_makes_the_planner_walk_the_wrong_way_is_dropped(clone: Database) -> None:
    # Statistics know how frequent kind 7 is, not that its rows come last.
    clone.execute(CHEAP_PAGES.format(clone.name))
    found = run(clone, [BY_RANK, BY_OWNER], [NEWEST, OWNED])
    assert found.kept == ("r-by_owner",)
    assert reasons(found) == {"r-by_rank": "made-slower"}
    assert "statement newest went from" in found.dropped[0].detail
    after = found.probes["newest"]
    # Measured again without it.
    assert after.blocks_after == pytest.approx(after.blocks_before, rel=0.1)
    assert indexes(clone) == []


def test_the_culprit_is_found_among_several(newest: Database) -> None:
    newest.execute(CHEAP_PAGES.format(newest.name))
    joined = Probe(
        id="joined",
        query_id=14,
        text="SELECT (SELECT count(note) FROM items WHERE owner = 12), n.note FROM "
        "(SELECT note FROM items WHERE kind = 7 ORDER BY rank LIMIT 20) AS n",
    )
    found = run(newest, list(FOR_ANY), [joined])
    assert found.kept == ("r-by_owner",)
    assert reasons(found) == {"r-by_rank": "made-slower"}


def test_an_index_that_is_used_and_does_not_help_is_dropped(newest: Database) -> None:
    newest.execute(
        "CREATE INDEX wider ON items (id, kind)",
        f"ALTER DATABASE {newest.name} SET enable_seqscan = off",
    )
    every = Probe(id="every", query_id=None, text="SELECT note FROM items WHERE id > 0")
    found = run(newest, [trial("by_id", "id")], [every])
    assert reasons(found) == {"r-by_id": "no-help"}
    assert indexes(newest) == ["wider"]


def test_an_index_that_is_only_forced_upon_the_planner_is_dropped(newest: Database) -> None:
    newest.execute(f"ALTER DATABASE {newest.name} SET enable_seqscan = off")
    every = Probe(id="every", query_id=None, text="SELECT note FROM items WHERE rank > 0")
    found = run(newest, [FOR_ANY[1]], [every])
    assert reasons(found) == {"r-by_rank": "made-slower"}
    assert indexes(newest) == []


def test_with_keep_the_confirmed_stay_alone(newest: Database) -> None:
    run(newest, [BY_OWNER, BY_NOTE], [OWNED], keep=True)
    assert indexes(newest) == ["by_owner"]


def test_a_name_that_is_taken_gets_a_suffix_and_the_other_index_stays(newest: Database) -> None:
    newest.execute("CREATE INDEX by_owner ON items (kind)")
    found = run(newest, [BY_OWNER], [OWNED])
    assert found.kept == ("r-by_owner",)
    assert indexes(newest) == ["by_owner"]


def test_a_partitioned_table(newest: Database) -> None:
    newest.execute(
        "CREATE TABLE parted (id bigint, owner int, note text) PARTITION BY RANGE (id)",
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (60001)",
        "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (60001) TO (200000)",
        "INSERT INTO parted SELECT id, owner, note FROM items",
        "ANALYZE parted",
    )
    tried = replace(
        trial("parted_owner", "owner"),
        table="parted",
        statement="CREATE INDEX parted_owner ON public.parted USING btree (owner) INCLUDE (note)",
        rows=120_000,
    )
    probe = Probe(id="p", query_id=1, text="SELECT note FROM parted WHERE owner = 77;")
    found = run(newest, [tried], [probe])
    assert (found.kept, found.gaps) == (("r-parted_owner",), ())
    assert found.size_bytes["r-parted_owner"] > 500_000
    assert indexes(newest) == []


def test_an_index_on_an_expression_is_analysed(newest: Database) -> None:
    probe = Probe(id="e", query_id=1, text="SELECT note FROM items WHERE owner % 1000 = 3")
    wanted = replace(
        BY_OWNER, statement="CREATE INDEX by_owner ON public.items ((owner % 1000))", statements=()
    )
    assert run(newest, [wanted], [probe]).kept == ("r-by_owner",)


def test_an_extension_is_made_and_taken_away(database: Database) -> None:
    database.execute(*TABLES)
    wanted = replace(
        BY_NOTE,
        statement="CREATE INDEX by_note ON public.items USING gin (note gin_trgm_ops)",
        extensions=("pg_trgm",),
    )
    probe = Probe(id="like", query_id=1, text="SELECT id FROM items WHERE note LIKE '%1234%'")
    assert run(database, [wanted], [probe]).kept == ("r-by_note",)
    query = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"
    assert database.connect().execute(query).fetchone() == (0,)


# What must not be run


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT nextval('numbers')", "it calls the volatile function nextval(regclass)"),
        ("SELECT id FROM items WHERE random() < 0.5", "the volatile function random()"),
        ("SELECT hidden FROM through", "it calls the volatile function touch()"),
        ("SELECT 1 OPERATOR(public.<!>) 2", "the volatile function touchy(integer,integer)"),
        ("UPDATE items SET note = ''", "it is UPDATE and may change data"),
        ("WITH d AS (DELETE FROM items RETURNING 1) SELECT * FROM d", "may change data"),
        ("SELECT id FROM items LIMIT 1 FOR UPDATE", "read-only transaction"),
        ("SELECT 1) AS q; DROP TABLE items; --", "could not be read"),
        ("SELECT 1; DROP TABLE items", "could not be read: several"),
        ("CALL proc()", "may change data"),
        ("SELECT * FROM far", "it reads the foreign table far"),
        ("SELECT * FROM far_parent", "it reads a foreign table"),
        ("SELECT no_such FROM items", "it failed"),
        ("SELECT note FROM items WHERE owner = $1", "it failed"),
    ],
)
@pytest.mark.pg("== 15")
def test_what_is_refused(newest: Database, text: str, reason: str) -> None:
    newest.execute(
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION touch() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE FUNCTION touchy(int, int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE OPERATOR <!> (FUNCTION = touchy, LEFTARG = int, RIGHTARG = int)",
        "CREATE VIEW inner_view AS SELECT touch() AS hidden",
        "CREATE VIEW through AS SELECT hidden FROM inner_view",
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE far (a text) SERVER files OPTIONS (filename '/etc/hostname')",
        "CREATE TABLE far_parent (a text) PARTITION BY LIST (a)",
        "CREATE FOREIGN TABLE far_part PARTITION OF far_parent DEFAULT SERVER files "
        "OPTIONS (filename '/etc/hostname')",
    )
    refused = Probe(id="bad", query_id=1, text=text)
    found = run(newest, [BY_OWNER], [refused, OWNED])
    [gap] = found.gaps
    assert gap.source == "probe:bad"
    assert reason in gap.reason
    assert found.kept == ("r-by_owner",)
    assert newest.connect().execute("SELECT count(*) FROM items").fetchone() == (120_000,)


def test_stable_functions_and_columns_of_one_name_are_run(newest: Database) -> None:
    text = "SELECT a.id, b.id, now() FROM items a JOIN items b USING (id) WHERE a.owner = 77"
    found = run(newest, [FOR_ANY[0]], [Probe(id="both", query_id=1, text=text)])
    assert (found.kept, found.gaps) == (("r-by_owner",), ())


def test_the_target_itself_is_refused(newest: Database) -> None:
    with Clone(newest.dsn) as reader:
        here, _ = reader.identity()
    with pytest.raises(UsageError, match="the clone is the target itself"):
        run(newest, [BY_OWNER], [OWNED], target=here)
    with pytest.raises(UsageError, match="of the target's own server"):
        run(newest, [BY_OWNER], [OWNED], target=replace(here, database="another"))
    unknown = replace(here, system_identifier=None)
    with pytest.raises(UsageError, match="the target itself"):
        run(newest, [BY_OWNER], [OWNED], target=unknown)
    assert indexes(newest) == []
    mine = replace(BY_OWNER, database=here.database)
    found = run(newest, [mine, BY_NOTE], [OWNED], target=here, allow_target=True)
    assert found.kept == ("r-by_owner",)
    assert reasons(found) == {"r-by_note": "not-reached"}
    assert "of which this is no clone" in found.dropped[0].detail


def test_a_standby_is_refused_and_a_promoted_copy_is_not_its_origin(
    make_cluster: MakeCluster, make_standby: MakeStandby
) -> None:
    primary = make_cluster()
    with Clone(primary.dsn()) as reader:
        target, _ = reader.identity()
    standby = make_standby(primary)
    with pytest.raises(UsageError, match="cannot be written"):
        measure(standby.dsn(), [], [], target=target)
    with Clone(standby.dsn()) as reader:
        reader._rows("SELECT pg_promote()")
    assert measure(standby.dsn(), [], [], target=target).kept == ()


def test_no_clone_at_all(newest: Database) -> None:
    with pytest.raises(TargetError, match="the clone: "):
        measure("host=/nonexistent dbname=x", [BY_OWNER], [OWNED], target=ELSEWHERE)


# Bounds


def test_a_statement_that_only_finishes_with_the_index_is_helped(newest: Database) -> None:
    slow = Probe(
        id="slow",
        query_id=1,
        text="SELECT sum((SELECT count(*) FROM items b WHERE b.owner = a.owner)) FROM items a "
        "WHERE a.id <= 3000",
    )
    found = run(newest, [FOR_ANY[0]], [slow], statement_timeout_ms=2_000, runs=1)
    measured = found.probes["slow"]
    assert measured.timed_out_before
    assert measured.before_ms is None
    assert not measured.timed_out_after
    assert found.kept == ("r-by_owner",)


def test_a_statement_that_never_finishes_confirms_nothing(newest: Database) -> None:
    endless = Probe(
        id="endless",
        query_id=1,
        text="SELECT count(*) FROM items a, items b, items c WHERE a.note < b.note || c.note",
    )
    found = run(
        newest, [replace(BY_NOTE, statements=("endless",))], [endless], statement_timeout_ms=300
    )
    assert found.kept == ()
    assert reasons(found)["r-by_note"] in ("unused", "no-help")
    measured = found.probes["endless"]
    assert measured.timed_out_before
    assert measured.timed_out_after


class Ticking:
    """A clock that goes on by `step` seconds each time that it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8, 13, 30, 200])
def test_what_the_deadline_cuts_off_is_not_reached(newest: Database, step: int) -> None:
    """Wherever it falls, each trial has one outcome, nothing stays, and a gap says so."""
    found = run(newest, [BY_OWNER, BY_RANK], [OWNED, NEWEST], deadline=100, clock=Ticking(step))
    outcomes = [*found.kept, *reasons(found)]
    assert sorted(outcomes) == ["r-by_owner", "r-by_rank"]
    assert indexes(newest) == []
    if step >= 13:
        assert set(reasons(found).values()) == {"not-reached"}
        assert any("before the deadline" in gap.reason for gap in found.gaps)


def test_a_build_that_takes_too_long_is_not_reached(newest: Database) -> None:
    newest.execute(
        "CREATE FUNCTION slowly(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$"
    )
    wanted = replace(BY_OWNER, statement="CREATE INDEX by_owner ON public.items (slowly(owner))")
    found = run(newest, [wanted], [OWNED], deadline=3)
    assert reasons(found) == {"r-by_owner": "not-reached"}
    assert indexes(newest) == []


# What cannot be built, and what is not comparable


def test_what_cannot_be_built(newest: Database) -> None:
    newest.execute("CREATE TABLE wide (note text)")
    newest.execute(
        "INSERT INTO wide SELECT string_agg(md5(n::text), '') FROM generate_series(1, 500) n"
    )
    trials = [
        replace(
            trial("wide_idx", "note"),
            table="wide",
            statements=("owned",),
            statement="CREATE INDEX wide_idx ON public.wide (note)",
        ),
        replace(BY_OWNER, id="r-gone", table="gone"),
        replace(BY_OWNER, id="r-other", statement="DROP TABLE items"),
        BY_OWNER,
    ]
    found = run(newest, trials, [OWNED])
    assert found.kept == ("r-by_owner",)
    assert reasons(found) == {
        "r-wide_idx": "build-failed",
        "r-gone": "not-reached",
        "r-other": "build-failed",
    }
    details = {one.id: one.detail for one in found.dropped}
    assert "index row" in details["r-wide_idx"]
    assert "the clone has no table public.gone" in details["r-gone"]


def test_a_table_that_is_far_smaller_or_not_analysed_is_a_gap(newest: Database) -> None:
    found = run(newest, [replace(BY_OWNER, rows=300_000)], [OWNED])
    [gap] = found.gaps
    assert gap.source == "clone:public.items"
    assert "120,000 rows on the clone and 300,000 on the target" in gap.reason
    assert run(newest, [replace(BY_OWNER, rows=200_000)], [OWNED]).gaps == ()
    newest.execute("CREATE TABLE fresh AS SELECT * FROM items")
    fresh = replace(
        trial("fresh_owner", "owner"),
        table="fresh",
        statement="CREATE INDEX fresh_owner ON public.fresh (owner)",
    )
    probe = Probe(id="fresh", query_id=1, text="SELECT note FROM fresh WHERE owner = 3")
    [gap] = run(newest, [fresh], [probe]).gaps
    assert "never analysed" in gap.reason


# What is left behind


WAITING = replace(
    trial("waiting_idx", "owner"),
    statement="CREATE INDEX waiting_idx ON public.items (waiting(owner))",
    statements=(),
)


@contextmanager
def once_it_waits(
    newest: Database, act: Callable[[psycopg.Connection[Any]], object]
) -> Iterator[None]:
    """Do something once the build of WAITING waits, which it does for good."""
    newest.execute(
        "CREATE FUNCTION waiting(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_lock_shared(4711); RETURN $1; END $$"
    )
    holder, watcher = newest.connect(), newest.connect()
    holder.execute("SELECT pg_advisory_lock(4711)")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            if watcher.execute(waits.encode()).fetchone() != (0,):
                act(watcher)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_connection_that_is_killed_leaves_nothing(newest: Database) -> None:
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"
    with once_it_waits(newest, lambda watcher: watcher.execute(kill.encode())):
        found = run(newest, [BY_OWNER, WAITING, BY_RANK], [OWNED], deadline=60)
    assert set(found.kept) | set(reasons(found)) == {"r-by_owner", "r-waiting_idx", "r-by_rank"}
    assert set(reasons(found).values()) == {"not-reached"}
    assert any("connection was lost" in gap.reason for gap in found.gaps)
    assert indexes(newest) == []


def test_an_interrupt_in_the_middle_of_a_build_leaves_nothing(newest: Database) -> None:
    interrupt = once_it_waits(newest, lambda _: os.kill(os.getpid(), signal.SIGINT))
    with interrupt, pytest.raises(KeyboardInterrupt):
        run(newest, [BY_OWNER, WAITING, BY_RANK], [OWNED], deadline=60)
    assert indexes(newest) == []


def test_an_interrupt_leaves_nothing(newest: Database) -> None:
    def interrupt(what: str, done: int, _of: int) -> None:
        if what == "after":
            assert indexes(newest) == ["by_owner", "by_rank"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(newest, list(FOR_ANY), [OWNED], progress=interrupt)
    assert indexes(newest) == []


def test_what_cannot_be_taken_away_is_named(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        for statement in TABLES:
            connection.execute(statement.encode())

    def stop(what: str, _done: int, _of: int) -> None:
        if what == "after":
            cluster.stop("immediate")

    found = measure(cluster.dsn(), [BY_OWNER], [OWNED], target=ELSEWHERE, progress=stop)
    assert reasons(found) == {"r-by_owner": "not-reached"}
    hints = [gap.hint for gap in found.gaps if "left behind" in gap.reason]
    assert hints == ["Run on the clone: DROP INDEX IF EXISTS public.by_owner;"]
