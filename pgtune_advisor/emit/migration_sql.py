"""The statements of a migration, up and down, with guards and timeouts for their class."""

from __future__ import annotations

import re
from typing import Final, assert_never

from pgtune_advisor.domain.changes import (
    CreateIndex,
    CreateStatistics,
    DropIndex,
    Maintain,
    Reindex,
    Script,
    SetStorage,
)
from pgtune_advisor.domain.identifiers import qualified, slug
from pgtune_advisor.emit import guards
from pgtune_advisor.emit.risk import without_inverse
from pgtune_advisor.emit.text import terminated

Migration = CreateIndex | DropIndex | Reindex | SetStorage | Maintain | CreateStatistics | Script

SHORT_LOCK_TIMEOUT: Final = "2s"
SHORT_STATEMENT_TIMEOUT: Final = "1min"
_CONCURRENT: Final = re.compile(
    r"\s*(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\s+\w+)\s+CONCURRENTLY\b",
    re.IGNORECASE,
)
_UNINTERRUPTIBLE: Final = re.compile(r"\b(?:CONCURRENTLY|VACUUM)\b", re.IGNORECASE)
# Locks that neither stop nor are stopped by reads and writes.
_WEAK_LOCK: Final = re.compile(
    r"SHARE UPDATE EXCLUSIVE|(?<!SHARE )ROW EXCLUSIVE|ACCESS SHARE|ROW SHARE", re.IGNORECASE
)


def file_slug(change: Migration, title: str) -> str:
    """What the change does, as a part of a file name that does not depend on figures."""
    match change:
        case CreateIndex() | DropIndex() | Reindex() | CreateStatistics():
            return slug(f"{change.kind} {change.name}")
        case SetStorage() | Maintain():
            verb = change.command if isinstance(change, Maintain) else change.kind
            return slug(f"{verb} {change.schema} {change.table}")
        case Script():
            return slug(title)
        case _:
            assert_never(change)


def up(change: Migration) -> str:
    """What makes the change."""
    match change:
        case CreateIndex():
            return _create(change.schema, change.table, change.name, change.statement)
        case DropIndex():
            return _drop(change.schema, change.table, change.name, change.sql)
        case Reindex():
            after = guards.index_is_valid(change.schema, change.name)
            return _join(guards.unbounded(), terminated(change.sql), after)
        case SetStorage():
            return _transaction(change.sql, SHORT_LOCK_TIMEOUT, SHORT_STATEMENT_TIMEOUT)
        case CreateStatistics():
            return _transaction(change.sql, "0", "0")
        case Maintain() if change.transactional:
            return _transaction(change.sql, "0", "0")
        case Maintain():
            return _join(guards.unbounded(), terminated(change.sql))
        case Script():
            return _script(change, change.up)
        case _:
            assert_never(change)


def down(change: Migration) -> str:
    """What undoes the change; where nothing can, a block that fails and says so."""
    if isinstance(change, Reindex | Maintain):
        return guards.nothing_to_undo(without_inverse(change))
    if change.inverse is None:
        return guards.cannot_undo(without_inverse(change), "Restore what it changed from a backup.")
    match change:
        case CreateIndex():
            return _drop(change.schema, change.table, change.name, change.inverse)
        case DropIndex():
            return _create(change.schema, change.table, change.name, change.inverse)
        case CreateStatistics() | SetStorage():
            return _transaction(change.inverse, SHORT_LOCK_TIMEOUT, SHORT_STATEMENT_TIMEOUT)
        case Script():
            return _script(change, change.inverse)
        case _:
            assert_never(change)


def _join(*parts: str) -> str:
    return "\n\n".join(parts)


def _create(schema: str, table: str, name: str, statement: str) -> str:
    concurrent = _CONCURRENT.match(statement) is not None
    timeouts = guards.unbounded() if concurrent else _session(SHORT_LOCK_TIMEOUT, "0")
    return _join(
        timeouts,
        guards.name_is_free(schema, name),
        terminated(statement),
        guards.index_is_valid(schema, name),
        f"ANALYZE {qualified(schema, table)};",
    )


def _drop(schema: str, table: str, name: str, statement: str) -> str:
    return _join(
        guards.unbounded(),
        guards.index_is_droppable(schema, table, name),
        terminated(statement),
        guards.index_is_gone(schema, name),
    )


def _script(change: Script, text: str) -> str:
    """A strong lock is waited for shortly; what reads tables may run as long as it takes."""
    lock_timeout = "0" if _weak(change.lock) else SHORT_LOCK_TIMEOUT
    statement_timeout = "0" if change.duration == "long" else SHORT_STATEMENT_TIMEOUT
    if change.transactional:
        return _transaction(text, lock_timeout, statement_timeout)
    if _UNINTERRUPTIBLE.search(text):
        return _join(guards.unbounded(), terminated(text))
    return _join(_session(lock_timeout, statement_timeout), terminated(text))


def _weak(lock: str) -> bool:
    """Whether waiting for the lock holds nobody up; a lock that is not recognised is strong."""
    rest = _WEAK_LOCK.sub("", lock)
    recognised = lock == "none" or rest != lock
    return recognised and re.search(r"EXCLUSIVE|SHARE", rest, re.IGNORECASE) is None


def _transaction(text: str, lock_timeout: str, statement_timeout: str) -> str:
    return _join(
        "BEGIN;",
        f"SET LOCAL lock_timeout = '{lock_timeout}';\n"
        f"SET LOCAL statement_timeout = '{statement_timeout}';",
        terminated(text),
        "COMMIT;",
    )


def _session(lock_timeout: str, statement_timeout: str) -> str:
    return f"SET lock_timeout = '{lock_timeout}';\nSET statement_timeout = '{statement_timeout}';"
