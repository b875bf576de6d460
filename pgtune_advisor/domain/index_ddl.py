"""An index's definition from its identity, without asking the server, which would lock."""

from __future__ import annotations

from collections.abc import Sequence

from pgtune_advisor.domain.identifiers import column_list, qualified, quote_ident
from pgtune_advisor.domain.objects import Index


def key_texts(index: Index) -> tuple[str, ...]:
    """The keys with collation, opclass and order, as CREATE INDEX wants them.

    Raises ValueError where an expression is unknown.
    """
    texts = []
    for position, key in enumerate(index.keys):
        if key is None:
            raise ValueError(f"an expression of index {index.name} could not be read")
        text = key if index.key_is_expression[position] else quote_ident(key)
        for suffix in (_collation(index, position), index.opclasses[position]):
            text += f" {suffix}" if suffix else ""
        if index.orders[position]:
            text += f" {index.orders[position]}"
        texts.append(text)
    return tuple(texts)


def _collation(index: Index, position: int) -> str:
    collation = index.collations[position]
    return f"COLLATE {collation}" if collation else ""


def definition_known(index: Index) -> bool:
    """Whether every part of the definition could be read."""
    return None not in index.keys and not (index.has_predicate and index.predicate is None)


def create_statement(
    *,
    name: str,
    schema: str,
    table: str,
    keys: Sequence[str],
    access_method: str = "btree",
    unique: bool = False,
    include: Sequence[str] = (),
    nulls_not_distinct: bool = False,
    options: Sequence[str] = (),
    tablespace: str | None = None,
    predicate: str | None = None,
    concurrently: bool = True,
) -> str:
    """CREATE INDEX; `keys` and `predicate` are SQL text, names are raw."""
    parts = ["CREATE UNIQUE INDEX" if unique else "CREATE INDEX"]
    parts += ["CONCURRENTLY"] if concurrently else []
    parts += [quote_ident(name), "ON", qualified(schema, table)]
    parts += ["USING", quote_ident(access_method), f"({', '.join(keys)})"]
    parts += [f"INCLUDE ({column_list(include)})"] if include else []
    parts += ["NULLS NOT DISTINCT"] if nulls_not_distinct else []
    parts += [f"WITH ({_options(options)})"] if options else []
    parts += [f"TABLESPACE {quote_ident(tablespace)}"] if tablespace else []
    parts += [f"WHERE {predicate}"] if predicate else []
    return " ".join(parts)


def _options(options: Sequence[str]) -> str:
    pairs = (option.split("=", 1) for option in options)
    return ", ".join(f"{name}='{value}'" for name, value in pairs)


def definition(index: Index, *, concurrently: bool = True) -> str:
    """The CREATE INDEX that makes this index again. ValueError where a part is unknown."""
    if not definition_known(index):
        raise ValueError(f"the definition of index {index.name} is not wholly known")
    return create_statement(
        name=index.name,
        schema=index.schema,
        table=index.table,
        keys=key_texts(index),
        access_method=index.access_method,
        unique=index.is_unique,
        include=index.include,
        nulls_not_distinct=index.nulls_not_distinct,
        options=index.options,
        tablespace=index.tablespace,
        predicate=index.predicate,
        concurrently=concurrently,
    )
