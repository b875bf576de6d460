"""The statements that make a snapshot's schema again, each with what it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pgtune_advisor.domain.identifiers import column_list, qualified, quote_ident, quote_literal
from pgtune_advisor.domain.index_ddl import create_statement, definition_known, key_texts
from pgtune_advisor.domain.objects import Column, Constraint, Index, Relation
from pgtune_advisor.domain.schema import ColumnCollation, Locale, Partitioning, UserType, View
from pgtune_advisor.domain.server import Extension
from pgtune_advisor.domain.snapshot import Snapshot

Name = tuple[str, str]
# Every database has them, or they are of no use without the server that they were made for.
_NO_EXTENSIONS: Final = frozenset({"plpgsql"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Statements of ours; `kind` and `subject` name what would be missing without them.

    None are there for what could not be read.
    """

    kind: str
    subject: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a snapshot says of one database."""

    database: str
    extensions: tuple[Extension, ...]
    relations: tuple[Relation, ...]
    columns: Mapping[Name, Sequence[Column]]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]
    views: tuple[View, ...]
    user_types: tuple[UserType, ...]
    partitioning: Mapping[Name, Partitioning]
    collations: Mapping[tuple[str, str, str], ColumnCollation]
    locale: Locale | None

    @classmethod
    def of(cls, snapshot: Snapshot, database: str) -> Source:
        def mine(rows: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(row for row in rows if row.database == database)

        columns: dict[Name, list[Column]] = {}
        for column in mine(snapshot.columns):
            columns.setdefault((column.schema, column.table), []).append(column)
        locales = mine(snapshot.locales)
        return cls(
            database=database,
            extensions=mine(snapshot.extensions),
            relations=mine(snapshot.relations),
            columns=columns,
            indexes=mine(snapshot.indexes),
            constraints=mine(snapshot.constraints),
            views=mine(snapshot.views),
            user_types=mine(snapshot.user_types),
            partitioning={(p.schema, p.name): p for p in mine(snapshot.partitioning)},
            collations={(c.schema, c.table, c.name): c for c in mine(snapshot.column_collations)},
            locale=locales[0] if locales else None,
        )


def schemas(source: Source, owner: str) -> Iterator[Step]:
    """The schemas that anything lies in, as this role's."""
    names = {r.schema for r in source.relations} | {v.schema for v in source.views}
    names |= {t.schema for t in source.user_types}
    names |= {e.schema for e in source.extensions if e.schema and e.installed_version}
    for name in sorted(names - {"public", "pg_catalog"}):
        yield Step(
            kind="schema",
            subject=name,
            statements=(f"CREATE SCHEMA IF NOT EXISTS {quote_ident(name)} AUTHORIZATION {owner}",),
        )


def extensions(source: Source, available: frozenset[str]) -> Iterator[Step]:
    """The extensions that are installed there; those not at hand come without a statement."""
    for extension in source.extensions:
        if extension.installed_version is None or extension.name in _NO_EXTENSIONS:
            continue
        name = quote_ident(extension.name)
        place = f" SCHEMA {quote_ident(extension.schema)}" if extension.schema else ""
        statement = f"CREATE EXTENSION IF NOT EXISTS {name}{place} CASCADE"
        known = extension.name in available
        yield Step(
            kind="extension", subject=extension.name, statements=(statement,) if known else ()
        )


def types(source: Source) -> Iterator[Step]:
    """The types, in the order in which they were made."""
    for one in sorted(source.user_types, key=lambda t: t.order):
        yield Step(
            kind="type",
            subject=qualified(one.schema, one.name),
            statements=(f"CREATE {_type(one)}",),
        )


def _type(one: UserType) -> str:
    name = qualified(one.schema, one.name)
    match one.kind:
        case "d":
            null = " NOT NULL" if one.not_null else ""
            return f"DOMAIN {name} AS {one.base}{null}"
        case "e":
            return f"TYPE {name} AS ENUM ({', '.join(map(quote_literal, one.labels))})"
        case "r":
            return f"TYPE {name} AS RANGE (SUBTYPE = {one.base})"
        case _:
            pairs = zip(one.attributes, one.attribute_types, strict=True)
            fields = ", ".join(f"{quote_ident(field)} {kind}" for field, kind in pairs)
            return f"TYPE {name} AS ({fields})"


def tables(source: Source) -> Iterator[Step]:
    """The tables, without what refers to others. Generated columns become plain ones."""
    for relation in source.relations:
        if relation.extension is not None:
            continue
        name = (relation.schema, relation.name)
        own = source.columns.get(name, ())
        columns = ", ".join(_column(source, column) for column in own)
        text = f"CREATE TABLE IF NOT EXISTS {qualified(*name)} ({columns})"
        if relation.kind == "p":
            part = source.partitioning.get(name)
            # Without its key a partitioned table has no plan; an impossible one is refused aloud.
            text += f" PARTITION BY {part.key if part and part.key else 'UNKNOWN'}"
        elif relation.options:
            pairs = (option.split("=", 1) for option in relation.options)
            text += f" WITH ({', '.join(f'{k}={quote_literal(v)}' for k, v in pairs)})"
        yield Step(kind="table", subject=qualified(*name), statements=(text,))


def _column(source: Source, column: Column) -> str:
    found = source.collations.get((column.schema, column.table, column.name))
    collation = f" COLLATE {found.collation}" if found else ""
    null = " NOT NULL" if column.not_null else ""
    return f"{quote_ident(column.name)} {column.type}{collation}{null}"


def children(source: Source) -> Iterator[Step]:
    """Partitions and other children come to their parents, the deepest first."""
    parents: dict[Name, Name] = {
        (r.schema, r.name): (r.parent_schema, r.parent_name)
        for r in source.relations
        if r.parent_schema is not None and r.parent_name is not None
    }
    by_depth = sorted(
        (r for r in source.relations if (r.schema, r.name) in parents),
        key=lambda r: (-_depth((r.schema, r.name), parents), r.schema, r.name),
    )
    for relation in by_depth:
        name = (relation.schema, relation.name)
        child, parent = qualified(*name), qualified(*parents[name])
        if relation.is_partition:
            part = source.partitioning.get(name)
            bound = part.bound if part and part.bound else "UNKNOWN"
            text = f"ALTER TABLE ONLY {parent} ATTACH PARTITION {child} {bound}"
            yield Step(kind="partition", subject=child, statements=(text,))
        else:
            text = f"ALTER TABLE {child} INHERIT {parent}"
            yield Step(kind="child", subject=child, statements=(text,))


def _depth(name: Name, parents: Mapping[Name, Name]) -> int:
    depth = 0
    while name in parents and depth < len(parents):
        name, depth = parents[name], depth + 1
    return depth


def indexes(source: Source) -> Iterator[Step]:
    """The valid indexes, those of the deepest partitions first: their parents take them in.

    Primary keys become constraints, since statements may rely on them (GROUP BY). Of partitioned
    indexes only unique ones matter to plans.
    """
    kinds = {(r.schema, r.name): r for r in source.relations}
    parents: dict[Name, Name] = {
        (r.schema, r.name): (r.parent_schema, r.parent_name)
        for r in source.relations
        if r.is_partition and r.parent_schema is not None and r.parent_name is not None
    }
    usable = [
        i
        for i in source.indexes
        if i.is_valid and i.is_live and (not i.is_partitioned or i.is_unique)
    ]
    for index in sorted(usable, key=lambda i: -_depth((i.schema, i.table), parents)):
        table = (index.schema, index.table)
        if table not in kinds or kinds[table].extension is not None:
            continue
        subject = qualified(index.schema, index.name)
        yield Step(
            kind="index",
            subject=subject,
            statements=_index(index, partitioned=kinds[table].kind == "p"),
        )


def _index(index: Index, *, partitioned: bool) -> tuple[str, ...]:
    if not definition_known(index):
        return ()
    if index.is_primary and partitioned:
        include = f" INCLUDE ({column_list(index.include)})" if index.include else ""
        keys = column_list(key or "" for key in index.keys)
        name = quote_ident(index.constraint_name or index.name)
        table = qualified(index.schema, index.table)
        return (f"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY ({keys}){include}",)
    create = create_statement(
        name=index.name,
        schema=index.schema,
        table=index.table,
        keys=key_texts(index),
        access_method=index.access_method,
        unique=index.is_unique,
        include=index.include,
        nulls_not_distinct=index.nulls_not_distinct,
        options=index.options,
        predicate=index.predicate,
        concurrently=False,
    )
    if not index.is_primary:
        return (create,)
    name = quote_ident(index.constraint_name or index.name)
    table = qualified(index.schema, index.table)
    using = f"PRIMARY KEY USING INDEX {quote_ident(index.name)}"
    return create, f"ALTER TABLE {table} ADD CONSTRAINT {name} {using}"


def foreign_keys(source: Source) -> Iterator[Step]:
    """The foreign keys: the planner takes the size of a join from them."""
    partitioned = {(r.schema, r.name) for r in source.relations if r.kind == "p"}
    for key in source.constraints:
        if key.type != "f" or key.is_inherited or not key.foreign_table:
            continue
        table = (key.schema, key.table)
        foreign = (key.foreign_schema or "", key.foreign_table)
        text = (
            f"ALTER TABLE {qualified(*table)} ADD CONSTRAINT {quote_ident(key.name)}"
            f" FOREIGN KEY ({column_list(key.columns)})"
            f" REFERENCES {qualified(*foreign)} ({column_list(key.foreign_columns)})"
        )
        if table not in partitioned:
            text += " NOT VALID"
        subject = f"{key.name} on {qualified(*table)}"
        yield Step(kind="foreign-key", subject=subject, statements=(text,))


def views(source: Source) -> Iterator[Step]:
    """The views; one over another fails until that is there."""
    for view in source.views:
        if view.extension is not None:
            continue
        name = qualified(view.schema, view.name)
        query = (view.definition or "").rstrip().removesuffix(";")
        yield Step(
            kind="view",
            subject=name,
            statements=(f"CREATE VIEW {name} AS {query}",) if query else (),
        )
