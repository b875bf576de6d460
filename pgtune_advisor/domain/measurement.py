"""What is tried on a clone, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pgtune_advisor.domain.server import Server
from pgtune_advisor.domain.snapshot import Gap

DropReason = Literal["no-help", "made-slower", "unused", "build-failed", "not-reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which running server this is, and which of its databases.

    A physical copy has the system identifier of its origin: the start time tells them apart.
    `system_identifier` is None where the role may not read it.
    """

    system_identifier: str | None
    started_at: datetime
    database: str

    @classmethod
    def of(cls, server: Server) -> Identity:
        return cls(
            system_identifier=server.system_identifier,
            started_at=server.started_at,
            database=server.database,
        )

    def same_server(self, other: Identity) -> bool:
        """Whether both are one running server, whatever the database."""
        known = None not in (self.system_identifier, other.system_identifier)
        return self.started_at == other.started_at and not (
            known and self.system_identifier != other.system_identifier
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An index to try: `id` is its recommendation's, `statement` the CREATE INDEX under `name`.

    `statements` are the ids of the probes that it is meant for, `rows` what the target's planner
    believes the table to hold (None: unknown), `extensions` what it needs to be built.
    """

    id: str
    name: str
    statement: str
    database: str
    schema: str
    table: str
    statements: tuple[str, ...] = ()
    rows: float | None = None
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A statement that only reads, with literals in place of its parameters."""

    id: str
    query_id: int | None
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One execution of a probe, as it was and with the kept indexes; None: it did not finish.

    Times are medians in milliseconds: of the server process's CPU if `cpu`, else of the execution
    as EXPLAIN ANALYZE tells it. Blocks are shared and local ones, hit or read, and temporary ones.
    """

    query_id: int | None
    weight: float
    before_ms: float | None
    after_ms: float | None
    blocks_before: float | None
    blocks_after: float | None
    runs: int
    cpu: bool
    timed_out_before: bool = False
    timed_out_after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A trial that is not confirmed, and why; `not-reached` says nothing against it."""

    id: str
    reason: DropReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The outcome on a clone; the mappings are by the ids of probes and of trials."""

    kept: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    probes: Mapping[str, Measured] = field(default_factory=dict)
    helped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    size_bytes: Mapping[str, int] = field(default_factory=dict)
    build_ms: Mapping[str, float] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    elapsed_ms: float = 0.0
