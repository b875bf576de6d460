"""Facts of statements: what pg_stat_statements counted in the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.statements import Statement
from pgtune_advisor.rules.facts.base import BLOCK, Context, add, derived, fact, ratio
from pgtune_advisor.rules.facts.shapes import Shapes, shapes_of

_STAT = "pg_stat_statements"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """One statement of one role in one database."""

    KIND: ClassVar[str] = "statement"
    NEEDS: ClassVar[tuple[str, ...]] = ("statements",)

    database: str = fact("database", source=f"{_STAT}.dbid")
    user: str = fact("role", source=f"{_STAT}.userid")
    query_id: int | None = fact("id of the statement", source=f"{_STAT}.queryid")
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
        "share of the execution time of all statements", unit="ratio", source=_STAT
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
        "rows in the blocks that a call touches, by the densest of its tables",
        source=f"{_STAT}.shared_blks_hit, pg_class",
    )

    def subject(self) -> Subject:
        return statement_subject(self.KIND, self)

    @classmethod
    def build(cls, context: Context) -> Iterator[StatementFacts]:
        shapes = shapes_of(context)
        everything = sum(s.exec_time_ms or 0.0 for s in context.deltas("statements") or ())
        for statement in context.snapshot.statements:
            delta = context.delta("statements", statement)
            if delta is None or delta.calls != 0:
                yield _facts(context, shapes, statement, delta, everything)


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
    context: Context,
    shapes: Shapes,
    statement: Statement,
    delta: Statement | None,
    everything: float,
) -> StatementFacts:
    seconds = context.window.seconds("statements", statement)
    calls = delta.calls if delta else None
    time = delta.exec_time_ms if delta else None
    temp = delta.temp_blocks_written if delta else None
    blocks = add(delta.shared_blocks_hit, delta.shared_blocks_read) if delta else None
    per_call = ratio(blocks, calls)
    temp_bytes = None if temp is None else float(temp * BLOCK)
    per_second = ratio(temp_bytes, seconds)
    shape = shapes.of(statement)
    density = shapes.rows_per_block(statement)
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
        time_share=ratio(time, everything),
        load=ratio(time, seconds * 1000 if seconds else None),
        rows_per_call=ratio(delta.rows if delta else None, calls),
        blocks_per_call=per_call,
        temp_bytes=temp_bytes,
        temp_bytes_per_day=None if per_second is None else per_second * 86_400,
        has_offset=shape.offset is not None if shape else None,
        has_order=bool(shape.order_by) if shape else None,
        rows_examined_per_call=None if per_call is None or density is None else per_call * density,
    )
