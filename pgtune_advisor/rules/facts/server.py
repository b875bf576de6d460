"""Facts of the server as a whole; every rule may use them as `server.<fact>`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.rules.facts.base import Context, derived, fact, total

SERVER_SUBJECT: Final = "server"


def server_subject(kind: str) -> Subject:
    """The one subject of a fact table that has a single row."""
    return Subject(kind=kind, label=SERVER_SUBJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The server and the machine below it."""

    KIND: ClassVar[str] = "server"
    NEEDS: ClassVar[tuple[str, ...]] = ()

    major: int = fact("major version", source="server_version_num")
    in_recovery: bool = fact("is a standby", source="pg_is_in_recovery()")
    uptime_ms: float | None = derived(
        "time since the start", unit="ms", source="pg_postmaster_start_time()"
    )
    memory_bytes: int | None = fact("memory of the machine", unit="bytes", source="host")
    memory_source: str = fact("how the memory is known", source="host")
    cpus: int | None = fact("processors of the machine", source="host")
    storage: str | None = fact("ssd, nvme, hdd or network", source="configuration")
    platform: str = fact("managed platform, or none", source="pg_settings, pg_roles")
    databases_bytes: int | None = derived(
        "size of all databases that could be measured", unit="bytes", source="pg_database_size()"
    )
    lifetime_window: bool = derived("the window is of lifetime totals", source="snapshots")
    window_seconds: float | None = derived("length of the window", unit="s", source="snapshots")

    def subject(self) -> Subject:
        return server_subject(self.KIND)

    @classmethod
    def build(cls, context: Context) -> Iterator[ServerFacts]:
        server, host = context.snapshot.server, context.snapshot.host
        sizes = total(context.snapshot.database_sizes, "size_bytes")
        window = context.window
        length = (window.until - window.since).total_seconds() if window.since else None
        yield cls(
            major=server.major,
            in_recovery=server.in_recovery,
            uptime_ms=context.age_ms(server.started_at),
            memory_bytes=host.memory_bytes,
            memory_source=host.memory_source or "unknown",
            cpus=host.cpus,
            storage=host.storage,
            platform=host.platform,
            databases_bytes=None if sizes is None else int(sizes),
            lifetime_window=window.lifetime,
            window_seconds=None if window.lifetime else length,
        )
