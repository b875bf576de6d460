"""Builders of changes to tables: wider keys, new keys, frozen databases."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.advise.builders import Built, Site, advice, builds
from pgtune_advisor.domain.changes import Change, Maintain, Script
from pgtune_advisor.domain.identifiers import qualified, quote_ident
from pgtune_advisor.domain.objects import Relation, Sequence
from pgtune_advisor.rules.facts.integer_keys import INTEGER_LIMITS, Place

_KEY_NAMES: Final = ("id", "row_id", "surrogate_id", "pgtune_id")


@builds("freeze-database")
def _freeze_database(site: Site) -> Built:
    """VACUUM (FREEZE) of the oldest tables, one by one, then of all that the database has."""
    row = site.match.row
    title = f"Freeze the oldest rows of database {quote_ident(row.name)}"
    changes: list[Change] = [
        Maintain(database=row.name, schema=schema, table=table, command="VACUUM (FREEZE)")
        for schema, table in row.oldest_tables
    ]
    whole = Script(
        database=row.name,
        up="VACUUM (FREEZE)",
        down=None,
        lock="SHARE UPDATE EXCLUSIVE on each table, one after the other",
        transactional=False,
        duration="long",
    )
    return title, [*changes, whole]


@builds("widen-integer-key")
def _widen_integer_key(site: Site) -> Built:
    """A sequence and the columns that hold its values, made bigint in one transaction."""
    row = site.match.row
    sequence: Sequence = row.sequence
    place = Place(table=(row.database, row.schema, row.table), column=row.column, type=row.type)
    places = [p for p in (place, *row.references) if p.limit < INTEGER_LIMITS["bigint"]]
    widened = row.role == "key" and sequence.data_type != "bigint"
    capped = row.role == "key" and sequence.max_value < INTEGER_LIMITS[sequence.data_type]
    if not (places or widened or capped):
        return advice(site)
    up = [_alter_column(p, "bigint") for p in places]
    down = [_alter_column(p, p.type) for p in places]
    name = qualified(sequence.schema, sequence.name)
    if widened:
        up.append(f"ALTER SEQUENCE {name} AS bigint")
        down.append(f"ALTER SEQUENCE {name} AS {sequence.data_type}")
    if capped:
        up.append(f"ALTER SEQUENCE {name} NO MAXVALUE")
        down.append(f"ALTER SEQUENCE {name} MAXVALUE {sequence.max_value}")
    change = Script(
        database=row.database,
        up=";\n".join(up),
        down=";\n".join(reversed(down)),
        lock=_lock(places, name),
        transactional=True,
        duration="long" if places else "instant",
    )
    return f"Widen {qualified(row.schema, row.table)}.{quote_ident(row.column)} to bigint", [change]


def _alter_column(place: Place, wanted: str) -> str:
    table = qualified(place.table[1], place.table[2])
    return f"ALTER TABLE {table} ALTER COLUMN {quote_ident(place.column)} TYPE {wanted}"


def _lock(places: list[Place], sequence: str) -> str:
    if not places:
        return f"SHARE ROW EXCLUSIVE on sequence {sequence}, for an instant"
    tables = dict.fromkeys(qualified(p.table[1], p.table[2]) for p in places)
    return (
        f"ACCESS EXCLUSIVE on {', '.join(tables)} until all is done: "
        "each is written anew with its indexes, and nothing reads or writes it meanwhile"
    )


@builds("add-primary-key")
def _add_primary_key(site: Site) -> Built:
    """A new identity column as the primary key, under a name that the table does not have."""
    relation: Relation = site.match.row.relation
    table = (relation.database, relation.schema, relation.name)
    taken = site.ground.columns[table]
    free = next((name for name in _KEY_NAMES if name not in taken), None)
    if free is None:
        return advice(site)
    name = qualified(relation.schema, relation.name)
    column = quote_ident(free)
    change = Script(
        database=relation.database,
        up=(
            f"ALTER TABLE {name} "
            f"ADD COLUMN {column} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        ),
        down=f"ALTER TABLE {name} DROP COLUMN {column}",
        lock=f"ACCESS EXCLUSIVE on {name} until all is done: the table is written anew, and "
        "nothing reads or writes it meanwhile",
        transactional=True,
        duration="long",
    )
    return f"Add a primary key to {name}", [change]
