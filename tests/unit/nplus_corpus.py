"""The recorded applications of tests/corpus/nplus as snapshots, windows and logs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

import zstandard

from pgtune_advisor.domain import codec
from pgtune_advisor.domain.log_bursts import LogBurst
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.statement_windows import Count, StatementWindow
from pgtune_advisor.domain.statements import Statement, StatementText
from pgtune_advisor.domain.window import Window
from pgtune_advisor.rules import engine
from pgtune_advisor.rules.factbase import Catalogue, FactBase
from pgtune_advisor.rules.facts.base import Context
from pgtune_advisor.serverlog.bursts import BurstCounter, StatementNames
from pgtune_advisor.sqltext import fingerprint
from rules.defaults import domain_row
from rules.runner import book
from unit.jsonlog import executions

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "nplus"
RULE = "n-plus-one"
Signal = Literal["windows", "log", "either"]
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one application did: its statements, their counts in each window, and its log."""

    name: str
    labels: tuple[str, ...]
    texts: dict[int, str]
    windows: list[list[tuple[int, int, int, float]]]

    def log(self) -> list[bytes]:
        packed = (FOLDER / f"{self.name}.jsonl.zst").read_bytes()
        return zstandard.ZstdDecompressor().decompress(packed, 1 << 26).splitlines()

    def is_n_plus_one(self, query_id: int) -> bool:
        text = self.texts.get(query_id, "")
        return text.upper().startswith("SELECT") and any(
            label.lower() in " ".join(text.split()).lower() for label in self.labels
        )


@cache
def recording(name: str) -> Recording:
    body = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Recording(
        name=name,
        labels=tuple(body["labels"]),
        texts={int(key): text for key, text in body["texts"].items()},
        windows=[[tuple(row) for row in window] for window in body["windows"]],
    )


@cache
def schema() -> Snapshot:
    return codec.decode((FOLDER / "schema.snapshot.zst").read_bytes())


@cache
def bursts(name: str) -> tuple[LogBurst, ...]:
    """What the log of one application shows; sessions of others do not meddle with its own."""
    counter, found = BurstCounter(), recording(name)
    for one in executions(found.log()):
        counter.add(one.session, one.transaction, one.query_id, one.at, one.ms)
    counter.flush()

    def names(key: object) -> StatementNames:
        assert isinstance(key, int)
        return StatementNames(database="blog", user="postgres", query_id=key)

    return counter.rows(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Several applications on one server, under one role."""

    applications: tuple[str, ...]
    context: Context

    @classmethod
    def of(cls, applications: Sequence[str], signal: Signal, seed: int | None = None) -> Server:
        """With a seed, the windows of each come in another order, and with other weights."""
        rng = None if seed is None else Random(seed)
        together = [_shuffled(recording(name).windows, rng) for name in applications]
        texts: dict[int, str] = {}
        for name in applications:
            texts |= recording(name).texts
        logged = (
            [row for name in applications for row in bursts(name)] if signal != "windows" else []
        )
        base = schema()
        windows = list(_windows(together, base)) if signal != "log" else []
        statements = _totals(together)
        snapshot = replace(
            base,
            collected=base.collected | {"statements", "statement_texts", "log_bursts"},
            statements=statements,
            statement_texts=tuple(StatementText(query_id=q, text=t) for q, t in texts.items()),
            log_bursts=tuple(logged),
        )
        window = Window(
            until=base.taken_at,
            lifetime=False,
            since=base.taken_at - len(windows) * _MINUTE - _MINUTE,
            deltas={"statements": {_key(s.query_id): s for s in statements}},
            statement_windows=tuple(windows),
        )
        context = Context(snapshot=snapshot, window=window, now=base.taken_at)
        return cls(applications=tuple(applications), context=context)

    def found(self) -> dict[str, str]:
        """The fingerprints of the look-ups that the rule names, with their texts."""
        rules = tuple(one for one in book().rules if one.id == RULE)
        facts = FactBase(self.context, Catalogue())
        try:
            outcome = engine.run(replace(book(), rules=rules), facts)
        finally:
            facts.close()
        texts = (str(match.row.statement_text) for match in outcome.matches)
        return {fingerprint(text) or text: text for text in texts}

    def noisy(self, rng: Random, amount: float) -> Server:
        """The same server, where other pages run every statement too, up to `amount` as often."""
        mean: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        windows = self.context.window.statement_windows
        for key, count in (item for window in windows for item in window.counts.items()):
            mean[key] = [mean[key][0] + count.calls, mean[key][1] + count.rows]
        noisy = []
        for window in windows:
            counts = dict(window.counts)
            for key, (calls, rows) in mean.items():
                more = round(rng.random() * amount * calls / len(windows))
                old = counts.get(key, Count(0, 0))
                counts[key] = Count(old.calls + more, old.rows + round(more * rows / calls))
            noisy.append(replace(window, counts=counts))
        made = replace(self.context.window, statement_windows=tuple(noisy))
        return replace(self, context=replace(self.context, window=made))

    def torn(self, rng: Random) -> Server:
        """The same server, where each statement's counts stand in an order of their own."""
        windows = list(self.context.window.statement_windows)
        keys = sorted({key for window in windows for key in window.counts}, key=str)
        columns = {key: [window.counts.get(key) for window in windows] for key in keys}
        for column in columns.values():
            rng.shuffle(column)
        torn = tuple(
            replace(
                window,
                counts={k: c for k, column in columns.items() if (c := column[at]) is not None},
            )
            for at, window in enumerate(windows)
        )
        window = replace(self.context.window, statement_windows=torn)
        return replace(self, context=replace(self.context, window=window))

    def labelled(self) -> dict[str, str]:
        """The fingerprints of the look-ups that are N+1 in one of the applications."""
        return {
            fingerprint(text) or text: text
            for name in self.applications
            for query_id, text in recording(name).texts.items()
            if recording(name).is_n_plus_one(query_id)
        }

    def queries(self) -> int:
        """How many different SELECTs there are."""
        texts = {t for name in self.applications for t in recording(name).texts.values()}
        return len({fingerprint(t) for t in texts if t.lstrip("( ").upper().startswith("SELECT")})


def _key(query_id: int | None) -> tuple[object, ...]:
    return ("blog", "postgres", query_id, True)


Counted = list[list[tuple[int, int, int, float]]]


def _shuffled(windows: Counted, rng: Random | None) -> Counted:
    if rng is None:
        return windows
    order = list(windows)
    rng.shuffle(order)
    # Some applications rest for a while.
    return [[] if rng.random() < 0.15 else window for window in order]


def _windows(together: Sequence[Counted], base: Snapshot) -> Iterator[StatementWindow]:
    for number, parts in enumerate(zip(*together, strict=True)):
        counts: dict[tuple[object, ...], Count] = {}
        for query_id, calls, rows, _ in (row for part in parts for row in part):
            old = counts.get(_key(query_id), Count(0, 0))
            counts[_key(query_id)] = Count(old.calls + calls, old.rows + rows)
        until = base.taken_at - (len(together[0]) - 1 - number) * _MINUTE
        yield StatementWindow(since=until - _MINUTE, until=until, counts=counts)


def _totals(together: Sequence[Counted]) -> tuple[Statement, ...]:
    sums: dict[int, list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for query_id, *row in (row for windows in together for window in windows for row in window):
        sums[query_id] = [old + new for old, new in zip(sums[query_id], row, strict=True)]
    return tuple(
        domain_row(
            Statement,
            {
                "database": "blog",
                "user": "postgres",
                "query_id": query_id,
                "calls": int(calls),
                "rows": int(rows),
                "exec_time_ms": ms,
            },
        )
        for query_id, (calls, rows, ms) in sorted(sums.items())
    )
