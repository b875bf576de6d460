"""An index by what it is, whether or not it exists: what planners are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.index_ddl import create_statement, definition_known
from pgtune_advisor.domain.objects import Index

Order = Literal["", "DESC", "NULLS FIRST", "DESC NULLS LAST"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class IndexKey:
    """A key of an index.

    `expression` is SQL: a quoted column name, or an expression as CREATE INDEX wants it, with its
    parentheses. `column` is the raw name where the key is a plain column, else empty. `opclass`
    and `collation` are SQL, empty for the type's default.
    """

    expression: str
    column: str = ""
    opclass: str = ""
    collation: str = ""
    order: str = ""

    @classmethod
    def of(cls, column: str, *, opclass: str = "", order: Order = "") -> IndexKey:
        """The key of a plain column."""
        return cls(expression=quote_ident(column), column=column, opclass=opclass, order=order)

    @property
    def text(self) -> str:
        """The key as CREATE INDEX takes it."""
        collation = f"COLLATE {self.collation}" if self.collation else ""
        parts = (self.expression, collation, self.opclass, self.order)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class IndexDef:
    """The definition of an index without its name; equal definitions are one index.

    `include` are raw column names, `predicate` is SQL without WHERE, empty for a whole index.
    """

    schema: str
    table: str
    keys: tuple[IndexKey, ...]
    method: str = "btree"
    include: tuple[str, ...] = ()
    predicate: str = ""
    unique: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # The choice of indexes looks definitions up millions of times.
        parts = (self.table, self.keys, self.method, self.include, self.predicate, self.unique)
        object.__setattr__(self, "_hash", hash((self.schema, *parts)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def of(cls, index: Index) -> IndexDef | None:
        """The definition of an index that exists; None where a part of it could not be read."""
        if not definition_known(index):
            return None
        keys = tuple(
            IndexKey(
                expression=(key or "") if is_expression else quote_ident(key or ""),
                column="" if is_expression else key or "",
                opclass=opclass or "",
                collation=collation or "",
                order=order,
            )
            for key, is_expression, opclass, collation, order in zip(
                index.keys,
                index.key_is_expression,
                index.opclasses,
                index.collations,
                index.orders,
                strict=True,
            )
        )
        return cls(
            schema=index.schema,
            table=index.table,
            keys=keys,
            method=index.access_method,
            include=index.include,
            predicate=index.predicate or "",
            unique=index.is_unique,
        )

    @property
    def relation(self) -> tuple[str, str]:
        """Schema and table."""
        return self.schema, self.table

    @property
    def columns(self) -> tuple[str, ...]:
        """The plain columns among the keys, in order."""
        return tuple(key.column for key in self.keys if key.column)

    @property
    def key_texts(self) -> tuple[str, ...]:
        """The keys as CREATE INDEX takes them."""
        return tuple(key.text for key in self.keys)

    def statement(
        self, name: str, *, concurrently: bool = False, options: Sequence[str] = ()
    ) -> str:
        """CREATE INDEX under this name."""
        return create_statement(
            name=name,
            schema=self.schema,
            table=self.table,
            keys=self.key_texts,
            access_method=self.method,
            unique=self.unique,
            include=self.include,
            options=options,
            predicate=self.predicate or None,
            concurrently=concurrently,
        )

    def label(self) -> str:
        """`public.orders USING btree (user_id, created_at DESC) INCLUDE (total) WHERE …`."""
        text = self.statement("x")
        return text.partition(" ON ")[2]
