"""Recommendations with every kind of change, and the schema on which they can be run."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.domain.changes import (
    Advice,
    Change,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    Maintain,
    Reindex,
    Script,
    SetParameter,
    SetStorage,
)
from pgtune_advisor.domain.findings import Applicability, Confidence, Phase
from pgtune_advisor.domain.recommendations import Impact, Recommendation, StatementImpact

QUOTED_SCHEMA: Final = "Ünï Schéma"
QUOTED_TABLE: Final = "Straße \"x\" 'y' \\z"
EVIL_INDEX: Final = "evil\n; DROP TABLE shop.orders; -- $advisor$ :x"

_Q_SCHEMA: Final = '"Ünï Schéma"'
_Q_TABLE: Final = '"Straße ""x"" \'y\' \\z"'
_Q_EVIL: Final = '"evil\n; DROP TABLE shop.orders; -- $advisor$ :x"'

SETUP: Final = (
    "CREATE SCHEMA shop",
    f"CREATE SCHEMA {_Q_SCHEMA}",
    "CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text)",
    "CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, status text, "
    "note text, created_at timestamptz) WITH (fillfactor = 90, autovacuum_enabled = true)",
    "CREATE INDEX orders_status_idx ON shop.orders (status) WITH (fillfactor = 70) "
    "WHERE status <> 'done'",
    "CREATE INDEX orders_old_idx ON shop.orders (created_at)",
    f"CREATE INDEX {_Q_EVIL} ON shop.orders (note text_pattern_ops DESC)",
    f'CREATE TABLE {_Q_SCHEMA}.{_Q_TABLE} ("Größe (cm)" int, pfad text)',
    "CREATE TABLE shop.events (id bigint, at timestamptz) PARTITION BY RANGE (at)",
    "CREATE TABLE shop.events_2026 PARTITION OF shop.events "
    "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "INSERT INTO shop.orders SELECT n, n % 7, 'open', 'note', now() "
    "FROM generate_series(1, 500) AS n",
)

_PARTITIONED_UP: Final = """\
CREATE INDEX events_at_idx ON ONLY shop.events (at);
CREATE INDEX CONCURRENTLY events_2026_at_idx ON shop.events_2026 (at);
ALTER INDEX shop.events_at_idx ATTACH PARTITION shop.events_2026_at_idx"""
_WIDEN_UP: Final = """\
-- A check that is not valid yet costs no scan.
ALTER TABLE shop.orders ADD CONSTRAINT orders_note_check CHECK (note <> $$it's$$) NOT VALID;
ALTER TABLE shop.orders ADD COLUMN comment text -- done"""
_WIDEN_DOWN: Final = """\
ALTER TABLE shop.orders DROP COLUMN comment;
ALTER TABLE shop.orders DROP CONSTRAINT orders_note_check;"""


def recommendation(
    identity: str,
    title: str,
    *changes: Change,
    rules: tuple[str, ...] = (),
    keys: tuple[str, ...] = (),
    category: str = "tables",
    applicability: Applicability = "review",
    confidence: Confidence = "heuristic",
    phase: Phase = "core",
    impact: Impact | None = None,
) -> Recommendation:
    return Recommendation(
        id=identity,
        title=title,
        rules=rules,
        finding_keys=keys,
        category=category,
        applicability=applicability,
        confidence=confidence,
        phase=phase,
        impact=impact or Impact(),
        changes=changes,
    )


RECOMMENDATIONS: Final = (
    recommendation(
        "freeze-1a2b",
        "Freeze shop.orders",
        Maintain(database="shop", schema="shop", table="orders", command="VACUUM (FREEZE)"),
        Maintain(database="shop", schema="shop", table="orders", command="ANALYZE"),
        Maintain(database="shop", schema="shop", table="orders", command="VACUUM"),
        rules=("wraparound-near",),
        keys=("wraparound-near:shop.orders",),
        phase="quick win",
    ),
    recommendation(
        "fk-3fa2c1",
        "Create an index on shop.orders (customer_id)",
        CreateIndex(
            database="shop",
            schema="shop",
            table="orders",
            name="orders_customer_id_idx",
            statement="CREATE INDEX CONCURRENTLY orders_customer_id_idx "
            "ON shop.orders USING btree (customer_id)",
        ),
        rules=("foreign-key-unindexed", "missing-index"),
        keys=('foreign-key-unindexed:shop.orders."orders_customer_fk"',),
        category="indexes",
        applicability="auto",
        confidence="estimated",
        phase="quick win",
        impact=Impact(
            cost_before=60680.0,
            cost_after=39.5,
            time_saved_ms_per_hour=421_000.0,
            size_bytes=78_643_200,
            build_ms=3_200.0,
            statements=(
                StatementImpact(
                    query_id=-8_234_567_890_123_456_789,
                    text="DELETE FROM shop.customers\n WHERE id = $1 OR email || $2 = $3",
                    calls=1204.0,
                    cost_before=50.25,
                    cost_after=8.44,
                    measured_ms_before=12.5,
                    measured_ms_after=0.061,
                ),
                StatementImpact(query_id=None, text=None, calls=None),
                StatementImpact(
                    query_id=12,
                    text="SELECT count(*) FROM shop.orders WHERE customer_id > $1",
                    calls=80.0,
                    cost_before=900.0,
                    cost_after=450.5,
                    risky=True,
                ),
                StatementImpact(
                    query_id=13,
                    text="SELECT * FROM shop.orders WHERE note = $1",
                    calls=9.0,
                    cost_before=20.0,
                    cost_after=19.0,
                ),
                StatementImpact(
                    query_id=14,
                    text="SELECT * FROM shop.orders ORDER BY customer_id",
                    calls=2.0,
                    cost_before=1000.0,
                    cost_after=1090.0,
                ),
            ),
        ),
    ),
    recommendation(
        "expr-77",
        f"Create an index on the path of {QUOTED_TABLE}",
        CreateIndex(
            database="shop",
            schema=QUOTED_SCHEMA,
            table=QUOTED_TABLE,
            name="Größe | pfad",
            statement=f'CREATE INDEX CONCURRENTLY "Größe | pfad" ON {_Q_SCHEMA}.{_Q_TABLE} '
            'USING btree (lower(pfad), "Größe (cm)" DESC NULLS LAST) INCLUDE (pfad) '
            "WHERE pfad <> E'c:\\\\temp  dir'",
        ),
        rules=("missing-index",),
        category="indexes",
        applicability="auto",
    ),
    recommendation(
        "drop-9d",
        "Drop two indexes of shop.orders that nothing reads",
        DropIndex(
            database="shop",
            schema="shop",
            table="orders",
            name="orders_status_idx",
            definition="CREATE INDEX CONCURRENTLY orders_status_idx ON shop.orders USING btree "
            "(status) WITH (fillfactor='70') WHERE (status <> 'done'::text)",
        ),
        DropIndex(
            database="shop",
            schema="shop",
            table="orders",
            name=EVIL_INDEX,
            definition=f"CREATE INDEX {_Q_EVIL} ON shop.orders USING btree "
            "(note text_pattern_ops DESC);",
        ),
        rules=("index-unused",),
        keys=("index-unused:shop.orders_status_idx",),
        category="indexes",
        impact=Impact(size_bytes=-1_610_612_736),
    ),
    recommendation(
        "drop-unknown",
        "Drop shop.orders_old_idx, whose definition could not be read",
        DropIndex(
            database="shop", schema="shop", table="orders", name="orders_old_idx", definition=None
        ),
        rules=("index-unused",),
        category="indexes",
    ),
    recommendation(
        "reindex-1",
        "Build shop.orders_pkey anew",
        Reindex(database="shop", schema="shop", table="orders", name="orders_pkey"),
        rules=("index-bloat",),
        category="indexes",
    ),
    recommendation(
        "storage-5",
        "Vacuum shop.orders earlier",
        SetStorage(
            database="shop",
            schema="shop",
            table="orders",
            options=(("fillfactor", "80"), ("autovacuum_vacuum_scale_factor", "0.01")),
            previous=(("fillfactor", "90"),),
        ),
        rules=("vacuum-overdue",),
        applicability="auto",
    ),
    recommendation(
        "statistics-1",
        "Gather statistics of columns that go together",
        CreateStatistics(
            database="shop",
            schema="shop",
            table="orders",
            name="orders_customer_id_status_stats",
            expressions=("customer_id", "status"),
            kinds=("ndistinct", "dependencies", "mcv"),
        ),
        CreateStatistics(
            database="shop",
            schema=QUOTED_SCHEMA,
            table=QUOTED_TABLE,
            name="Größe | stats",
            expressions=("(lower(pfad))",),
        ),
        rules=("statistics-missing",),
        applicability="auto",
    ),
    recommendation(
        "script-1",
        "Add a column for comments",
        Script(
            database="shop",
            up=_WIDEN_UP,
            down=_WIDEN_DOWN,
            lock="ACCESS EXCLUSIVE on shop.orders",
            transactional=True,
            duration="short",
        ),
        phase="advanced",
    ),
    recommendation(
        "script-2",
        "Index the partitions of shop.events",
        Script(
            database="shop",
            up=_PARTITIONED_UP,
            down="DROP INDEX shop.events_at_idx",
            lock="SHARE UPDATE EXCLUSIVE on the partitions, ACCESS EXCLUSIVE for the last step",
            transactional=False,
            duration="long",
        ),
        phase="advanced",
    ),
    recommendation(
        "script-3",
        "Forget the notes",
        Script(
            database="shop",
            up="UPDATE shop.orders SET note = NULL WHERE note IS NOT NULL",
            down=None,
            lock="ROW EXCLUSIVE on shop.orders",
            transactional=True,
            duration="long",
        ),
        phase="advanced",
    ),
    recommendation(
        "settings-1",
        "Give checkpoints and sorts room",
        SetParameter(
            name="max_connections", value="60", current="40", previous=None, needs="restart"
        ),
        SetParameter(
            name="max_wal_size", value="4GB", current="1GB", previous=None, needs="reload"
        ),
        SetParameter(name="work_mem", value="16MB", current="8MB", previous="8MB", needs="reload"),
        rules=("checkpoints-forced",),
        keys=("checkpoints-forced:server",),
        category="configuration",
    ),
    recommendation(
        "settings-2",
        "Write to the log what is needed to read it",
        SetParameter(
            name="log_line_prefix",
            value="%m  'it''s' \\ [%p] ",
            current="%m [%p] ",
            previous=None,
            needs="reload",
        ),
        SetParameter(
            name="session_preload_libraries",
            value="auto_explain, pg_stat_statements",
            current="",
            previous=None,
            needs="reload",
        ),
        rules=("slow-log-off",),
        category="configuration",
    ),
    recommendation(
        "settings-3",
        "Sort in more memory",
        SetParameter(name="work_mem", value="64MB", current="8MB", previous="8MB", needs="reload"),
        rules=("work-mem-low",),
        category="configuration",
    ),
    recommendation(
        "advice-1",
        "Write the search for *%name%* differently",
        Advice(text="Anchor the pattern (LIKE 'name%'), or ask for a | trigram index."),
        rules=("leading-wildcard-like",),
        keys=("leading-wildcard-like:evil | `name`\x1b[31m\n; -- \u202e",),
        category="statements",
        applicability="advice",
    ),
)
