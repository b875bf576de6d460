"""What a plan tells: a row for each thing worth knowing, without a constant of the statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pgtune_advisor.domain.snapshot import Gap

SpillKind = Literal["sort", "hash", "aggregate", "materialize"]
ConditionRole = Literal["index", "recheck", "filter", "join"]
PatternForm = Literal["leading-wildcard", "prefix", "exact", "parameter", "unknown"]
PlanSource = Literal["explain", "log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node of a plan: what it is and what it reads; names are empty where it reads none."""

    node: str
    schema: str = ""
    table: str = ""
    alias: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MisEstimate:
    """Rows a loop as planned and as they came. `factor` is the greater over the smaller."""

    place: Place
    planned: float
    actual: float
    loops: float
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spill:
    """A node that wrote to disk: bytes there and in memory; `batches` of a hash, else 0.

    None: the plan does not say. A hash says no bytes: its temporary blocks are in `TempUse`.
    """

    place: Place
    kind: SpillKind
    disk_bytes: int | None
    memory_bytes: int | None
    batches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TempUse:
    """Temporary blocks of the whole statement."""

    read_blocks: int
    written_blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """Bytes that a sort or hash would hold by the planner's estimate of rows and width."""

    place: Place
    kind: SpillKind
    bytes: float
    rows: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Rows that a node read and threw away, over all its loops, and those that it kept."""

    place: Place
    role: ConditionRole
    condition: str
    removed: float
    kept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The inner side of a nested loop; `measured` says whether its loops were counted."""

    place: Place
    loops: float
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JitUse:
    """Functions that were compiled; the share is of the statement's time, None where unknown."""

    functions: int
    time_ms: float
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Parallel workers of a Gather; launched None where it did not run."""

    planned: int
    launched: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """Shared blocks that the whole statement touched."""

    hit: int
    read: int
    dirtied: int
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCast:
    """A column that a condition casts, by hand or since the other side has another type."""

    place: Place
    role: ConditionRole
    alias: str
    column: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A LIKE, and what its pattern begins with; the pattern itself is data and is not here."""

    place: Place
    role: ConditionRole
    alias: str
    column: str
    operator: str
    form: PatternForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Rows that the node below a LIMIT with OFFSET gave, and those that were returned.

    `sorted`: it had to read and sort all of them first.
    """

    place: Place
    read: float
    returned: float
    sorted: bool
    measured: bool


Observation = (
    MisEstimate
    | Spill
    | TempUse
    | MemoryNeed
    | Discard
    | Repeated
    | JitUse
    | Workers
    | Buffers
    | ColumnCast
    | Pattern
    | Skipped
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A table that a plan reads. `conditions` are EXPLAIN's texts by label, literals as `$n`."""

    place: Place
    rows: float
    cost: float
    conditions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it reads the table from end to end."""
        return self.place.node == "Seq Scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeen:
    """All that is kept of a plan: its shape in words, what it reads, and what is to be said of it.

    `cost` is in planner units. `measured`: it was run and counted.
    """

    outline: str
    cost: float
    measured: bool
    scans: tuple[Scan, ...] = ()
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlan:
    """The plan of a statement of pg_stat_statements, or the named reason why there is none.

    `generic`: no values stood in for its parameters. A log's plans may be joined to a statement by
    its query id as well.
    """

    database: str
    query_id: int
    source: PlanSource
    seen: PlanSeen | None = None
    generic: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlans:
    """The plans that were had of a snapshot's statements; one without a plan says why.

    `gaps` are databases in which nothing could be planned.
    """

    plans: tuple[StatementPlan, ...] = ()
    gaps: tuple[Gap, ...] = ()
