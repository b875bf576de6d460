"""What libpq is told: the target's dsn, a database, and bounds on how long it may take."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgtune_advisor.domain.errors import ConfigError
from pgtune_advisor.domain.redaction import redact
from pgtune_advisor.pg.credentials import passfile, use_service_file

APPLICATION: Final = "pgtune-advisor"
# A peer that vanished is noticed after some 30 s; statement_timeout cannot see it.
_BOUNDS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def connection_string(dsn: str, database: str | None = None) -> str:
    """The dsn with our bounds where it has none of its own, for `database` or the dsn's.

    ConfigError where the dsn is not one.
    """
    use_service_file()
    given = _parsed(dsn)
    extra = {key: value for key, value in _BOUNDS.items() if key not in given}
    if "password" not in given and "passfile" not in given:
        extra["passfile"] = passfile()
    if database is not None:
        extra["dbname"] = database
    return make_conninfo(dsn, **extra, application_name=APPLICATION, client_encoding="utf8")


def _parsed(dsn: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError as error:
        raise ConfigError(
            "the dsn is not valid",
            detail=" ".join(redact(str(error)).split()),
            hint="Write host=… dbname=… user=…, postgresql://user@host/dbname, or service=name.",
        ) from None
