"""Where the rules, the collection queries and the example configuration lie."""

from __future__ import annotations

from pathlib import Path

from pgtune_advisor.domain.errors import AdvisorError

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The shipped file or directory `name`: the checkout's own, else the one inside the package.

    An editable install leaves stale copies in the package's data, so a checkout, recognised by
    its pyproject.toml beside the package, comes first. AdvisorError where there is neither.
    """
    checkout = _PACKAGE.parent
    roots = [_PACKAGE / "data"]
    if (checkout / "pyproject.toml").is_file():
        roots.insert(0, checkout)
    for root in roots:
        if (root / name).exists():
            return root / name
    raise AdvisorError(
        f'the shipped resource "{name}" is missing',
        detail="Looked in " + " and ".join(str(root) for root in roots),
        hint="Install pgtune-advisor again: the installation is not complete.",
    )


def rules_dir() -> Path:
    """The directory of the shipped rules: `<group>/<id>.toml`."""
    return resource("rules")


def sql_dir() -> Path:
    """The directory of the shipped collection queries: `<area>/<name>[@floor].sql`."""
    return resource("sql")
