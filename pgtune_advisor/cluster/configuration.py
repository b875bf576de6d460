"""The configuration files of a private cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pgtune_advisor.cluster.homes import Home
from pgtune_advisor.domain.errors import ClusterError

# What a cluster that is thrown away need not do: survive a crash of the machine.
SCRATCH_SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}

# Shared memory in files of the data directory goes away with it, whatever kills the server.
DEFAULTS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "dynamic_shared_memory_type": "mmap",
    "lc_messages": "C",
}

OWN: Final = frozenset(
    {
        "config_file",
        "data_directory",
        "external_pid_file",
        "hba_file",
        "port",
        "unix_socket_directories",
    }
)

# The socket lies in a folder that only the server's user (and root) can enter, so whoever gets
# there may be trusted; TCP is open to every local user, so it asks for the password.
HBA: Final = """\
local all         all                 trust
local replication all                 trust
host  all         all   127.0.0.1/32  scram-sha-256
host  replication all   127.0.0.1/32  scram-sha-256
"""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")
_ESCAPES = {"\\": "\\\\", "'": "''", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}


def merge_settings(settings: Mapping[str, str], preload: Sequence[str]) -> dict[str, str]:
    """The caller's settings over the defaults, with the libraries to preload.

    Raises ClusterError for a name or value that cannot be written, and for settings that the
    cluster decides on its own.
    """
    merged = dict(DEFAULTS)
    for name, value in settings.items():
        lowered = name.lower()
        if lowered in OWN or (lowered == "shared_preload_libraries" and preload):
            raise ClusterError(
                f'setting "{name}" of a private cluster cannot be given this way',
                hint="The port and the libraries to preload have parameters of their own.",
            )
        merged[lowered] = value
    if preload:
        merged["shared_preload_libraries"] = ", ".join(preload)
    for name, value in merged.items():
        _check(name, value)
    return merged


def quote_value(value: str) -> str:
    """A value as postgresql.conf takes it."""
    return "'" + "".join(_ESCAPES.get(char, char) for char in value) + "'"


def write_configuration(home: Home, settings: Mapping[str, str], port: int) -> None:
    """Write postgresql.conf and pg_hba.conf; files in `conf.d` are read after the settings.

    Raises ClusterError.
    """
    own = {
        "port": str(port),
        "unix_socket_directories": str(home.run),
        "hba_file": str(home.write("pg_hba.conf", HBA)),
    }
    lines = [f"{name} = {quote_value(value)}" for name, value in {**settings, **own}.items()]
    lines.append("include_dir 'conf.d'")
    home.write("postgresql.conf", "\n".join(lines) + "\n")


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ClusterError(f'"{name}" is not the name of a setting')
    if "\0" in value:
        raise ClusterError(f'the value of setting "{name}" contains a zero byte')
