"""What is built on a clone, and its removal, come what may."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.errors import AdvisorError
from pgtune_advisor.domain.identifiers import MAX_NAME_BYTES, qualified, quote_ident
from pgtune_advisor.domain.measurement import Trial
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.pg.clone import BuildError, Clone

_HEAD: Final = re.compile(r"\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index on the clone; `names` are its own and those of its parts on partitions."""

    trial: Trial
    name: str
    names: frozenset[str]
    size_bytes: int
    build_ms: float

    @property
    def place(self) -> tuple[str, str]:
        return self.trial.schema, self.name


class Scaffold:
    """Builds indexes on a clone and remembers what must be taken away."""

    def __init__(self, connect: Callable[[], Clone]) -> None:
        self._connect = connect
        self.clone = connect()
        self._standing: dict[tuple[str, str], None] = {}
        self._extensions: list[str] = []

    def build(self, trial: Trial, timeout_ms: int) -> Built:
        """Build it plainly, under another name where its own is taken. BuildError, QueryError."""
        for extension in trial.extensions:
            if self.clone.create_extension(extension):
                self._extensions.append(extension)
        name = self._free_name(trial)
        statement = _plain(trial, name)
        self._standing[trial.schema, name] = None
        elapsed = self.clone.build(statement, timeout_ms)
        if self.clone.on_expressions(trial.schema, name):
            self.clone.analyze(trial.schema, trial.table, timeout_ms)
        parts = self.clone.parts(trial.schema, name)
        return Built(
            trial=trial,
            name=name,
            names=frozenset(part.name for part in parts),
            size_bytes=sum(part.size_bytes for part in parts),
            build_ms=elapsed,
        )

    def drop(self, built: Built) -> None:
        """Take one away for good."""
        self.clone.drop(*built.place)
        self._standing.pop(built.place)

    def clear(self, keep: Sequence[Built] = ()) -> Gap | None:
        """Take everything away but `keep`, on a new connection if need be; a gap if it failed."""
        for built in keep:
            self._standing.pop(built.place, None)
        needed = {name for built in keep for name in built.trial.extensions}
        try:
            self._reconnect()
            for schema, name in list(self._standing):
                self.clone.drop(schema, name)
                del self._standing[schema, name]
            while self._extensions:
                if self._extensions[-1] not in needed:
                    self.clone.drop_extension(self._extensions[-1])
                self._extensions.pop()
        except AdvisorError as error:
            return self._left_behind(error)
        finally:
            self.clone.close()
        return None

    def _reconnect(self) -> None:
        """A statement whose connection is gone may still run, and build what we would not see."""
        if self.clone.busy:
            lost = self.clone
            lost.close()
            self.clone = self._connect()
            self.clone.end(lost)

    def _left_behind(self, error: AdvisorError) -> Gap | None:
        drops = [f"DROP INDEX IF EXISTS {qualified(*place)};" for place in self._standing]
        drops += [f"DROP EXTENSION IF EXISTS {quote_ident(name)};" for name in self._extensions]
        if not drops:
            return None
        return Gap(
            source="clone",
            reason=f"what was built for the measurement is left behind ({error.primary})",
            hint=f"Run on the clone: {' '.join(drops)}",
        )

    def _free_name(self, trial: Trial) -> str:
        name, number = trial.name, 0
        while self.clone.parts(trial.schema, name):
            number += 1
            suffix = f"_trial{number}"
            room = MAX_NAME_BYTES - len(suffix)
            name = trial.name.encode()[:room].decode(errors="ignore") + suffix
        return name


def _plain(trial: Trial, name: str) -> str:
    """The statement without CONCURRENTLY, which waits for others, and under this name."""
    head = _HEAD.match(trial.statement)
    rest = trial.statement[head.end() :] if head else ""
    if head is None or not rest.startswith(f"{quote_ident(trial.name)} ON "):
        raise BuildError(
            f"the statement does not create the index {trial.name}", detail=trial.statement
        )
    tail = rest.removeprefix(quote_ident(trial.name))
    return f"CREATE {'UNIQUE ' if head[1] else ''}INDEX {quote_ident(name)}{tail}"
