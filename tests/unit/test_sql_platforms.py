"""Managed platforms by the roles and settings that they leave."""

from __future__ import annotations

import pytest

from pgtune_advisor.domain.server import Platform
from pgtune_advisor.pg.platforms import (
    PATRONI_OPTIONS,
    PLACEHOLDERS,
    PREFIXES,
    ROLES,
    SETTINGS,
    recognise,
)


@pytest.mark.parametrize(
    ("roles", "settings", "platform", "mark"),
    [
        ([], [], "none", None),
        (["postgres"], ["archive_command=test ! -f /x && cp %p /x"], "none", None),
        (["rdsadmin", "rds_superuser"], [], "rds", "role rdsadmin"),
        (["rdsadmin"], ["rds.extensions=x"], "rds", "role rdsadmin"),
        (["rdsadmin"], ["apg_ccm_enabled=on"], "aurora", "setting apg_ccm_enabled"),
        ([], ["aurora_wal_cache=1"], "aurora", "setting aurora_wal_cache"),
        (["cloudsqladmin"], [], "cloudsql", "role cloudsqladmin"),
        ([], ["cloudsql.iam_authentication=on"], "cloudsql", "setting cloudsql.iam_authentication"),
        (["azure_pg_admin"], [], "azure", "role azure_pg_admin"),
        ([], ["azure.extensions=x"], "azure", "setting azure.extensions"),
        ([], ["cnpg.config_sha256=abc"], "cnpg", "setting cnpg.config_sha256"),
        ([], ["archive_command=/controller/manager wal-archive %p"], "cnpg", "archive_command"),
        (["zalandos"], ["config_file=/home/patroni/x"], "zalando", "role zalandos"),
        ([], ["config_file=/etc/patroni/postgresql.conf"], "patroni", "setting config_file"),
    ],
)
def test_recognise(
    roles: list[str], settings: list[str], platform: Platform, mark: str | None
) -> None:
    found, by = recognise(roles, settings)
    assert found == platform
    assert by == mark or (mark is not None and by is not None and by.endswith(mark))


def test_patroni_by_its_command_line() -> None:
    every = sorted(PATRONI_OPTIONS)
    assert recognise([], [], [*every, "port"]) == ("patroni", "settings on the command line")
    assert recognise([], [], ["wal_level", *every[1:]]) == ("none", None)
    assert recognise(["zalandos"], [], every) == ("zalando", "role zalandos")


def test_asks_the_server_for_each_mark() -> None:
    assert "rdsadmin" in ROLES
    assert "config_file" in SETTINGS
    assert "cnpg." in PREFIXES
    assert all(name.startswith(PREFIXES) for name in PLACEHOLDERS)
    assert not set(SETTINGS) & set(PREFIXES)
