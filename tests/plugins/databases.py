"""A database and roles that live as long as one test."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from plugins.pool import TEMPLATE, Server

ROLE_PASSWORD = "secret of a test role"

_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Database:
    """A database made from the template, which has pg_stat_statements where the server does."""

    name: str
    server: Server
    _connections: list[psycopg.Connection[Any]] = field(default_factory=list)
    _roles: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def create(cls, server: Server) -> Iterator[Database]:
        fresh = cls(name=f"test_{os.getpid()}_{next(_numbers)}", server=server)
        with server.connect() as admin:
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(make.format(sql.Identifier(fresh.name), sql.Identifier(TEMPLATE)))
        try:
            yield fresh
        finally:
            fresh._destroy()

    @property
    def dsn(self) -> str:
        """How the superuser connects."""
        return self.server.dsn(self.name)

    def dsn_as(self, role: str) -> str:
        """How a role made by create_role() connects."""
        return make_conninfo(self.dsn, user=role, password=ROLE_PASSWORD)

    def connect(self, role: str | None = None, **params: Any) -> psycopg.Connection[Any]:
        """An autocommit connection, closed at the end of the test."""
        dsn = self.dsn if role is None else self.dsn_as(role)
        connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True, **params)
        self._connections.append(connection)
        return connection

    def execute(self, *statements: str) -> None:
        """Run statements one by one as the superuser, each in its own transaction."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def create_role(self, attributes: str = "LOGIN", *, member_of: tuple[str, ...] = ()) -> str:
        """A role of the whole server, dropped at the end of the test; returns its name."""
        name = f"role_{os.getpid()}_{next(_numbers)}"
        with self.server.connect() as admin:
            role = sql.Identifier(name)
            make = sql.SQL("CREATE ROLE {} {} PASSWORD {}")
            admin.execute(make.format(role, sql.SQL(attributes), sql.Literal(ROLE_PASSWORD)))
            self._roles.append(name)
            for group in member_of:
                admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), role))
        return name

    def _destroy(self) -> None:
        for connection in self._connections:
            connection.close()
        with self.server.connect() as admin:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            admin.execute(drop.format(sql.Identifier(self.name)))
            for name in self._roles:
                role = sql.Identifier(name)
                admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
                admin.execute(sql.SQL("DROP ROLE {}").format(role))
