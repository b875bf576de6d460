"""A private PostgreSQL cluster: made, started, stopped and deleted by its owner."""

from __future__ import annotations

import atexit
import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from psycopg.conninfo import make_conninfo

from pgtune_advisor.cluster.accounts import Account, server_account
from pgtune_advisor.cluster.binaries import Binaries
from pgtune_advisor.cluster.configuration import merge_settings, write_configuration
from pgtune_advisor.cluster.copies import readable_binaries
from pgtune_advisor.cluster.homes import Home, create_home
from pgtune_advisor.cluster.janitor import sweep
from pgtune_advisor.cluster.ports import free_port
from pgtune_advisor.cluster.postmaster import PortTakenError, Postmaster, StopMode
from pgtune_advisor.cluster.programs import Programs, best_locale
from pgtune_advisor.domain.errors import ClusterError

SUPERUSER = "postgres"
PORT_ATTEMPTS = 5


class PrivateCluster:
    """A cluster that nobody but its owner, and root, can reach without its password.

    The socket lies in a folder of mode 0700 and trusts who gets there; TCP listens on 127.0.0.1
    alone and asks for the password. As a context manager it is started on entry and deleted on
    exit. What a killed owner leaves behind, the next create() removes.
    """

    def __init__(
        self,
        *,
        binaries: Binaries,
        account: Account,
        home: Home,
        settings: Mapping[str, str],
        port: int,
        fixed_port: bool,
        password: str,
    ) -> None:
        self.binaries = binaries
        self.settings = dict(settings)
        self.password = password
        self.port = port
        self._fixed_port = fixed_port
        self._account = account
        self._home = home
        self._owner = os.getpid()
        self._postmaster: Postmaster | None = None
        self._kept = False
        self._deleted = False
        self._programs = Programs(binaries=binaries, account=account, home=home)
        atexit.register(self._at_exit)

    @classmethod
    def create(
        cls,
        binaries: Binaries,
        *,
        settings: Mapping[str, str] | None = None,
        preload: Sequence[str] = (),
        base_dir: Path | None = None,
        port: int | None = None,
        locale: str | None = None,
        account: str | None = None,
    ) -> PrivateCluster:
        """Make a cluster in UTF-8, with superuser `postgres`; it is not started yet.

        `locale` defaults to C.UTF-8 where there is one, else C. `account` names the user that
        runs the server for root. Raises ClusterError.
        """
        cluster = cls._prepare(binaries, settings or {}, preload, base_dir, port, account)
        try:
            cluster._programs.initdb(SUPERUSER, cluster.password, locale or best_locale())
        except BaseException:
            cluster.delete()
            raise
        return cluster

    @classmethod
    def standby_of(
        cls,
        primary: PrivateCluster,
        *,
        settings: Mapping[str, str] | None = None,
        base_dir: Path | None = None,
        port: int | None = None,
        slot: str | None = None,
    ) -> PrivateCluster:
        """Make a streaming standby of a running cluster with pg_basebackup; not started yet.

        It takes over the primary's settings under its own; `slot` is created. Raises ClusterError.
        """
        merged = {**primary.settings, **(settings or {})}
        account = primary._account.name if primary._account.switch else None
        cluster = cls._prepare(primary.binaries, merged, (), base_dir, port, account)
        try:
            cluster.password = primary.password
            cluster._programs.basebackup(primary.dsn(), slot)
        except BaseException:
            cluster.delete()
            raise
        return cluster

    @classmethod
    def _prepare(
        cls,
        binaries: Binaries,
        settings: Mapping[str, str],
        preload: Sequence[str],
        base_dir: Path | None,
        port: int | None,
        account_name: str | None,
    ) -> PrivateCluster:
        merged = merge_settings(settings, preload)
        account = server_account(account_name)
        readable = readable_binaries(binaries, account)
        chosen_port = port or free_port()
        home = create_home(account, base_dir)
        sweep(home.path.parent)
        return cls(
            binaries=readable,
            account=account,
            home=home,
            settings=merged,
            port=chosen_port,
            fixed_port=port is not None,
            password=secrets.token_urlsafe(18),
        )

    @property
    def data_dir(self) -> Path:
        return self._home.data

    @property
    def socket_dir(self) -> Path:
        return self._home.run

    @property
    def conf_dir(self) -> Path:
        """Files `*.conf` put here are read after the settings."""
        return self._home.conf_d

    @property
    def log_path(self) -> Path:
        return self._home.log

    @property
    def account(self) -> str:
        """The system user that runs the server."""
        return self._account.name

    @property
    def pid(self) -> int:
        """The postmaster's process id. Raises ClusterError if it does not run."""
        return self._running_postmaster().pid

    @property
    def running(self) -> bool:
        return self._postmaster is not None and self._postmaster.running

    def dsn(
        self, dbname: str = "postgres", *, user: str = SUPERUSER, tcp: bool = False, **params: str
    ) -> str:
        """How to connect: by the socket, or with the password by TCP; psql takes it as it is.

        The port is final once the server has started.
        """
        words = {"host": str(self.socket_dir), "port": str(self.port), "user": user}
        if tcp:
            words["host"] = "127.0.0.1"
            if user == SUPERUSER:
                words["password"] = self.password
        return make_conninfo(**(words | {"dbname": dbname} | params))

    def start(self, *, timeout: float = 60) -> None:
        """Start the server and wait up to `timeout` seconds until it takes connections.

        Does nothing if it runs. Raises ClusterError, with the end of the server's log.
        """
        if self.running:
            return
        for attempt in range(PORT_ATTEMPTS):
            write_configuration(self._home, self.settings, self.port)
            try:
                self._postmaster = Postmaster.start(
                    self.binaries,
                    self._account,
                    self._home,
                    self._programs.environment(self.port, SUPERUSER),
                    timeout,
                )
            except PortTakenError as error:
                if self._fixed_port or attempt == PORT_ATTEMPTS - 1:
                    raise ClusterError(
                        f"PostgreSQL could not listen on port {self.port}",
                        detail=error.detail,
                        hint="Another program uses it: choose another port, or none.",
                    ) from error
                self.port = free_port()
            else:
                # Others have the address by now, so it stays.
                self._fixed_port = True
                return

    def stop(self, mode: StopMode = "fast", *, timeout: float = 60) -> None:
        """Stop the server and wait; does nothing if it does not run. Raises ClusterError."""
        if self._postmaster is not None:
            self._postmaster.stop(mode, timeout)
            self._postmaster = None

    def restart(self, *, timeout: float = 60) -> None:
        """Stop and start, on the same port. Raises ClusterError."""
        self.stop(timeout=timeout)
        self.start(timeout=timeout)

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would; start() recovers it."""
        self._running_postmaster().kill()
        self._postmaster = None

    def configure(self, settings: Mapping[str, str]) -> None:
        """Change settings for the next start or reload. Raises ClusterError."""
        self.settings = merge_settings({**self.settings, **settings}, ())
        write_configuration(self._home, self.settings, self.port)

    def run(
        self,
        program: str,
        *args: str | Path,
        check: bool = True,
        input_text: str | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs on this cluster, by default on database postgres.

        Clients such as pgbench and psql run as we do, and read our files; programs that work on
        data directories run as the server's user. Raises ClusterError if `check` and it fails,
        or after `timeout` seconds.
        """
        return self._programs.run(
            program,
            args,
            env=self._programs.environment(self.port, SUPERUSER),
            check=check,
            input_text=input_text,
            timeout=timeout,
        )

    def keep(self) -> None:
        """Let the server outlive this process; once it is stopped, the next run deletes it."""
        self._home.keep()
        self._kept = True

    def delete(self) -> None:
        """Stop the server at once and delete everything; a second call does nothing."""
        # A forked child inherits this object and must not delete its parent's cluster.
        if self._deleted or os.getpid() != self._owner:
            return
        atexit.unregister(self._at_exit)
        self._deleted = True
        if self._postmaster is not None:
            try:
                self._postmaster.stop("immediate", 15)
            except ClusterError:
                self._postmaster.kill()
            self._postmaster = None
        self._home.remove()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.delete()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            self.delete()

    def _running_postmaster(self) -> Postmaster:
        if self._postmaster is None or not self._postmaster.running:
            raise ClusterError("the private cluster does not run")
        return self._postmaster

    def _at_exit(self) -> None:
        if not self._kept:
            self.delete()
        elif self._postmaster is not None:
            self._postmaster.release()
