"""What a store must do, whatever database is below it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from daemon_lab.facts import after, cycle, finding, recommendation, report, snapshot
from pgtune_advisor.domain import codec
from pgtune_advisor.domain.findings import Subject, Unknown
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import WINDOW_TABLES
from pgtune_advisor.store import Store

Scenario = Callable[[Store], None]


def snapshot_comes_back_as_it_was(store: Store) -> None:
    taken = snapshot(texts=[(2, "SELECT 2"), (1, "SELECT 1")], gaps=["wal"], commits=7)
    store.record_cycle(cycle(), taken)
    assert store.latest_snapshot("shop") == taken
    assert store.latest_snapshot("shop", full=True) == taken
    assert store.latest_snapshot("shop", full=False) is None
    assert store.latest_snapshot("other") is None


def texts_are_kept_once_and_by_the_time(store: Store) -> None:
    long = "SELECT " + "x, " * 1000
    taken = [
        snapshot(0, texts=[(1, long), (2, "SELECT 2")]),
        snapshot(1, texts=[(1, long)]),
        snapshot(2, texts=[(1, long), (2, "SELECT 2"), (3, "SELECT 2")]),
        snapshot(3, texts=[(1, "SELECT changed"), (3, "SELECT 2")]),
    ]
    for number, one in enumerate(taken):
        store.record_cycle(cycle(number), one)
    for number, one in enumerate(taken):
        assert store.snapshot_before("shop", after(number)) == one


def cadences_do_not_mix(store: Store) -> None:
    full, fast = snapshot(0, texts=[(1, "SELECT 1")]), snapshot(1)
    store.record_cycle(cycle(0), full)
    store.record_cycle(cycle(1, cadence="fast"), fast)
    assert store.latest_snapshot("shop", full=True) == full
    assert store.latest_snapshot("shop", full=False) == fast
    assert store.latest_snapshot("shop") == fast


def the_snapshot_nearest_before_a_moment(store: Store) -> None:
    for minute in (0, 10, 20):
        store.record_cycle(cycle(minute), snapshot(minute))
    assert store.snapshot_before("shop", after(15)) == snapshot(10)
    assert store.snapshot_before("shop", after(10)) == snapshot(10)
    assert store.snapshot_before("shop", after(-1)) is None


def window_base_stays_within_the_life_of_the_server(store: Store) -> None:
    for minute in (0, 10):
        store.record_cycle(cycle(minute), snapshot(minute))
    span = timedelta(minutes=12)

    def compared(whole: Snapshot) -> Snapshot:
        return codec.decode(codec.encode(whole), WINDOW_TABLES)

    assert store.window_base(snapshot(20), span, full=True) == compared(snapshot(0))
    assert store.window_base(snapshot(20), timedelta(hours=1), full=True) == compared(snapshot(0))
    assert store.window_base(snapshot(20), span, full=False) is None
    restarted = snapshot(20, started=after(15))
    assert store.window_base(restarted, span, full=True) == compared(snapshot(10))
    store.record_cycle(cycle(20), restarted)
    later = snapshot(30, started=after(15))
    assert store.window_base(later, span, full=True) == compared(restarted)


def targets_and_cycles(store: Store) -> None:
    down = replace(cycle(0), outcome="unreachable", error="connection refused")
    store.record_cycle(down)
    store.record_cycle(cycle(1), snapshot(1, gaps=["wal", "io"]))
    (target,) = store.targets()
    assert (target.name, target.server_version) == ("shop", "18.6")
    assert (target.first_seen, target.last_seen) == (after(0), after(1))
    newest, oldest = store.cycles("shop")
    assert (newest.outcome, newest.gaps, newest.duration_ms) == ("ok", 2, 12.5)
    assert (oldest.outcome, oldest.error) == ("unreachable", "connection refused")
    assert len(store.cycles("shop", limit=1)) == 1


def findings_come_and_go(store: Store) -> None:
    a, b = finding("a", severity="critical"), finding("b")
    recorded = store.record_cycle(cycle(0), snapshot(0), report(after(0), [a, b]))
    assert recorded.appeared == (a.key, b.key)
    assert recorded.findings == {"critical": 1, "warning": 1}
    worse = finding("b", severity="critical", text="worse")
    recorded = store.record_cycle(cycle(1), snapshot(1), report(after(1), [worse]))
    assert (recorded.appeared, recorded.resolved) == ((), (a.key,))
    assert recorded.findings == {"critical": 1}
    recorded = store.record_cycle(cycle(2), snapshot(2), report(after(2), [a, worse]))
    assert recorded.appeared == (a.key,)
    lives = {(f.key, f.first_seen): f for f in store.findings("shop")}
    assert set(lives) == {(a.key, after(0)), (a.key, after(2)), (b.key, after(0))}
    first = lives[a.key, after(0)]
    assert (first.last_seen, first.resolved_at) == (after(0), after(1))
    assert first.subject == a.subject
    kept = lives[b.key, after(0)]
    assert (kept.severity, kept.message, kept.last_seen) == ("critical", worse.message, after(2))
    assert {f.key for f in store.findings("shop", open_only=True)} == {a.key, b.key}


def a_fast_report_resolves_nothing(store: Store) -> None:
    a, b = finding("a"), finding("b")
    made = recommendation("r", [a.key])
    store.record_cycle(cycle(0), snapshot(0), report(after(0), [a], [made]))
    recorded = store.record_cycle(cycle(1, cadence="fast"), snapshot(1), report(after(1), [b]))
    assert (recorded.appeared, recorded.resolved) == ((b.key,), ())
    assert recorded.findings == {"warning": 2}
    assert recorded.recommendations == {"core": 1}


def a_cycle_without_a_report_resolves_nothing(store: Store) -> None:
    store.record_cycle(cycle(0), snapshot(0), report(after(0), [finding("a")]))
    assert store.record_cycle(cycle(1), snapshot(1)).findings == {"warning": 1}


def what_cannot_be_decided_stays_open(store: Store) -> None:
    a, b, c = finding("a"), finding("b"), finding("c", rule="vacuum-overdue")
    made = [recommendation("r", [a.key]), recommendation("s", [b.key])]
    store.record_cycle(cycle(0), snapshot(0), report(after(0), [a, b, c], made))
    unknown = [
        Unknown(rule=a.rule, subject=a.subject, missing=("scans",)),
        Unknown(rule=c.rule, subject=Subject(kind="table", label="*"), missing=("relations",)),
    ]
    recorded = store.record_cycle(cycle(1), snapshot(1), report(after(1), unknown=unknown))
    assert recorded.resolved == (b.key,)
    assert {f.key for f in store.findings("shop", open_only=True)} == {a.key, c.key}
    assert [r.id for r in store.recommendations("shop", open_only=True)] == ["r"]
    recorded = store.record_cycle(cycle(2), snapshot(2), report(after(2)))
    assert recorded.resolved == (a.key, c.key)


def a_new_gap_resolves_nothing(store: Store) -> None:
    a, b = finding("a"), finding("b")
    store.record_cycle(cycle(0), snapshot(0, gaps=["wal"]), report(after(0), [a, b]))
    blind = snapshot(1, gaps=["wal", "indexes:shop"])
    assert store.record_cycle(cycle(1), blind, report(after(1))).resolved == ()
    blind = snapshot(2, gaps=["wal", "indexes:shop"])
    assert store.record_cycle(cycle(2), blind, report(after(2), [b])).resolved == ()
    recorded = store.record_cycle(cycle(3), snapshot(3, gaps=["wal"]), report(after(3), [b]))
    assert recorded.resolved == (a.key,)


def recommendations_come_and_go(store: Store) -> None:
    a = finding("a")
    r, s = recommendation("r", [a.key]), recommendation("s", [a.key])
    store.record_cycle(cycle(0), snapshot(0), report(after(0), [a], [r, s]))
    store.record_cycle(cycle(1), snapshot(1), report(after(1), [a], [replace(r, title="New")]))
    lives = {item.id: item for item in store.recommendations("shop")}
    assert lives["r"].title == "New"
    assert lives["r"].sql == "ALTER SYSTEM SET work_mem = '8MB';"
    assert (lives["r"].last_seen, lives["r"].withdrawn_at) == (after(1), None)
    assert (lives["s"].last_seen, lives["s"].withdrawn_at) == (after(0), after(1))
    assert lives["s"].finding_keys == (a.key,)
    assert [item.id for item in store.recommendations("shop", open_only=True)] == ["r"]


def history_tells_what_happened(store: Store) -> None:
    a = finding("a")
    made = recommendation("r", [a.key])
    store.record_cycle(cycle(0), snapshot(0), report(after(0), [a], [made]))
    store.record_cycle(cycle(1), snapshot(1), report(after(1)))
    told = [(e.at, e.kind, e.key, e.severity, e.text) for e in store.history("shop")]
    assert told == [
        (after(1), "withdrawn", "r", None, "Do r"),
        (after(1), "resolved", a.key, "warning", "a is unused"),
        (after(0), "recommended", "r", None, "Do r"),
        (after(0), "appeared", a.key, "warning", "a is unused"),
    ]
    assert len(store.history("shop", limit=3)) == 3
    assert store.history("other") == ()


def targets_are_apart(store: Store) -> None:
    for name in ("one", "two"):
        found = report(after(0), [finding("a")], target=name)
        store.record_cycle(cycle(0, target=name), snapshot(0, target=name), found)
    store.record_cycle(cycle(1, target="one"), snapshot(1, target="one"), report(after(1)))
    assert store.findings("one", open_only=True) == ()
    assert len(store.findings("two", open_only=True)) == 1
    assert [target.name for target in store.targets()] == ["one", "two"]


def what_is_too_old_goes(store: Store) -> None:
    store.keep(timedelta(days=30), 2**40)
    old, young = finding("old"), finding("young")
    texts = [(1, "SELECT old")]
    store.record_cycle(cycle(0), snapshot(0, texts=texts), report(after(0), [old]))
    days = 24 * 60
    young_cycle = cycle(20 * days)
    store.record_cycle(young_cycle, snapshot(20 * days), report(young_cycle.started_at, [young]))
    assert store.prune(after(29 * days)) == 0
    assert store.prune(after(31 * days)) == 1
    assert store.latest_snapshot("shop") == snapshot(20 * days)
    assert [f.key for f in store.findings("shop")] == [young.key]
    assert len(store.cycles("shop")) == 1
    assert store.prune(after(60 * days)) == 1
    assert store.targets() == ()


def fast_snapshots_go_after_a_day(store: Store) -> None:
    store.record_cycle(cycle(0), snapshot(0))
    store.record_cycle(cycle(1, cadence="fast"), snapshot(1))
    store.record_cycle(cycle(60 * 24, cadence="fast"), snapshot(60 * 24))
    assert store.prune(after(60 * 24 + 2)) == 1
    assert store.snapshot_before("shop", after(5)) == snapshot(0)
    assert store.latest_snapshot("shop", full=False) == snapshot(60 * 24)


def what_is_too_much_goes_the_oldest_first(store: Store) -> None:
    limit = 1024**2
    store.keep(timedelta(days=30), limit)
    for minute in range(60):
        noise = os.urandom(25_000).hex()
        taken = snapshot(minute, filler=noise, texts=[(minute, os.urandom(5000).hex())])
        store.record_cycle(cycle(minute), taken)
        assert store.size_bytes() <= limit
        assert store.latest_snapshot("shop") == taken
    kept = [store.snapshot_before("shop", after(minute)) is not None for minute in range(60)]
    assert 10 < sum(kept) < 60
    assert kept == sorted(kept)
    assert kept[50]


def the_newest_stays_whatever_it_takes(store: Store) -> None:
    store.keep(timedelta(days=30), 1024**2)
    big = snapshot(0, filler=os.urandom(2_000_000).hex())
    store.record_cycle(cycle(0), big)
    store.record_cycle(cycle(1, cadence="fast"), snapshot(1))
    assert store.latest_snapshot("shop", full=True) == big
    assert store.latest_snapshot("shop", full=False) == snapshot(1)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    snapshot_comes_back_as_it_was,
    texts_are_kept_once_and_by_the_time,
    cadences_do_not_mix,
    the_snapshot_nearest_before_a_moment,
    window_base_stays_within_the_life_of_the_server,
    targets_and_cycles,
    findings_come_and_go,
    a_fast_report_resolves_nothing,
    a_cycle_without_a_report_resolves_nothing,
    what_cannot_be_decided_stays_open,
    a_new_gap_resolves_nothing,
    recommendations_come_and_go,
    history_tells_what_happened,
    targets_are_apart,
    what_is_too_old_goes,
    fast_snapshots_go_after_a_day,
    what_is_too_much_goes_the_oldest_first,
    the_newest_stays_whatever_it_takes,
)
