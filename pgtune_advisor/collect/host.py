"""The machine below the server: declared, seen from here, or read through the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pgtune_advisor.collect.cycle import Cycle
from pgtune_advisor.collect.limits import Limits, Read, read_limits
from pgtune_advisor.collect.locality import own_file, server_process
from pgtune_advisor.domain.server import Host
from pgtune_advisor.pg.errors import CapabilityError, QueryError
from pgtune_advisor.pg.rows import ServerFile
from pgtune_advisor.pg.session import Session
from pgtune_advisor.settings import HostSection

HELPER: Final = "host_files"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Limits, and in words where they were read."""

    limits: Limits
    how: str


def read_host(cycle: Cycle, session: Session, declared: HostSection) -> Host:
    """What is known of the host: what the operator declares wins, then what is nearest."""
    host = _declared(declared, cycle)
    if host.memory_bytes is not None and host.cpus is not None:
        return host
    seen = _local(cycle, session) or _remote(cycle, session)
    if seen is None:
        return host
    limits = seen.limits
    if host.memory_bytes is None and limits.memory_bytes is not None:
        source = f"{limits.memory_from}, {seen.how}"
        host = replace(host, memory_bytes=limits.memory_bytes, memory_source=source)
    if host.cpus is None and limits.cpus is not None:
        source = f"{limits.cpus_from}, {seen.how}"
        host = replace(host, cpus=limits.cpus, cpus_source=source)
    return host


def _declared(section: HostSection, cycle: Cycle) -> Host:
    declared = "declared in the configuration"
    platform, mark = cycle.capabilities.platform
    return Host(
        memory_bytes=section.memory,
        memory_source=declared if section.memory is not None else None,
        cpus=section.cpus,
        cpus_source=declared if section.cpus is not None else None,
        storage=section.storage,
        storage_source=declared if section.storage is not None else None,
        platform=platform if section.managed == "auto" else section.managed,
        platform_source=mark if section.managed == "auto" else declared,
    )


def _local(cycle: Cycle, session: Session) -> _Seen | None:
    pid = server_process(cycle, session)
    if pid is None:
        return None
    return _Seen(limits=read_limits(own_file, str(pid)), how="on this machine")


def _remote(cycle: Cycle, session: Session) -> _Seen | None:
    """Through the server: by a helper function, or by pg_read_file where that is granted."""
    own = cycle.capabilities.databases.get(session.database)
    if own and HELPER in own.helpers:
        files: list[ServerFile] | None = cycle.read(session, "server_files_by_helper", "host")
        return _through(_from(files)) if files is not None else None
    try:
        cycle.capabilities.has_server_files(check=True)
    except CapabilityError as error:
        cycle.gap_of("host", error)
        return None
    seen = _through(_asking(cycle, session))
    if seen is None:
        cycle.gap("host", "the server may read none of the files that tell of its host")
    return seen


def _through(read: Read) -> _Seen | None:
    limits = read_limits(read, "self")
    if limits.memory_bytes is None and limits.cpus is None:
        return None
    return _Seen(limits=limits, how="read by the server")


def _from(files: list[ServerFile]) -> Read:
    contents: Mapping[str, str | None] = {file.path: file.content for file in files}
    return contents.get


def _asking(cycle: Cycle, session: Session) -> Read:
    """Reads one file a question, through the server; one that it may not open is None."""
    query = cycle.variant("server_files", "host")

    def read(path: str) -> str | None:
        if query is None:
            return None
        try:
            files: list[ServerFile] = session.rows(query, {"path": path})
        except QueryError:
            return None
        return files[0].content if files else None

    return read
