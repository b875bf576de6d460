"""A target's configuration for a test server: passwords lie in a passfile, as they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgtune_advisor.settings import TargetSection


def target_section(dsn: str, folder: Path, **fields: Any) -> TargetSection:
    """The section `[[targets]]` of a server; `folder` takes the passfile."""
    return TargetSection(name="test", dsn=without_password(dsn, folder), **fields)


def without_password(dsn: str, folder: Path) -> str:
    """The dsn with its password moved to a passfile in `folder`."""
    params = conninfo_to_dict(dsn)
    password = params.pop("password", None)
    if password is not None:
        passfile = folder / f"pgpass_{params.get('user')}"
        escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
        passfile.write_text(f"*:*:*:*:{escaped}\n")
        passfile.chmod(0o600)
        params["passfile"] = str(passfile)
    return make_conninfo(**{name: str(value) for name, value in params.items()})
