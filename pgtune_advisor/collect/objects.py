"""What needs a look at objects that may be locked: index expressions, values of sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from pgtune_advisor.collect.batches import in_batches
from pgtune_advisor.collect.cycle import Cycle, listed
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.domain.objects import Sequence as SequenceRow
from pgtune_advisor.pg.errors import QueryError
from pgtune_advisor.pg.rows import IndexExpressions, SequenceValue
from pgtune_advisor.pg.session import Session

Name = tuple[str, str]
HELPER: Final = "sequence_value"


def with_expressions(
    cycle: Cycle, session: Session, source: str, indexes: list[Index]
) -> list[Index]:
    """The indexes with their expressions and predicates, but for those of locked tables."""
    wanted = [(i.schema, i.name) for i in indexes if any(i.key_is_expression) or i.has_predicate]
    if not wanted:
        return indexes
    found, failed = in_batches(wanted, asker(cycle, session, "index_expressions", source))
    known = {(row.schema, row.name): row for row in found}
    locked = [name for name, row in known.items() if row.is_locked]
    note_lost(cycle, source, "the definition", locked, failed)
    return [_completed(index, known.get((index.schema, index.name))) for index in indexes]


def _completed(index: Index, row: IndexExpressions | None) -> Index:
    if row is None or row.is_locked or len(row.expressions) != len(index.keys):
        return index
    keys = tuple(
        expression if is_expression else key
        for key, expression, is_expression in zip(
            index.keys, row.expressions, index.key_is_expression, strict=True
        )
    )
    return replace(index, keys=keys, predicate=row.predicate)


def with_values(
    cycle: Cycle, session: Session, source: str, sequences: list[SequenceRow]
) -> list[SequenceRow]:
    """The sequences with their last values, but for those that are locked."""
    own = cycle.capabilities.databases.get(session.database)
    by_helper = own is not None and HELPER in own.helpers
    variant = "sequence_values_by_helper" if by_helper else "sequence_values"
    wanted = sorted({(s.schema, s.name) for s in sequences})
    if not wanted:
        return sequences
    found, failed = in_batches(wanted, asker(cycle, session, variant, source))
    known: dict[Name, SequenceValue] = {(row.schema, row.name): row for row in found}
    locked = [name for name, row in known.items() if row.is_locked]
    note_lost(cycle, source, "the value", locked, failed)
    hidden = [name for name, row in known.items() if not row.may_read]
    if hidden:
        role = quote_ident(cycle.capabilities.access.role)
        cycle.gap(
            source,
            f"the value of {listed(hidden)} is hidden from this role",
            f"GRANT pg_read_all_data TO {role}; or SELECT on the sequences.",
        )
    return [
        replace(s, last_value=known[s.schema, s.name].last_value)
        if (s.schema, s.name) in known
        else s
        for s in sequences
    ]


def note_lost(
    cycle: Cycle,
    source: str,
    what: str,
    locked: list[Name],
    failed: list[tuple[Name, QueryError]],
) -> None:
    """The gaps for what was not read: one for the locked, one for each other reason."""
    lost: dict[str, list[Name]] = {"another session locks it": locked} if locked else {}
    for name, error in failed:
        reason = "another session locks it" if error.kind == "locked" else error.primary
        lost.setdefault(reason, []).append(name)
    for reason, names in lost.items():
        text = f"{what} of {listed(names)} was not read: {reason}"
        cycle.gap(source, text, "The next cycle tries again.")


def asker(
    cycle: Cycle, session: Session, name: str, source: str
) -> Callable[[Sequence[Name]], list[Any]]:
    query = cycle.variant(name, source)

    def ask(names: Sequence[Name]) -> list[Any]:
        if query is None:
            return []
        params = {"schemas": [schema for schema, _ in names], "names": [n for _, n in names]}
        return session.rows(query, params)

    return ask
