"""What a role may see, why not, and that the rights which are advised do close the gaps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pgtune_advisor.collect import host
from pgtune_advisor.collect.collector import Collector
from pgtune_advisor.collect.doctor import Examination, examine
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.pg.capabilities import Capabilities
from pgtune_advisor.pg.errors import CapabilityError
from pgtune_advisor.pg.helpers import SIGNATURES, helper_script
from pgtune_advisor.pg.queries import QueryBook
from pgtune_advisor.pg.rows import Access, DatabaseAccess
from plugins.databases import Database
from plugins.servers import MakeCluster
from plugins.targets import target_section

SETUP = (
    "CREATE TABLE orders (id serial PRIMARY KEY, note text)",
    "INSERT INTO orders (note) SELECT 'secret ' || (g % 3) FROM generate_series(1, 100) g",
    "ANALYZE orders",
)


@pytest.fixture(autouse=True)
def _server_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the host is read through the server, as it would be from another machine."""
    monkeypatch.setattr(host, "server_process", lambda _cycle, _session: None)


def snapshot_as(database: Database, role: str, folder: Path) -> Snapshot:
    with Collector(target_section(database.dsn_as(role), folder), QueryBook.load()) as collector:
        return collector.full()


def examined(database: Database, role: str, folder: Path) -> Examination:
    return examine(target_section(database.dsn_as(role), folder), QueryBook.load())


def incomplete(snapshot: Snapshot) -> set[str]:
    """Tables with a gap that is not the version's."""
    return {gap.head for gap in snapshot.gaps if "does not have it" not in gap.reason}


def test_a_plain_role_is_told_what_would_help(database: Database, tmp_path: Path) -> None:
    database.execute(*SETUP)
    role = database.create_role("LOGIN")
    before = snapshot_as(database, role, tmp_path)
    assert incomplete(before) >= {"backends", "settings", "columns", "sequences", "host"}
    orders = {c.name: c for c in before.columns}
    assert orders["id"].has_statistics is None
    assert [s.last_value for s in before.sequences] == [None]
    assert before.host.memory_bytes is None
    assert all(s.in_auto_conf is None for s in before.settings)

    examination = examined(database, role, tmp_path)
    closes = {head for grant in examination.grants for head in grant.closes}
    assert incomplete(before) <= closes
    for grant in examination.grants:
        database.execute(*grant.statements)

    after = snapshot_as(database, role, tmp_path)
    assert incomplete(after) == set()
    orders = {c.name: c for c in after.columns}
    assert orders["id"].has_statistics
    assert [s.last_value for s in after.sequences] == [100]
    assert after.host.memory_bytes
    assert after.host.memory_source
    assert after.host.memory_source.endswith("read by the server")
    assert all(s.in_auto_conf is not None for s in after.settings)
    again = examined(database, role, tmp_path)
    assert again.grants == ()
    assert again.helper_script == ""


def test_helpers_show_figures_and_never_values(database: Database, tmp_path: Path) -> None:
    database.execute(*SETUP)
    role = database.create_role("LOGIN", member_of=("pg_monitor",))
    before = examined(database, role, tmp_path)
    helped = {head for grant in before.grants if grant.helper for head in grant.closes}
    assert helped == {"columns", "sequences", "host"}
    assert incomplete(snapshot_as(database, role, tmp_path)) == helped

    database.execute(before.helper_script)
    after = snapshot_as(database, role, tmp_path)
    assert incomplete(after) == set()
    columns = {c.name: c for c in after.columns}
    assert columns["note"].has_statistics
    assert columns["note"].n_distinct == 3
    assert columns["note"].top_frequency == pytest.approx(0.34)
    assert [s.last_value for s in after.sequences] == [100]
    assert after.host.cpus
    with pytest.raises(Exception, match="permission denied"):
        database.connect(role).execute("SELECT * FROM orders")


def test_helpers_are_closed_to_others(database: Database) -> None:
    role = database.create_role("LOGIN")
    other = database.create_role("LOGIN")
    database.execute(helper_script(role))
    for name, allowed in ((role, True), (other, False)):
        rows = database.connect().execute(
            """SELECT has_schema_privilege(%(role)s, 'pgtune_advisor', 'USAGE'),
                has_function_privilege(%(role)s, p.oid, 'EXECUTE'), prosecdef, proconfig
            FROM pg_proc p WHERE pronamespace = 'pgtune_advisor'::regnamespace""",
            {"role": name},
        )
        found = rows.fetchall()
        assert len(found) == len(SIGNATURES)
        for row in found:
            assert row == (allowed, allowed, True, ["search_path=pg_catalog, pg_temp"])


def test_a_helper_that_is_not_security_definer_is_not_called(
    database: Database, tmp_path: Path
) -> None:
    """Whoever may create a schema must not have the advisor's role run his function."""
    role = database.create_role("LOGIN", member_of=("pg_monitor",))
    database.execute(
        *SETUP,
        "CREATE SCHEMA pgtune_advisor",
        """CREATE FUNCTION pgtune_advisor.sequence_value(oid) RETURNS bigint LANGUAGE sql
        AS 'SELECT 42::bigint'""",
        f"GRANT USAGE ON SCHEMA pgtune_advisor TO {role}",
    )
    snapshot = snapshot_as(database, role, tmp_path)
    assert [s.last_value for s in snapshot.sequences] == [None]


def access(**changes: object) -> Access:
    base = Access(
        version_num=180006,
        role="Ad Visor",
        database="shop",
        in_recovery=False,
        is_superuser=False,
        monitor=True,
        read_all_stats=True,
        read_all_settings=True,
        read_all_data=True,
        read_server_files=True,
        execute_read_file=True,
        execute_control_system=True,
        statements_preloaded=True,
        platform_roles=(),
        platform_settings=(),
        command_line_settings=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def place(name: str, version: str | None = "1.12", usable: bool | None = True) -> DatabaseAccess:
    return DatabaseAccess(
        database=name,
        statements_version=version,
        statements_schema="Ext" if version else None,
        statements_usable=usable if version else None,
        helpers=(),
    )


def capabilities(*places: DatabaseAccess, **changes: object) -> Capabilities:
    return Capabilities(access=access(**changes), databases={one.database: one for one in places})


def why_no_statements(found: Capabilities) -> tuple[str, str]:
    assert not found.has_statements()
    with pytest.raises(CapabilityError) as caught:
        found.has_statements(check=True)
    return caught.value.primary, caught.value.hint


def test_statements_are_read_where_they_first_can_be() -> None:
    found = capabilities(place("a", None), place("b", "1.8"), place("c", "1.9"), place("d"))
    assert found.has_statements(check=True)
    assert found.statements == place("c", "1.9")
    assert found.version_of("pg_stat_statements") == (1, 9)


def test_says_why_there_are_no_statements() -> None:
    assert why_no_statements(capabilities(place("shop", None), statements_preloaded=False)) == (
        "pg_stat_statements is not preloaded",
        "Add pg_stat_statements to shared_preload_libraries and restart the server, then CREATE"
        " EXTENSION pg_stat_statements in database shop.",
    )
    assert why_no_statements(capabilities(place("shop"), statements_preloaded=False)) == (
        "pg_stat_statements is not preloaded",
        "Add pg_stat_statements to shared_preload_libraries and restart the server.",
    )
    assert why_no_statements(capabilities(place("a", None), place("b", None))) == (
        "the extension pg_stat_statements is not created in a, b",
        "CREATE EXTENSION pg_stat_statements; in one of: a, b.",
    )
    assert why_no_statements(capabilities(place("a", usable=False))) == (
        "pg_stat_statements may not be called",
        'GRANT USAGE ON SCHEMA "Ext" TO "Ad Visor"; in database a.',
    )
    assert why_no_statements(capabilities(place("a", "1.8"))) == (
        "pg_stat_statements 1.8 is too old",
        "ALTER EXTENSION pg_stat_statements UPDATE; in database a.",
    )


def test_abilities_explain_themselves() -> None:
    poor = capabilities(
        place("shop"),
        version_num=200000,
        read_all_stats=False,
        read_all_settings=False,
        execute_read_file=False,
    )
    for ability, hint in (
        (poor.has_known_version, "newer release"),
        (poor.has_all_statistics, 'GRANT pg_monitor TO "Ad Visor";'),
        (poor.has_all_settings, 'GRANT pg_monitor TO "Ad Visor";'),
        (poor.has_server_files, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file("),
    ):
        assert not ability()
        with pytest.raises(CapabilityError) as caught:
            ability(check=True)
        assert hint in caught.value.hint
        assert caught.value.detail
    rich = capabilities(place("shop"))
    assert rich.has_known_version(check=True)
    assert rich.has_server_files(check=True)


def test_doctor_without_the_extension(make_cluster: MakeCluster, tmp_path: Path) -> None:
    cluster = make_cluster()
    found = examine(target_section(cluster.dsn(), tmp_path), QueryBook.load())
    assert found.is_superuser
    assert found.grants == ()
    sources = {source.name: source for source in found.sources}
    assert sources["settings"].seen
    assert sources["settings"].rows
    assert sources["settings"].about
    statements = sources["statements"]
    assert not statements.seen
    assert [gap.reason for gap in statements.gaps] == [
        "pg_stat_statements is not preloaded: No statement is counted"
    ]
    assert "restart" in statements.gaps[0].hint
    assert sources["host"].seen
