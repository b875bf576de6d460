"""Keeps shadows between cycles, and builds one anew only where schema or statistics moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, Self

from pgtune_advisor.cluster import Binaries
from pgtune_advisor.domain.errors import ClusterError
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.planner.shadow import Shadow
from pgtune_advisor.planner.shadow_settings import planner_settings

# What a shadow is made of, by the fields that it takes; counters of use are not among them.
_PARTS: Final[dict[str, str]] = {
    "relations": "schema name kind parent_schema parent_name options rows pages all_visible_pages",
    "columns": "schema table name position type not_null has_statistics null_fraction n_distinct"
    " average_width correlation",
    "indexes": "schema table name access_method keys opclasses collations orders include predicate"
    " is_unique is_primary is_valid is_live options pages rows",
    "constraints": "schema table name type columns foreign_schema foreign_table foreign_columns",
    "extensions": "name installed_version schema",
}
_WHOLE: Final = (
    "views",
    "user_types",
    "partitioning",
    "extended_statistics",
    "column_collations",
    "locales",
    "column_values",
)


@dataclass(slots=True, kw_only=True)
class _Kept:
    digest: bytes
    sessions: int
    shadow: Shadow


class ShadowKeeper:
    """Shadows by target and database; close() deletes them all. For one thread at a time."""

    def __init__(self, binaries: Binaries | None = None) -> None:
        self._binaries = binaries
        self._kept: dict[tuple[str, str], _Kept] = {}

    def get(self, snapshot: Snapshot, database: str | None = None, *, sessions: int = 1) -> Shadow:
        """The shadow of a database as the snapshot has it: the kept one if it still fits.

        ClusterError where one has to be built and cannot be.
        """
        name = database or snapshot.server.database
        key = (snapshot.target, name)
        digest = fingerprint(snapshot, name)
        kept = self._kept.get(key)
        if kept is not None:
            fits = kept.digest == digest and kept.sessions >= sessions
            if fits and kept.shadow.cluster.running:
                return kept.shadow
            del self._kept[key]
            kept.shadow.close()
        shadow = Shadow.build(snapshot, name, sessions=sessions, binaries=self._binaries)
        self._kept[key] = _Kept(digest=digest, sessions=sessions, shadow=shadow)
        return shadow

    def drop(self, target: str) -> None:
        """Delete the shadows of a target that is no longer watched."""
        for key in [key for key in self._kept if key[0] == target]:
            self._kept.pop(key).shadow.close()

    def close(self) -> None:
        """Delete every shadow."""
        while self._kept:
            _, kept = self._kept.popitem()
            # What cannot be deleted now, the next cluster's sweep deletes.
            with suppress(ClusterError):
                kept.shadow.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def fingerprint(snapshot: Snapshot, database: str) -> bytes:
    """A digest of all that a shadow of this database would be built from."""
    digest = sha256(f"{snapshot.server.version_num} {database}".encode())
    for item in _items(snapshot, database):
        digest.update(repr(item).encode())
    return digest.digest()


def _items(snapshot: Snapshot, database: str) -> Iterator[Any]:
    yield sorted(planner_settings(snapshot.settings).items())
    for table, names in _PARTS.items():
        for row in getattr(snapshot, table):
            if row.database == database:
                yield [getattr(row, name) for name in names.split()]
    for table in _WHOLE:
        for row in getattr(snapshot, table):
            if row.database == database:
                yield astuple(row)
