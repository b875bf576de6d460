"""Extensions that changes need: which index needs which, and their creation where they lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pgtune_advisor.domain.changes import Script
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.snapshot import Snapshot

# Contributed operator classes by the name that CREATE INDEX uses.
_BY_OPCLASS: Final[Mapping[str, str]] = {
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
    "gin__int_ops": "intarray",
    "gist__int_ops": "intarray",
    "gist__intbig_ops": "intarray",
    "gin_hstore_ops": "hstore",
    "gist_hstore_ops": "hstore",
    "gist_ltree_ops": "ltree",
    "gist__ltree_ops": "ltree",
}
_BY_METHOD: Final[Mapping[str, str]] = {"bloom": "bloom"}
_SCALAR_METHODS: Final[Mapping[str, str]] = {"gin": "btree_gin", "gist": "btree_gist"}
# The types, as format_type() prints them, that GIN and GiST take by btree_gin or btree_gist alone.
_SCALARS: Final = frozenset(
    {
        "bigint",
        "integer",
        "smallint",
        "real",
        "double precision",
        "numeric",
        "money",
        "oid",
        "text",
        "character varying",
        "character",
        "bytea",
        "bit",
        "bit varying",
        "date",
        "interval",
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
        "macaddr",
        "macaddr8",
        "uuid",
        "boolean",
    }
)


def create_extension(database: str, name: str) -> Script:
    """CREATE EXTENSION with its inverse."""
    return Script(
        database=database,
        up=f"CREATE EXTENSION {quote_ident(name)}",
        down=f"DROP EXTENSION {quote_ident(name)}",
        lock="none on user tables",
        transactional=True,
        duration="instant",
    )


def extension_scripts(snapshot: Snapshot, database: str, name: str) -> list[Script] | None:
    """CREATE EXTENSION where the database does not have it; None where it cannot.

    Several recommendations may need the same extension. So each makes it if it is not there, and
    none takes it away.
    """
    known = {e.name: e for e in snapshot.extensions if e.database == database}
    if known and name not in known:
        return None
    if name in known and known[name].installed_version:
        return []
    plain = create_extension(database, name)
    return [
        Script(
            database=database,
            up=f"CREATE EXTENSION IF NOT EXISTS {quote_ident(name)}",
            down=None,
            lock=plain.lock,
            transactional=plain.transactional,
            duration=plain.duration,
        )
    ]


def needed_by(snapshot: Snapshot, database: str, index: IndexDef) -> tuple[str, ...]:
    """The extensions that bring this index's access method and operator classes."""
    types = {
        c.name: c.type
        for c in snapshot.columns
        if (c.database, c.schema, c.table) == (database, *index.relation)
    }
    names = [_BY_METHOD.get(index.method)]
    names += [_of_key(index.method, key, types.get(key.column, "")) for key in index.keys]
    return tuple(dict.fromkeys(name for name in names if name))


def _of_key(method: str, key: IndexKey, column_type: str) -> str | None:
    if key.opclass:
        # `public.gist_trgm_ops (siglen = 32)`: neither schema nor parameters matter.
        bare = key.opclass.partition("(")[0].strip().rpartition(".")[2]
        return _BY_OPCLASS.get(bare)
    plain_type = column_type.partition("(")[0].strip()
    if "(" in column_type and ")" in column_type:
        plain_type = f"{plain_type}{column_type.rpartition(')')[2]}"
    return _SCALAR_METHODS.get(method) if plain_type in _SCALARS else None
