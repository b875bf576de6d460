"""What can be changed on a server, each with its statement, its inverse and its cost in locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pgtune_advisor.domain.identifiers import qualified, quote_literal

Needs = Literal["none", "reload", "restart"]
Duration = Literal["instant", "short", "long"]
"""instant: catalogue only · short: seconds, may wait for a strong lock · long: reads the table."""
StatisticsKind = Literal["ndistinct", "dependencies", "mcv"]

# Settings whose value is a list: each element is quoted by itself (GUC_LIST_INPUT).
LIST_SETTINGS: Final = frozenset(
    {
        "shared_preload_libraries",
        "session_preload_libraries",
        "local_preload_libraries",
        "search_path",
        "temp_tablespaces",
        "unix_socket_directories",
        "listen_addresses",
        "log_destination",
        "wal_consistency_checking",
        "synchronous_standby_names",
    }
)


def setting_literal(name: str, value: str) -> str:
    """The value as ALTER SYSTEM wants it: quoted, and a list element by element."""
    if name in LIST_SETTINGS:
        return (
            ", ".join(quote_literal(part.strip().strip('"')) for part in value.split(",")) or "''"
        )
    return quote_literal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParameter:
    """ALTER SYSTEM SET. `previous` None means that the inverse is RESET."""

    kind: ClassVar[str] = "set-parameter"
    lock: ClassVar[str] = "none"
    transactional: ClassVar[bool] = False
    duration: ClassVar[Duration] = "instant"

    name: str
    value: str
    current: str
    previous: str | None
    needs: Needs

    @property
    def database(self) -> str | None:
        return None

    @property
    def sql(self) -> str:
        return f"ALTER SYSTEM SET {self.name} = {setting_literal(self.name, self.value)}"

    @property
    def inverse(self) -> str | None:
        if self.previous is None:
            return f"ALTER SYSTEM RESET {self.name}"
        return f"ALTER SYSTEM SET {self.name} = {setting_literal(self.name, self.previous)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex:
    """CREATE INDEX CONCURRENTLY; `statement` is the whole of it."""

    kind: ClassVar[str] = "create-index"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table"
    transactional: ClassVar[bool] = False
    duration: ClassVar[Duration] = "long"
    needs: ClassVar[Needs] = "none"

    database: str
    schema: str
    table: str
    name: str
    statement: str

    @property
    def sql(self) -> str:
        return self.statement

    @property
    def inverse(self) -> str | None:
        return f"DROP INDEX CONCURRENTLY {qualified(self.schema, self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex:
    """DROP INDEX CONCURRENTLY; `definition` (None: unknown) makes it again."""

    kind: ClassVar[str] = "drop-index"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table and the index"
    transactional: ClassVar[bool] = False
    duration: ClassVar[Duration] = "short"
    needs: ClassVar[Needs] = "none"

    database: str
    schema: str
    table: str
    name: str
    definition: str | None

    @property
    def sql(self) -> str:
        return f"DROP INDEX CONCURRENTLY {qualified(self.schema, self.name)}"

    @property
    def inverse(self) -> str | None:
        return self.definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindex:
    """REINDEX INDEX CONCURRENTLY, which leaves the same index: it has no inverse."""

    kind: ClassVar[str] = "reindex"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table"
    transactional: ClassVar[bool] = False
    duration: ClassVar[Duration] = "long"
    needs: ClassVar[Needs] = "none"
    inverse: ClassVar[str | None] = None

    database: str
    schema: str
    table: str
    name: str

    @property
    def sql(self) -> str:
        return f"REINDEX INDEX CONCURRENTLY {qualified(self.schema, self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStorage:
    """ALTER TABLE … SET (…): storage parameters as name and value, with the values before."""

    kind: ClassVar[str] = "set-storage"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table"
    transactional: ClassVar[bool] = True
    duration: ClassVar[Duration] = "short"
    needs: ClassVar[Needs] = "none"

    database: str
    schema: str
    table: str
    options: tuple[tuple[str, str], ...]
    previous: tuple[tuple[str, str], ...] = ()

    @property
    def sql(self) -> str:
        return f"ALTER TABLE {qualified(self.schema, self.table)} SET ({_pairs(self.options)})"

    @property
    def inverse(self) -> str | None:
        before = dict(self.previous)
        restored = [(name, before[name]) for name, _ in self.options if name in before]
        removed = [name for name, _ in self.options if name not in before]
        actions = [f"SET ({_pairs(restored)})"] if restored else []
        actions += [f"RESET ({', '.join(removed)})"] if removed else []
        return f"ALTER TABLE {qualified(self.schema, self.table)} {', '.join(actions)}"


def _pairs(options: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintain:
    """ANALYZE or VACUUM of one table; it changes no definition and has no inverse."""

    kind: ClassVar[str] = "maintain"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table"
    duration: ClassVar[Duration] = "long"
    needs: ClassVar[Needs] = "none"
    inverse: ClassVar[str | None] = None

    database: str
    schema: str
    table: str
    command: Literal["ANALYZE", "VACUUM", "VACUUM (FREEZE)"]

    @property
    def transactional(self) -> bool:
        return self.command == "ANALYZE"

    @property
    def sql(self) -> str:
        return f"{self.command} {qualified(self.schema, self.table)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatistics:
    """CREATE STATISTICS in the table's schema, which ANALYZE then fills.

    `expressions` are SQL: quoted column names, or expressions in their parentheses. `kinds` empty
    means all that the server knows, and must be so for one expression alone.
    """

    kind: ClassVar[str] = "create-statistics"
    lock: ClassVar[str] = "SHARE UPDATE EXCLUSIVE on the table"
    transactional: ClassVar[bool] = True
    duration: ClassVar[Duration] = "long"
    needs: ClassVar[Needs] = "none"

    database: str
    schema: str
    table: str
    name: str
    expressions: tuple[str, ...]
    kinds: tuple[StatisticsKind, ...] = ()

    @property
    def sql(self) -> str:
        kinds = f" ({', '.join(self.kinds)})" if self.kinds else ""
        table = qualified(self.schema, self.table)
        return (
            f"CREATE STATISTICS {qualified(self.schema, self.name)}{kinds} "
            f"ON {', '.join(self.expressions)} FROM {table};\nANALYZE {table}"
        )

    @property
    def inverse(self) -> str | None:
        return f"DROP STATISTICS {qualified(self.schema, self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Statements for review that no narrower kind fits; `down` None has no inverse."""

    kind: ClassVar[str] = "script"
    needs: ClassVar[Needs] = "none"

    database: str | None
    up: str
    down: str | None
    lock: str
    transactional: bool
    duration: Duration

    @property
    def sql(self) -> str:
        return self.up

    @property
    def inverse(self) -> str | None:
        return self.down


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something that only a person can do: text, no SQL."""

    kind: ClassVar[str] = "advice"
    lock: ClassVar[str] = "none"
    transactional: ClassVar[bool] = True
    duration: ClassVar[Duration] = "instant"
    needs: ClassVar[Needs] = "none"
    sql: ClassVar[str | None] = None
    inverse: ClassVar[str | None] = None
    database: ClassVar[str | None] = None

    text: str


Change = (
    SetParameter
    | CreateIndex
    | DropIndex
    | Reindex
    | SetStorage
    | Maintain
    | CreateStatistics
    | Script
    | Advice
)
