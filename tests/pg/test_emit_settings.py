"""The settings' files on a real server: scripts run by psql, the configuration file booted."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.check import tree
from golden.rich_report import rich_report
from pgtune_advisor.cluster import PrivateCluster
from pgtune_advisor.emit.output_dir import write
from plugins.servers import MakeCluster

EXPECTED = {
    "max_connections": "60",
    "max_wal_size": "4GB",
    "work_mem": "16MB",
    "log_line_prefix": "%m  'it''s' \\ [%p] ",
    "session_preload_libraries": "auto_explain, pg_stat_statements",
}


def psql(cluster: PrivateCluster, *arguments: str) -> str:
    return cluster.run("psql", "-X", "-v", "ON_ERROR_STOP=1", *arguments).stdout


def shown(cluster: PrivateCluster) -> dict[str, str]:
    """The values that a new session has."""
    return {name: psql(cluster, "-At", "-c", f"SHOW {name}")[:-1] for name in EXPECTED}


def by_alter_system(cluster: PrivateCluster) -> str:
    """What postgresql.auto.conf holds, as the server reads it."""
    query = (
        "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY 1"
    )
    return psql(cluster, "-At", "-c", query)


def test_alter_system_and_its_undo(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster(settings={"max_connections": "40"}, preload=["pg_stat_statements"])
    psql(cluster, "-c", "ALTER SYSTEM SET work_mem = '8MB'")
    psql(cluster, "-c", "ALTER SYSTEM SET checkpoint_timeout = '10min'")
    before = by_alter_system(cluster)
    write(rich_report(), tmp_path)
    said = psql(cluster, "-f", str(tmp_path / "settings" / "alter-system.sql"))
    [waiting] = [line for line in said.splitlines() if line.endswith("| t")]
    assert waiting.split("|")[0].strip() == "max_connections"
    assert "setting could not be applied" in said
    cluster.restart()
    assert shown(cluster) == EXPECTED
    psql(cluster, "-f", str(tmp_path / "settings" / "alter-system.down.sql"))
    assert by_alter_system(cluster) == before
    cluster.restart()
    assert psql(cluster, "-At", "-c", "SHOW max_connections") == "40\n"


@pytest.mark.pg(">= 15")
def test_the_grants_of_the_header_are_enough(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster(preload=["pg_stat_statements"])
    for grant in (
        "CREATE ROLE applier LOGIN",
        f"GRANT ALTER SYSTEM ON PARAMETER {', '.join(EXPECTED)} TO applier",
        "GRANT EXECUTE ON FUNCTION pg_reload_conf(), pg_show_all_file_settings() TO applier",
        "GRANT SELECT ON pg_file_settings TO applier",
    ):
        psql(cluster, "-c", grant)
    write(rich_report(), tmp_path)
    psql(cluster, "-U", "applier", "-f", str(tmp_path / "settings" / "alter-system.sql"))
    assert psql(cluster, "-At", "-c", "SHOW work_mem") == "16MB\n"


@pytest.mark.parametrize("arguments", [("-1", "-f"), ("-c",)])
def test_alter_system_in_one_transaction_is_refused(
    arguments: tuple[str, ...], make_cluster: MakeCluster, tmp_path: Path
) -> None:
    cluster = make_cluster()
    write(rich_report(), tmp_path)
    script = tmp_path / "settings" / "alter-system.sql"
    last = script.read_text() if arguments == ("-c",) else str(script)
    done = cluster.run("psql", "-X", "-v", "ON_ERROR_STOP=1", *arguments, last, check=False)
    assert "ALTER SYSTEM cannot run inside a transaction block" in done.stderr
    assert by_alter_system(cluster) == ""


def test_the_configuration_file_boots(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster(preload=["pg_stat_statements"])
    write(rich_report(), tmp_path)
    content = tree(tmp_path)["settings/postgresql.advisor.conf"]
    (cluster.conf_dir / "advisor.conf").write_text(content)
    cluster.restart()
    assert shown(cluster) == EXPECTED
    errors = "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL"
    assert psql(cluster, "-At", "-c", errors) == "0\n"
    names = (
        "SELECT string_agg(name, ',' ORDER BY seqno) FROM pg_file_settings "
        "WHERE sourcefile LIKE '%advisor.conf'"
    )
    assert psql(cluster, "-At", "-c", names).strip().split(",") == [
        "max_wal_size",
        "work_mem",
        "log_line_prefix",
        "session_preload_libraries",
        "max_connections",
    ]
