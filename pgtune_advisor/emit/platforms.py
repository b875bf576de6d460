"""Where the settings of a managed platform are made."""

from __future__ import annotations

from typing import assert_never

from pgtune_advisor.domain.server import Platform


def where(platform: Platform) -> str | None:
    """What to edit on the platform; None where ALTER SYSTEM and configuration files work."""
    match platform:
        case "none":
            return None
        case "patroni":
            return (
                "Patroni writes the configuration: set them with `patronictl edit-config`, under "
                "`postgresql.parameters`; restart what needs it with `patronictl restart`."
            )
        case "cnpg":
            return (
                "CloudNativePG refuses ALTER SYSTEM: set them in `spec.postgresql.parameters` of "
                "the Cluster resource; the operator reloads or restarts."
            )
        case "zalando":
            return (
                "The operator writes the configuration: set them in `spec.postgresql.parameters` "
                "of the postgresql resource."
            )
        case "rds":
            return (
                "RDS refuses ALTER SYSTEM: set them in the DB parameter group of the instance, as "
                "plain numbers in each parameter's own unit; static ones wait for a reboot."
            )
        case "aurora":
            return (
                "Aurora refuses ALTER SYSTEM: set them in the DB cluster parameter group, as plain "
                "numbers in each parameter's own unit; static ones wait for a reboot."
            )
        case "cloudsql":
            return (
                "Cloud SQL refuses ALTER SYSTEM: set them as database flags of the instance, as "
                "plain numbers in each flag's own unit. A list of flags replaces the one before: "
                "repeat the flags that are set already."
            )
        case "azure":
            return (
                "Azure refuses ALTER SYSTEM: set them under Server parameters of the instance, as "
                "plain numbers in each parameter's own unit; static ones wait for a restart."
            )
        case _:
            assert_never(platform)
