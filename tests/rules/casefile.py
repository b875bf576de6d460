"""What a case file may say, checked as it is read."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pgtune_advisor.domain.findings import Severity
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules.spec import ParamValue

FOLDER = Path(__file__).resolve().parent / "cases"
Expect = Literal["fires", "silent", "unknown"]
Row = dict[str, Any]


class Part(BaseModel):
    """A part of a case file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tables(BaseModel):
    """Rows of the snapshot's tables by the table's name, and what was not collected."""

    model_config = ConfigDict(extra="allow", frozen=True)

    server: Row = {}
    host: Row = {}
    not_collected: tuple[str, ...] = ()

    @property
    def tables(self) -> dict[str, list[Any]]:
        return self.model_extra or {}


class Earlier(Tables):
    """The snapshot at the window's begin: only what differs, row by row."""

    minutes: float = Field(default=10, gt=0)


class Case(Part):
    """One case: facts or a snapshot in, an expectation out."""

    about: str = Field(min_length=1)
    expect: Expect
    rows: list[Row] = []
    server: Row = {}
    settings: Row = {}
    params: dict[str, ParamValue] = {}
    snapshot: Tables | None = None
    before: Earlier | None = None
    also: tuple[str, ...] = ()
    severity: Severity | None = None
    keys: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    title: str | None = None
    sql: tuple[str, ...] | None = None
    rejected: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if bool(self.rows) == (self.snapshot is not None):
            raise ValueError("a case has either rows or a snapshot")
        if self.snapshot is not None and self.server:
            raise ValueError("beside a snapshot, the server is [case.snapshot] server = {…}")
        if self.before is not None and self.snapshot is None:
            raise ValueError("[case.before] needs [case.snapshot]")
        return self


class Session(Part):
    """A connection that is held open while the server is looked at."""

    sql: tuple[str, ...]
    application: str = "case"
    blocked: bool = False
    keep: bool = False


class Repeated(Part):
    """A statement of a workload, and how often it runs: `grows` more each round of `rounds`.

    `{round}` in it is the number of the round, `{n}` that of the run, both from 1.
    """

    sql: str
    times: int = Field(default=1, ge=0)
    grows: int = 0
    reconnect: bool = False


class Live(Part):
    """A case on a real server: make the smell, find it, mend it, find it gone."""

    majors: str = ">= 14"
    own: bool = False
    settings: dict[str, str] = {}
    preload: tuple[str, ...] = ()
    standby: bool = False
    standby_settings: dict[str, str] = {}
    standby_sql: tuple[str, ...] = ()
    slot: str | None = None
    setup: tuple[str, ...] = ()
    pgbench: tuple[tuple[str, ...], ...] = ()
    sessions: tuple[Session, ...] = ()
    window: bool = False
    rounds: int = Field(default=1, ge=1)
    workload: tuple[str | Repeated, ...] = ()
    workload_after: tuple[str | Repeated, ...] | None = None
    awaiting: tuple[str, ...] = Field(default=(), alias="await")
    await_after: tuple[str, ...] = ()
    params: dict[str, ParamValue] = {}
    host: dict[str, Any] = {}
    planner: Literal["auto", "hypopg", "shadow"] | None = None
    expect: tuple[str, ...] = Field(min_length=1)
    absent: tuple[str, ...] = ()
    severity: Severity | None = None
    sql: tuple[str, ...] | None = None
    fix: tuple[str, ...] | None = None
    fix_standby: tuple[str, ...] = ()

    @property
    def needs_cluster(self) -> bool:
        """Whether a server that other tests use at the same time will not do."""
        return bool(self.own or self.settings or self.preload or self.standby)

    @property
    def has_window(self) -> bool:
        return self.window or bool(self.workload)


class CaseFile(Part):
    """All cases of one rule."""

    case: tuple[Case, ...] = ()
    live: Live | tuple[Live, ...] = ()

    @property
    def lives(self) -> tuple[Live, ...]:
        return (self.live,) if isinstance(self.live, Live) else self.live


@cache
def case_files() -> dict[str, CaseFile]:
    """The case file of each rule by the rule's id. Raises where one does not belong to a rule."""
    return {path.stem: read(path) for path in sorted(FOLDER.rglob("*.toml"))}


def read(path: Path) -> CaseFile:
    """One case file; ValueError with the file's name where it is wrong."""
    rule = rules_dir() / path.parent.name / path.name
    if not rule.is_file():
        raise ValueError(f"{path}: there is no rule {path.parent.name}/{path.stem}")
    try:
        return CaseFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
