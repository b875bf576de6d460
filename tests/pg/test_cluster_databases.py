"""The databases and roles that tests are given."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import OperationalError
from psycopg.errors import UndefinedTable

from plugins.databases import Database
from plugins.pool import EXTENSION, Server


def names(server: Server, catalog: str, column: str) -> set[str]:
    with server.connect() as admin:
        query = f"SELECT {column} FROM pg_catalog.{catalog}"
        return {row[0] for row in admin.execute(query.encode())}


def test_a_database_on_each_server(database: Database, pg_server: Server) -> None:
    assert database.server is pg_server
    connection = database.connect()
    assert connection.autocommit
    assert connection.info.server_version // 10000 == pg_server.major
    assert connection.info.dbname == database.name
    query = "SELECT count(*) FROM pg_catalog.pg_extension WHERE extname = %s"
    assert connection.execute(query, [EXTENSION]).fetchone() == (len(pg_server.preloaded),)


def test_statements_are_counted_where_the_server_can(database: Database) -> None:
    database.execute("SELECT 12345 AS a_mark")
    query = "SELECT calls FROM pg_stat_statements WHERE query LIKE '%a_mark%'"
    if database.server.preloaded:
        assert database.connect().execute(query).fetchone() == (1,)
    else:
        with pytest.raises(UndefinedTable):
            database.connect().execute(query)


@pytest.mark.pg(">= 14, < 18")
def test_the_newest_that_fits(newest_server: Server) -> None:
    assert 14 <= newest_server.major < 18


def test_nothing_remains(newest_server: Server) -> None:
    with Database.create(newest_server) as fresh:
        role = fresh.create_role("LOGIN CREATEDB", member_of=("pg_monitor",))
        fresh.execute(f"CREATE TABLE t (n int); GRANT SELECT ON t TO {role}", "ANALYZE t")
        own = fresh.connect(role)
        assert own.execute("SELECT current_user, count(*) FROM t").fetchone() == (role, 0)
        stray = psycopg.connect(fresh.dsn_as(role))
        assert fresh.name in names(newest_server, "pg_database", "datname")
        assert role in names(newest_server, "pg_roles", "rolname")
    assert own.closed
    assert fresh.name not in names(newest_server, "pg_database", "datname")
    assert role not in names(newest_server, "pg_roles", "rolname")
    with pytest.raises(OperationalError, match="terminating connection"):
        stray.execute("SELECT 1")
    stray.close()


def test_databases_do_not_share(newest_server: Server) -> None:
    with Database.create(newest_server) as one, Database.create(newest_server) as other:
        one.execute("CREATE TABLE t (n int)")
        other.execute("CREATE TABLE t (n int)")
        assert one.name != other.name
