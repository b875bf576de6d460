"""Running PostgreSQL's own programs as the right user, in an environment of our making."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pgtune_advisor.cluster.accounts import Account
from pgtune_advisor.cluster.binaries import Binaries
from pgtune_advisor.cluster.homes import Home
from pgtune_advisor.domain.errors import ClusterError

# What touches a data directory has to be its owner; several of these refuse to run as root.
SERVER_PROGRAMS: Final = frozenset(
    {
        "initdb",
        "pg_basebackup",
        "pg_checksums",
        "pg_combinebackup",
        "pg_controldata",
        "pg_createsubscriber",
        "pg_ctl",
        "pg_resetwal",
        "pg_rewind",
        "pg_upgrade",
        "pg_verifybackup",
        "pg_waldump",
        "postgres",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """PostgreSQL's programs for one home."""

    binaries: Binaries
    account: Account
    home: Home

    def environment(self, port: int | None = None, user: str | None = None) -> dict[str, str]:
        """Our environment without what would lead the programs to another server."""
        env = {name: value for name, value in os.environ.items() if not _misleads(name)}
        env["LC_ALL"] = "C"
        env["PGCLIENTENCODING"] = "UTF8"
        env["PATH"] = os.pathsep.join([str(self.binaries.bindir), env.get("PATH", os.defpath)])
        libraries = self.binaries.bindir.parent / "lib"
        if any((libraries / name).exists() for name in ("libpq.so.5", "libpq.5.dylib")):
            known = env.get("LD_LIBRARY_PATH")
            env["LD_LIBRARY_PATH"] = f"{libraries}:{known}" if known else str(libraries)
        if port is not None and user is not None:
            env |= {"PGHOST": str(self.home.run), "PGPORT": str(port)}
            env |= {"PGUSER": user, "PGDATABASE": "postgres"}
        return env

    def run(
        self,
        program: str,
        args: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        check: bool = True,
        input_text: str | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end. Raises ClusterError as PrivateCluster.run() says."""
        argv = [self.binaries.program(program), *args]
        if program in SERVER_PROGRAMS:
            process = self.account.launch(
                argv,
                cwd=self.home.path,
                env={**env, "HOME": str(self.home.path)},
                stdin=subprocess.PIPE,
            )
        else:
            process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        with process:
            try:
                output = process.communicate((input_text or "").encode(), timeout)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise ClusterError(f"{program} did not end within {timeout:g} s") from error
        out, err = (part.decode(errors="replace") for part in output)
        if check and process.returncode != 0:
            raise ClusterError(
                f"{program} failed with status {process.returncode}", detail=(err or out).strip()
            )
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def initdb(self, superuser: str, password: str, locale: str) -> None:
        """Make the data directory. Raises ClusterError with initdb's own words."""
        secret = self.home.write("password", f"{password}\n")
        try:
            self.run(
                "initdb",
                [
                    *("-D", self.home.data),
                    *("--username", superuser),
                    *("--pwfile", secret),
                    *("--encoding", "UTF8"),
                    *("--locale", locale),
                    *("--auth-local", "trust"),
                    *("--auth-host", "scram-sha-256"),
                    "--no-sync",
                    "--no-instructions",
                ],
                env=self.environment(),
            )
        finally:
            secret.unlink()

    def basebackup(self, dsn: str, slot: str | None) -> None:
        """Fill the data directory from a running server. Raises ClusterError."""
        self.run(
            "pg_basebackup",
            [
                *("-D", self.home.data),
                *("-d", dsn),
                *("--wal-method", "stream"),
                *("--checkpoint", "fast"),
                *(("--create-slot", "--slot", slot) if slot else ()),
                "--write-recovery-conf",
                "--no-sync",
            ],
            env=self.environment(),
        )


def best_locale() -> str:
    """C.UTF-8 where the system has it (it knows letters, and sorts by code point), else C."""
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    except OSError:
        return "C"
    names = {name.lower().replace("-", ""): name for name in done.stdout.split()}
    return names.get("c.utf8", "C")


def _misleads(name: str) -> bool:
    return name.startswith(("PG", "LC_")) or name in ("LANG", "LANGUAGE")
