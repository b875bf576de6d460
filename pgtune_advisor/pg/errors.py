"""psycopg's errors, told in three parts: a lost or refused connection, a query that failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import psycopg
from psycopg import errors

from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.domain.redaction import redact

FailureKind = Literal["denied", "timeout", "locked", "missing", "unready", "cancelled", "failed"]


class QueryError(AdvisorError):
    """One query failed; the connection is still good."""

    def __init__(
        self, kind: FailureKind, primary: str, *, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(primary, detail=detail, hint=hint)
        self.kind = kind


class CapabilityError(AdvisorError):
    """The server or the role lacks something that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    pattern: re.Pattern[str]
    primary: str
    hint: str


def _refusal(pattern: str, primary: str, hint: str) -> _Refusal:
    return _Refusal(pattern=re.compile(pattern, re.IGNORECASE), primary=primary, hint=hint)


_PASSWORD_HINT: Final = (
    "Put the password into a libpq passfile (~/.pgpass, mode 0600), into the service file that the"
    " dsn names, or into systemd's LoadCredential=pgpass."
)
# libpq gives no SQLSTATE for a connection that failed: its text, and the server's, is all there is.
_REFUSALS: Final = (
    _refusal(
        r"definition of service|service file .* not found",
        "the libpq service of the dsn is not defined",
        "Define it in ~/.pg_service.conf, or name the file in PGSERVICEFILE.",
    ),
    _refusal(r"password authentication failed", "the server refused the password", _PASSWORD_HINT),
    _refusal(r"no password supplied", "the server asks for a password", _PASSWORD_HINT),
    _refusal(
        r"(peer|ident|gss\w*|cert\w*|pam|ldap|radius|oauth) authentication failed",
        "the server refused the role",
        "The server's pg_hba.conf wants another way to authenticate: connect as another user, or"
        " add a line for this role.",
    ),
    _refusal(
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "the server's pg_hba.conf does not admit this connection",
        "Add a line for this role, database and address to pg_hba.conf, then reload the server.",
    ),
    _refusal(
        r"could not translate host name|name or service not known|no address associated",
        "the host name cannot be resolved",
        "Check the host in the dsn, or the name server of this machine.",
    ),
    _refusal(
        r'database ".*" does not exist',
        "the database does not exist",
        "Check dbname in the dsn and `databases` of the target.",
    ),
    _refusal(
        r'role ".*" does not exist',
        "the role does not exist",
        "Create it, or correct the dsn's user.",
    ),
    _refusal(
        r'role ".*" is not permitted to log in',
        "the role may not log in",
        "ALTER ROLE … LOGIN, or connect as another role.",
    ),
    _refusal(
        r"permission denied for database",
        "the role may not connect to the database",
        "GRANT CONNECT ON DATABASE … TO the role.",
    ),
    _refusal(
        r"too many clients|connection slots are reserved|too many connections"
        r"|no more connections allowed",
        "the server has no free connection",
        "Close connections, raise max_connections or the limit of the role or database, or let"
        " the advisor's role use the reserved ones.",
    ),
    _refusal(
        r"starting up|shutting down|in recovery mode|not (yet )?accepting connections",
        "the server does not accept connections now",
        "Wait until it has started, and look into its log.",
    ),
    _refusal(
        r"timeout expired|timed out",
        "the server does not answer in time",
        "Check address, port and firewall; connect_timeout in the dsn gives it more time.",
    ),
    _refusal(
        r"connection refused|no such file or directory|is the server running"
        r"|network is unreachable|no route to host",
        "no server answers",
        "Check host and port in the dsn, and whether the server runs and listens there.",
    ),
    _refusal(
        r"\bSSL\b|certificate",
        "the encrypted connection could not be made",
        "Check sslmode, sslrootcert and the certificates that the dsn names.",
    ),
)


def _one_line(text: str) -> str:
    lines = [line.strip() for line in redact(text).strip().splitlines() if line.strip()]
    return " ".join(" ".join(lines).split())


def connect_error(error: psycopg.Error, where: str) -> TargetError:
    """Why no connection could be made; `where` names the target for the reader."""
    text = _one_line(str(error)).removeprefix("connection failed: ")
    for refusal in _REFUSALS:
        if refusal.pattern.search(text):
            return TargetError(f"{where}: {refusal.primary}", detail=text, hint=refusal.hint)
    return TargetError(
        f"{where}: the connection failed",
        detail=text,
        hint="Try the same dsn with psql, and look into the server's log.",
    )


def connection_lost(error: psycopg.Error, where: str) -> TargetError:
    """The connection broke while a query ran."""
    match error:
        case errors.AdminShutdown() | errors.CrashShutdown():
            hint = "The server was stopped, or someone ended our session."
        case errors.IdleSessionTimeout() | errors.IdleInTransactionSessionTimeout():
            hint = "The server ends idle sessions after a timeout."
        case _:
            hint = "Look into the server's log, and check the network between."
    return TargetError(f"{where}: the connection was lost", detail=_one_line(str(error)), hint=hint)


def query_error(error: psycopg.Error, *, timeout_ms: int, elapsed_ms: float) -> QueryError:
    """Why a query failed, by the class of its SQLSTATE."""
    text = _one_line(error.diag.message_primary or str(error))
    match error:
        case errors.InsufficientPrivilege():
            return QueryError("denied", text)
        case errors.LockNotAvailable():
            return QueryError("locked", f"a lock of another session was in the way ({text})")
        case errors.QueryCanceled() if elapsed_ms >= timeout_ms * 0.9:
            return QueryError(
                "timeout",
                f"it took longer than {timeout_ms / 1000:g} s and was given up",
                hint="The server is busy or has very many objects; the next cycle tries again.",
            )
        case errors.QueryCanceled():
            return QueryError("cancelled", f"someone cancelled the query ({text})")
        case (
            errors.UndefinedFunction()
            | errors.UndefinedTable()
            | errors.UndefinedColumn()
            | errors.UndefinedObject()
            | errors.InvalidSchemaName()
        ):
            return QueryError("missing", f"this server does not have it ({text})")
        case errors.CharacterNotInRepertoire() | errors.UntranslatableCharacter():
            return QueryError(
                "failed",
                text,
                hint="A text of another database does not fit the encoding of this one. Where it is"
                " a statement, pg_stat_statements_reset(0, <oid of that database>, 0) forgets it.",
            )
        case errors.ObjectNotInPrerequisiteState() | errors.FeatureNotSupported():
            return QueryError("unready", text)
        case _:
            return QueryError("failed", f"{text} (SQLSTATE {error.sqlstate or 'unknown'})")
