"""Facts of statements: what pg_stat_statements counted in the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio
from pgtune_advisor.rules.facts.paging import Paging
from pgtune_advisor.rules.facts.planned import Plans, in_words, largest_need, paging, plans_of
from pgtune_advisor.rules.facts.rewritten import NOTHING, Rewritings, rewritings_of
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of
from pgtune_advisor.rules.facts.spills import work_mem_room

_STAT = "pg_stat_statements"
_EXPLAIN = "EXPLAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """One statement of one role in one database."""

    KIND: ClassVar[str] = "statement"
    NEEDS: ClassVar[tuple[str, ...]] = ("statements",)

    database: str = fact("database", source=f"{_STAT}.dbid")
    user: str = fact("role", source=f"{_STAT}.userid")
    query_id: int | None = fact("id of the statement", unit="id", source=f"{_STAT}.queryid")
    toplevel: bool = fact("sent by a client, not by a function", source=f"{_STAT}.toplevel")
    statement_text: str | None = fact("text without constants", source=f"{_STAT}.query")
    kind: str | None = derived("select, insert, update, utility, …", source=f"{_STAT}.query")
    is_own: bool | None = derived("sent by this program", source=f"{_STAT}.query")
    is_maintenance: bool | None = derived(
        "VACUUM, ANALYZE, CREATE INDEX, COPY of a dump, …", source=f"{_STAT}.query"
    )
    calls: int | None = fact("calls in the window", source=f"{_STAT}.calls")
    total_ms: float | None = fact(
        "execution time in the window", unit="ms", source=f"{_STAT}.total_exec_time"
    )
    mean_ms: float | None = derived(
        "execution time of a call", unit="ms", source=f"{_STAT}.total_exec_time"
    )
    time_share: float | None = derived(
        "share of the execution time of all statements but our own", unit="ratio", source=_STAT
    )
    load: float | None = derived(
        "sessions that it kept busy on average: time over elapsed time", source=_STAT
    )
    rows_per_call: float | None = derived("rows returned or changed by a call", source=_STAT)
    blocks_per_call: float | None = derived(
        "shared blocks touched by a call", unit="blocks", source=_STAT
    )
    temp_bytes: float | None = derived(
        "temporary file bytes written in the window",
        unit="bytes",
        source=f"{_STAT}.temp_blks_written",
    )
    temp_bytes_per_day: float | None = derived(
        "the same for a day", unit="bytes", source=f"{_STAT}.temp_blks_written"
    )
    has_offset: bool | None = derived("skips rows with OFFSET", source=f"{_STAT}.query")
    has_order: bool | None = derived("orders its rows", source=f"{_STAT}.query")
    rows_examined_per_call: float | None = derived(
        "rows in the blocks that a call touches, kept low where the plan is not known; for "
        "statements with OFFSET",
        source=f"{_STAT}.shared_blks_*, pg_class, pg_stats.correlation",
    )
    rows_skipped_per_call: float | None = derived(
        "rows examined and not returned", source=f"{_STAT}.rows, {_STAT}.shared_blks_*"
    )
    sorts_pages: bool | None = derived(
        "a page is cut from rows that are sorted first; unknown without a plan", source=_EXPLAIN
    )
    plan: str = derived("the plan in short, or nothing", source=_EXPLAIN)
    plan_missing: str = derived("why there is no plan, or nothing", source=_EXPLAIN)
    memory_need: str = derived(
        "the sort or hash of the plan that holds most, or nothing", source=_EXPLAIN
    )
    rewrite: str = derived(
        "for statements with OFFSET: the same page by key, or nothing", source=f"{_STAT}.query"
    )
    rewrite_notes: str = derived("what to know of it, or nothing", source=f"{_STAT}.query")
    rewrite_refused: str = derived(
        "the name of the reason why there is none, or nothing", source=f"{_STAT}.query"
    )
    rewrite_why: str = derived("that reason in words, or nothing", source=f"{_STAT}.query")
    work_mem: float | None = fact("work_mem", unit="bytes", source="pg_settings")
    work_mem_target: float | None = derived(
        "four times work_mem, at most what is safe on this machine",
        unit="bytes",
        source="host, pg_settings",
    )

    def subject(self) -> Subject:
        return statement_subject(self.KIND, self)

    @classmethod
    def build(cls, context: Context) -> Iterator[StatementFacts]:
        makings = _Makings.of(context)
        for statement in context.snapshot.statements:
            delta = context.delta("statements", statement)
            if delta is None or delta.calls != 0:
                yield _facts(context, makings, statement, delta)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Makings:
    """What the facts of all statements share; `everything` is their time in milliseconds."""

    shapes: Shapes
    paging: Paging
    plans: Plans
    rewritings: Rewritings
    everything: float
    work_mem: float | None
    work_mem_target: float | None

    @classmethod
    def of(cls, context: Context) -> _Makings:
        shapes = shapes_of(context)
        others = (s for s in context.deltas("statements") or () if not shapes.is_own(s))
        return cls(
            shapes=shapes,
            paging=Paging(context, shapes),
            plans=plans_of(context),
            rewritings=rewritings_of(context),
            everything=sum(s.exec_time_ms or 0.0 for s in others),
            work_mem=context.number("work_mem"),
            work_mem_target=work_mem_room(context).target,
        )


def statement_subject(kind: str, row: StatementFacts) -> Subject:
    """`database/role/query id`, with `/nested` for statements that a function sent."""
    label = f"{row.database or '-'}/{row.user or '-'}/{row.query_id}"
    return Subject(
        kind=kind,
        label=label if row.toplevel else f"{label}/nested",
        database=row.database or None,
        name=None if row.query_id is None else str(row.query_id),
    )


def _facts(
    context: Context, makings: _Makings, statement: Statement, delta: Statement | None
) -> StatementFacts:
    shapes = makings.shapes
    seconds = context.window.seconds("statements", statement)
    calls = delta.calls if delta else None
    time = delta.exec_time_ms if delta else None
    rows = ratio(delta.rows if delta else None, calls)
    temp = _temp_bytes(delta)
    blocks = add(delta.shared_blocks_hit, delta.shared_blocks_read) if delta else None
    shape = shapes.of(statement)
    skips = shape is not None and shape.offset is not None
    seen = makings.plans.seen(statement)
    page = paging(seen) if skips else None
    examined = makings.paging.rows_examined(statement, ratio(blocks, calls)) if skips else None
    if examined is not None and page is not None and page.sorted:
        examined = max(page.read, examined)
    text = shapes.text(statement)
    written = makings.rewritings.of(statement, text, ("keyset",)) if skips and text else NOTHING
    return StatementFacts(
        database=statement.database or "",
        user=statement.user or "",
        query_id=statement.query_id,
        toplevel=statement.toplevel,
        statement_text=shapes.text(statement),
        kind=shape.kind if shape else None,
        is_own=shapes.is_own(statement),
        is_maintenance=shape.is_maintenance if shape else None,
        calls=calls,
        total_ms=time,
        mean_ms=ratio(time, calls),
        time_share=ratio(time, makings.everything),
        load=ratio(time, seconds * 1000 if seconds else None),
        rows_per_call=rows,
        blocks_per_call=ratio(blocks, calls),
        temp_bytes=temp,
        temp_bytes_per_day=_daily(temp, seconds),
        has_offset=skips if shape else None,
        has_order=bool(shape.order_by) if shape else None,
        rows_examined_per_call=examined,
        rows_skipped_per_call=None if examined is None or rows is None else max(examined - rows, 0),
        sorts_pages=page.sorted if page is not None else None,
        plan=seen.outline if seen is not None else "",
        plan_missing=makings.plans.missing(statement),
        memory_need=in_words(largest_need(seen)),
        rewrite=written.text,
        rewrite_notes=written.notes,
        rewrite_refused=written.refused,
        rewrite_why=written.why,
        work_mem=makings.work_mem,
        work_mem_target=makings.work_mem_target,
    )


def _temp_bytes(delta: Statement | None) -> float | None:
    if delta is None or delta.temp_blocks_written is None:
        return None
    return float(delta.temp_blocks_written * BLOCK)


def _daily(amount: float | None, seconds: float | None) -> float | None:
    rate = ratio(amount, seconds)
    return None if rate is None else rate * 86_400
