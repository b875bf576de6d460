"""Our own size model: bytes of a freshly built index, from statistics alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pgtune_advisor.advise.btree_size import EQUAL_IMAGE, Tree, btree, tuple_size
from pgtune_advisor.advise.build_time import build_ms
from pgtune_advisor.advise.gin_size import Inverted, gin
from pgtune_advisor.advise.gin_terms import terms_of
from pgtune_advisor.advise.other_sizes import bloom_pages, brin_pages, hash_pages, tree_pages
from pgtune_advisor.advise.predicate_share import UNKNOWN_DISTINCT, predicate_share
from pgtune_advisor.advise.table_facts import (
    FIXED,
    PAGE,
    UNKNOWN_WIDTH,
    ColumnWidth,
    TableFacts,
    ValueFacts,
    Values,
    base_type,
    table_facts,
)
from pgtune_advisor.domain.index_def import IndexDef, IndexKey
from pgtune_advisor.domain.snapshot import Snapshot

# Of a table that the snapshot does not have: nothing is known, the least is assumed.
_NOTHING: Final = TableFacts(rows=0.0, pages=0, columns={})
_WITHHELD: Final = ValueFacts()

_CAST: Final = re.compile(r"::\s*([a-z][\w ]*?(?:\([\d, ]*\))?(?:\[\])?)\s*\)*\s*\Z", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"\A[\s(]*(?:pg_catalog\.)?([a-z_]\w*)\s*\(", re.IGNORECASE)
_NAME: Final = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_]\w*)')
_STRING: Final = re.compile(r"'(?:[^']|'')*'")
_ALIASES: Final[Mapping[str, str]] = {
    "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
    "float8": "double precision", "float4": "real", "decimal": "numeric", "varchar": "text",
    "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone",
}  # fmt: skip
# Functions whose result is of one type, and those that leave a text as long as it was.
_RESULTS: Final[Mapping[str, str]] = {
    "date_trunc": "timestamp with time zone", "date": "date", "extract": "numeric",
    "date_part": "double precision", "length": "integer", "char_length": "integer",
    "md5": "text", "to_tsvector": "tsvector", "abs": "bigint", "hashtext": "integer",
    "jsonb_array_length": "integer", "encode": "text",
}  # fmt: skip
_SAME: Final = frozenset(
    {"lower", "upper", "btrim", "ltrim", "rtrim", "trim", "coalesce", "initcap", "reverse"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a fresh index would be: pages of 8 kB, levels above the leaves, entries (rows that it
    holds, keys of all rows for GIN), `entry_bytes` of one with its line pointer, keys a row."""

    pages: int
    leaf_pages: int
    height: int
    entries: float
    entry_bytes: float
    keys: float = 1.0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pages * PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeModel:
    """Sizes of indexes of one database; made once from its statistics.

    `expressions` are statistics of expressions by table and text, where there are any.
    """

    tables: Mapping[tuple[str, str], TableFacts]
    values: Values = field(default_factory=dict)
    expressions: Mapping[tuple[str, str, str], ColumnWidth] = field(default_factory=dict)
    unequal_collations: Collection[str] = ()
    _built: dict[tuple[IndexDef, float | None], Build] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        database: str,
        *,
        values: Values | None = None,
        expressions: Mapping[tuple[str, str, str], ColumnWidth] | None = None,
        unequal_collations: Collection[str] = (),
    ) -> SizeModel:
        """The model of a database. `unequal_collations` are nondeterministic: no deduplication."""
        values = values or {}
        return cls(
            tables=table_facts(snapshot, database, values),
            values=values,
            expressions=expressions or {},
            unequal_collations=unequal_collations,
        )

    def size(self, index: IndexDef, *, selectivity: float | None = None) -> int:
        """Bytes of the index. `selectivity`: the share of rows that its predicate keeps."""
        return self.build(index, selectivity=selectivity).size

    def rows(self, index: IndexDef, *, selectivity: float | None = None) -> float:
        """Rows that the index holds."""
        return self.facts(index).rows * self.share(index, selectivity)

    def height(self, index: IndexDef, *, selectivity: float | None = None) -> int:
        """Levels above the leaves."""
        return self.build(index, selectivity=selectivity).height

    def build_ms(self, index: IndexDef, *, selectivity: float | None = None) -> float:
        """Roughly the milliseconds of CREATE INDEX on an idle server with a warm cache."""
        table = self.facts(index)
        built = self.build(index, selectivity=selectivity)
        return build_ms(
            index.method,
            self.column(index, index.keys[0]),
            table_rows=table.rows,
            table_pages=table.pages,
            entries=built.entries,
            index_pages=built.pages,
        )

    def facts(self, index: IndexDef) -> TableFacts:
        """The table under the index."""
        return self.tables.get(index.relation, _NOTHING)

    def share(self, index: IndexDef, selectivity: float | None = None) -> float:
        """The share of the table's rows in the index, in 0 … 1."""
        if selectivity is not None:
            return min(max(selectivity, 0.0), 1.0)
        columns = self.facts(index).columns
        common = {
            name: self.values.get((*index.relation, name), _WITHHELD).common for name in columns
        }
        return predicate_share(index.predicate, columns, common)

    def build(self, index: IndexDef, *, selectivity: float | None = None) -> Build:
        """The index as CREATE INDEX would leave it."""
        wanted = index, selectivity
        found = self._built.get(wanted)
        if found is None:
            found = self._built[wanted] = self._build(index, self.share(index, selectivity))
        return found

    def column(self, index: IndexDef, key: IndexKey) -> ColumnWidth:
        """What a key holds: its column's statistics, or what its expression is likely to."""
        table = self.facts(index)
        if key.column:
            return table.columns.get(key.column) or _unknown("text")
        known = self.expressions.get((*index.relation, key.expression))
        return known or expression_width(key.expression, table)

    def _build(self, index: IndexDef, share: float) -> Build:
        table = self.facts(index)
        keys = [self.column(index, key) for key in index.keys]
        if index.predicate:
            keys = [
                without_nulls(column) if _excludes_nulls(index.predicate, key) else column
                for column, key in zip(keys, index.keys, strict=True)
            ]
        rows = table.rows * share
        entry = tuple_size(keys) + 4
        match index.method:
            case "gin":
                terms = [
                    terms_of(column, key.opclass, table.rows)
                    for column, key in zip(keys, index.keys, strict=True)
                ]
                return _inverted(gin(terms, rows, max(table.rows_per_page * share, 1e-6)))
            case "hash":
                pages = hash_pages(keys[0], rows)
                return _flat(pages, rows * (1 - keys[0].null_fraction), 20.0)
            case "brin":
                return _flat(brin_pages(keys, table.pages), table.pages / 128, entry)
            case "gist" | "spgist":
                opclass = index.keys[0].opclass
                return _flat(tree_pages(keys, rows, opclass=opclass), rows, entry)
            case "bloom":
                return _flat(bloom_pages(rows), rows, 16.0)
            case _:
                include = [table.columns.get(name) or _unknown("text") for name in index.include]
                return _ordered(self._btree(index, keys, include, table, share))

    def _btree(
        self,
        index: IndexDef,
        keys: list[ColumnWidth],
        include: list[ColumnWidth],
        table: TableFacts,
        share: float,
    ) -> Tree:
        if index.unique and len(keys) == 1:
            keys = [replace(keys[0], distinct=table.rows, common=())]
        deduplicate = not include and all(
            column.base_type in EQUAL_IMAGE and key.collation not in self.unequal_collations
            for column, key in zip(keys, index.keys, strict=True)
        )
        return btree(keys, include, table.rows, share, deduplicate=deduplicate)


def expression_width(expression: str, table: TableFacts) -> ColumnWidth:
    """An expression that no statistics tell of, by its casts, its function and its columns.

    A function of one argument has no more values than its column; what is taken out of a
    document may have any number: a tenth of the rows is assumed.
    """
    bare = _STRING.sub("''", expression)
    names = [quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(bare)]
    source = next((table.columns[name] for name in names if name in table.columns), None)
    function = _FUNCTION.match(bare)
    called = function[1].lower() if function else ""
    cast = _CAST.search(bare)
    if cast and not called:
        kind = _ALIASES.get(base_type(cast[1]).lower(), base_type(cast[1]).lower())
    else:
        kind = _RESULTS.get(called, "text")
    if source is None:
        return _unknown(kind)
    if "->" in bare or "#>" in bare:
        column = _unknown(kind)
        return replace(column, distinct=max(table.rows / 10, UNKNOWN_DISTINCT))
    if called in _SAME or (not called and not cast):
        return source
    if kind == "tsvector":
        # Stop words go, and repeated ones, but each lexeme carries its positions.
        return ColumnWidth(
            type=kind,
            average_width=source.average_width,
            null_fraction=source.null_fraction,
            elements=max(source.average_width / 9.0, 1.0),
        )
    distinct = source.distinct
    if called in ("date_trunc", "date", "extract", "date_part", "length", "char_length"):
        distinct = min(distinct or table.rows, max(table.rows / 100, UNKNOWN_DISTINCT))
    width = _width_of(kind, source.average_width)
    if called == "md5":
        width = 33
    return replace(source, type=kind, average_width=width, distinct=distinct, common=())


def without_nulls(column: ColumnWidth) -> ColumnWidth:
    """The column among the rows in which it is not null."""
    present = 1 - column.null_fraction
    if not column.null_fraction or present <= 0:
        return replace(column, null_fraction=0.0)
    common = tuple(min(share / present, 1.0) for share in column.common)
    return replace(column, null_fraction=0.0, common=common)


def _excludes_nulls(predicate: str, key: IndexKey) -> bool:
    """Whether the predicate keeps no row in which a plain column is null: it compares it."""
    if not key.column:
        return False
    name = re.escape(key.column)
    # `(` and casts may stand between the column and what it is compared with.
    compared = rf'(?<![\w"])"?{name}"?\)*(?:::[\w ]+\)*)?\s*(?:=|<|>|IS\s+NOT\s+NULL)'
    return re.search(compared, predicate, re.IGNORECASE) is not None and not re.search(
        r"\bOR\b", predicate, re.IGNORECASE
    )


def _unknown(kind: str) -> ColumnWidth:
    return ColumnWidth(type=kind, average_width=_width_of(kind, UNKNOWN_WIDTH / 2))


def _width_of(kind: str, otherwise: float) -> float:
    fixed = FIXED.get(kind)
    if fixed:
        return fixed[0]
    return 7.0 if kind == "numeric" else otherwise


def _ordered(tree: Tree) -> Build:
    return Build(
        pages=tree.pages,
        leaf_pages=tree.leaf_pages,
        height=tree.height,
        entries=tree.entries,
        entry_bytes=tree.entry_bytes + 4,
    )


def _inverted(found: Inverted) -> Build:
    return Build(
        pages=found.pages,
        leaf_pages=max(found.pages - 1, 0),
        height=found.height,
        entries=found.entries,
        # Six bytes on the pending list with its header, about two once it is merged.
        entry_bytes=8.0,
        keys=found.keys,
    )


def _flat(pages: int, entries: float, entry_bytes: float) -> Build:
    return Build(
        pages=pages,
        leaf_pages=max(pages - 1, 0),
        height=0,
        entries=entries,
        entry_bytes=entry_bytes,
    )
