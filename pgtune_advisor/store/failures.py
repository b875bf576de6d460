"""A database's errors in the advisor's own words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pgtune_advisor.domain.errors import AdvisorError, OutputError, UsageError
from pgtune_advisor.domain.redaction import redact

_FULL = frozenset({"53100", "53000"})
_DENIED = frozenset({"42501", "25006"})


@contextlib.contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the library raises inside into an AdvisorError that names `place`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise failure(error, place) from error


def failure(error: SQLAlchemyError, place: str) -> AdvisorError:
    """The error in three parts: what happened to the store at `place`, and what to try."""
    cause: object = error.orig if isinstance(error, DBAPIError) else error
    detail = redact(str(cause).strip().replace("\n", " "))
    if isinstance(cause, sqlite3.Error):
        return _sqlite_failure(getattr(cause, "sqlite_errorcode", None), detail, place)
    state = getattr(cause, "sqlstate", None)
    if state in _FULL:
        return _disk_full(detail, place)
    if state in _DENIED:
        hint = "The role of store.url needs to own the schema pgtune_advisor."
        return OutputError(f"the store {place} may not be used", detail=detail, hint=hint)
    if isinstance(error, DBAPIError) and (error.connection_invalidated or state is None):
        hint = "Check store.url, and that its server accepts connections."
        return OutputError(f"the store {place} cannot be reached", detail=detail, hint=hint)
    return OutputError(f"the store {place} cannot be used", detail=detail)


def _disk_full(detail: str, place: str) -> AdvisorError:
    hint = "Make room there, or lower store.max_size or store.retention."
    return OutputError(f"there is no room left for the store {place}", detail=detail, hint=hint)


def _sqlite_failure(code: int | None, detail: str, place: str) -> AdvisorError:
    match (code or 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _disk_full(detail, place)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            hint = "Move the file away: the daemon makes a new one, and the history begins anew."
            return UsageError(f"the store {place} is damaged", detail=detail, hint=hint)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            hint = "Another process holds it for longer than 30 s; try again."
            return OutputError(f"the store {place} is busy", detail=detail, hint=hint)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            hint = "Run it as the user that owns the file, usually pgtune-advisor, or as root."
            return OutputError(f"the store {place} cannot be opened", detail=detail, hint=hint)
        case sqlite3.SQLITE_IOERR:
            hint = "Look at the disk and its free space."
            return OutputError(f"the store {place} cannot be written", detail=detail, hint=hint)
        case _:
            return OutputError(f"the store {place} cannot be used", detail=detail)
