"""systemd's credentials: a passfile and a service file that only this service may read."""

from __future__ import annotations

import os
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from pgtune_advisor.domain.errors import ConfigError

_FOLDER: Final = "CREDENTIALS_DIRECTORY"
# Open for as long as the process lives: libpq reads the copy at each connect.
_copies: dict[Path, int] = {}


def use_service_file(environ: MutableMapping[str, str] = os.environ) -> None:
    """Point libpq at the credential `pg_service.conf`, unless PGSERVICEFILE is set already."""
    path = _credential("pg_service.conf", environ)
    if path is not None:
        environ.setdefault("PGSERVICEFILE", str(path))


def passfile(environ: MutableMapping[str, str] = os.environ) -> str | None:
    """The path that libpq may read passwords from: the credential `pgpass`, or None."""
    path = _credential("pgpass", environ)
    if path is None or "PGPASSFILE" in environ or "PGPASSWORD" in environ:
        return None
    return str(path) if _private(path) else _private_copy(path)


def _credential(name: str, environ: MutableMapping[str, str]) -> Path | None:
    folder = environ.get(_FOLDER)
    path = Path(folder, name) if folder else None
    return path if path is not None and path.is_file() else None


def _private(path: Path) -> bool:
    return not stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)


def _private_copy(path: Path) -> str:
    """A copy in memory with mode 0600: libpq ignores a passfile that its group may read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the credential {path} cannot be read",
            detail=str(error.strerror),
            hint="LoadCredential=pgpass:/path makes it readable for the service.",
        ) from None
    if path not in _copies:
        _copies[path] = os.memfd_create("pgpass")
        os.fchmod(_copies[path], 0o600)
    os.ftruncate(_copies[path], 0)
    os.pwrite(_copies[path], content, 0)
    return f"/proc/self/fd/{_copies[path]}"
