"""A report with every kind of change and with names that break careless quoting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from golden.rich_changes import RECOMMENDATIONS
from pgtune_advisor.domain.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    Message,
    Rejected,
    Severity,
    Subject,
    Unknown,
    Value,
)
from pgtune_advisor.domain.recommendations import (
    PlannerUse,
    Report,
    ReportTarget,
    ReportWindow,
    Reset,
)
from pgtune_advisor.domain.snapshot import Gap

AT: Final = datetime(2026, 3, 1, 10, 10, tzinfo=UTC)


def evidence(
    fact: str, value: Value, unit: str = "", source: str = "", kind: EvidenceKind = "observed"
) -> Evidence:
    return Evidence(fact=fact, value=value, unit=unit, kind=kind, source=source, at=AT)


def finding(
    rule: str,
    label: str,
    severity: Severity,
    message: tuple[str, str, str],
    *facts: Evidence,
    kind: str = "table",
    category: str = "tables",
) -> Finding:
    primary, detail, hint = message
    return Finding(
        key=f"{rule}:{label}",
        rule=rule,
        category=category,
        severity=severity,
        subject=Subject(kind=kind, label=label, database="shop", schema="shop", name=label),
        message=Message(primary=primary, detail=detail, hint=hint),
        evidence=facts,
    )


FINDINGS: Final = (
    finding(
        "checkpoints-forced",
        "server",
        "info",
        ("38 % of the checkpoints were forced by WAL", "", ""),
        evidence("forced_ratio", 0.38, "ratio", "pg_stat_checkpointer", "derived"),
        kind="server",
        category="configuration",
    ),
    finding(
        "index-unused",
        "shop.orders_status_idx",
        "warning",
        (
            "index shop.orders_status_idx has not been used for 45 days",
            "It takes 1.5 GB, and every write to shop.orders maintains it.",
            "Drop it after a look at reports that run once a quarter.",
        ),
        evidence("scans", 0, "", "pg_stat_user_indexes"),
        evidence("size_bytes", 1_610_612_736, "bytes", "pg_class.relpages × block size", "derived"),
        evidence("stats_age_days", 45.0, "days", "pg_stat_database", "derived"),
        evidence("replicas_checked", True, "", "pg_stat_user_indexes of 2 standbys"),
        kind="index",
        category="indexes",
    ),
    finding(
        "foreign-key-unindexed",
        'shop.orders."orders_customer_fk"',
        "warning",
        (
            "deletes in shop.customers read all of shop.orders",
            "The foreign key orders_customer_fk has no index on (customer_id); "
            "1,204 deletes in the window read 9.8 GB.",
            "Create an index on shop.orders (customer_id).",
        ),
        evidence("parent_deletes", 1204, "", "pg_stat_user_tables"),
        evidence("child_size_bytes", 10_522_669_875, "bytes", "pg_class", "derived"),
        evidence("min_size", 1_048_576, "bytes", "rule parameter", "parameter"),
        evidence("planner", "hypopg", "", "index advisor", "derived"),
        evidence("fidelity", 0.94, "ratio", "planner (what-if)", "derived"),
        kind="constraint",
        category="indexes",
    ),
    finding(
        "wraparound-near",
        "shop.orders",
        "critical",
        (
            "81 % of the transaction ids of shop.orders are used up",
            "The oldest row is 1,620,000,000 transactions old; at 2,000,000,000 the server "
            "takes no more writes. At the present rate that is in 12 d.",
            "Run VACUUM (FREEZE) now, and end what holds its horizon back.",
        ),
        evidence("xid_age", 1_620_000_000, "transactions", "pg_class.relfrozenxid"),
    ),
    finding(
        "leading-wildcard-like",
        "evil | `name`\x1b[31m\n; -- \u202e",
        "info",
        (
            "names may hold | bars, `ticks`, *stars*, <b>tags</b>, \x1b[31mcolours and\nbreaks",
            "Nothing of it may reach a terminal, a table or a comment unescaped.",
            "",
        ),
        evidence("text", "a\r\n| b \\ c", "", "pg_stat_statements"),
        evidence("not_known", None, "bytes", "pg_stats"),
        evidence("rows", 0.25, "1/s", ""),
        kind="statement",
        category="statements",
    ),
)

UNKNOWN: Final = (
    *(
        Unknown(
            rule="table-bloat",
            subject=Subject(kind="table", label=f"shop.part_{n}", schema="shop", name=f"part_{n}"),
            missing=("average_width", "null_fraction") if n % 3 else ("average_width",),
        )
        for n in range(45)
    ),
    Unknown(
        rule="replication-lag",
        subject=Subject(kind="server", label="server"),
        missing=("replay_lag_ms",),
    ),
)

REJECTED: Final = (
    Rejected(
        subject=Subject(kind="index", label="shop.orders_pkey", schema="shop", name="orders_pkey"),
        reason="backs-constraint",
        detail="The index has no scan, and the primary key needs it.",
    ),
    *(
        Rejected(
            subject=Subject(kind="table", label=f"shop.small_{n}"),
            reason="tiny-table",
            detail=f"It has {n} rows; a sequential scan is as cheap.",
        )
        for n in range(1, 8)
    ),
)

GAPS: Final = (
    Gap(
        source="window",
        reason="these are lifetime totals, not a window of our own snapshots",
        hint="Run again with --window 10m, or let the daemon watch.",
    ),
    Gap(
        source="columns:shop",
        reason="permission denied for pg_stats of 214 tables",
        hint="GRANT pg_read_all_data TO advisor;",
    ),
)


def rich_report() -> Report:
    """The report, with totals since a known moment and one reset."""
    return Report(
        generated_at=AT,
        advisor_version="0.1.0",
        target=ReportTarget(
            name="shop",
            server_version="18.6",
            database="shop",
            system_identifier="7412345678901234567",
            in_recovery=False,
        ),
        window=ReportWindow(
            since=datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
            until=AT,
            resets=(Reset(source="statements", reason="counters reset in 3 rows", at=AT),),
        ),
        findings=FINDINGS,
        recommendations=RECOMMENDATIONS,
        rejected=REJECTED,
        unknown=UNKNOWN,
        gaps=GAPS,
        planner=PlannerUse(kind="hypopg", fidelity=1.0, calls=1636, elapsed_ms=812.0),
    )


def empty_report() -> Report:
    """A report that found nothing, and knows it."""
    return Report(
        generated_at=AT,
        advisor_version="0.1.0",
        target=ReportTarget(
            name="shop",
            server_version="15.20",
            database="shop",
            system_identifier=None,
            in_recovery=True,
        ),
        window=ReportWindow(since=None, until=AT),
        findings=(),
        recommendations=(),
    )
