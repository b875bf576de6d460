"""Which index could serve a condition on a column, and what such an index would be made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.domain.objects import Index
from pgtune_advisor.sqltext import Predicate, compare_expressions

# The only functions that are surely immutable for every value and locale of a text column.
_IMMUTABLE: Final = frozenset({"lower", "upper"})
_BYTEWISE: Final = ("C", "POSIX", "ucs_basic", "C.UTF-8", "pg_c_utf8")
_READS_ALL: Final = 0.5
_READS_LITTLE: Final = 0.1


def is_text(column_type: str) -> bool:
    """Whether operators of text read the column as it is."""
    return column_type == "text" or column_type.startswith("character varying")


def index_key(predicate: Predicate, column_type: str) -> str:
    """The key, as SQL, of an index for the predicate's side; '' where none is surely possible."""
    column = quote_ident(predicate.column or "")
    if predicate.expression == column:
        return column
    functions, plain = predicate.functions, is_text(column_type) and not predicate.cast_types
    if plain and len(functions) == 1 and functions[0] in _IMMUTABLE:
        call = f"{functions[0]}({column})"
        return call if compare_expressions(predicate.expression, call) == "same" else ""
    return ""


def expression_index(indexes: Iterable[Index], predicate: Predicate) -> str:
    """An index on the predicate's expression, or ''; one that may be it counts."""
    for index, key, is_expression, _ in _keys(indexes):
        if is_expression and compare_expressions(predicate.expression, key) != "different":
            return index.name
    return ""


def trigram_index(indexes: Iterable[Index], predicate: Predicate) -> str:
    """A trigram index on the predicate's side, or ''."""
    for index, key, is_expression, opclass in _keys(indexes):
        if opclass.endswith("_trgm_ops") and _same_side(predicate, key, is_expression):
            return index.name
    return ""


def plain_index(indexes: Iterable[Index], predicate: Predicate) -> str:
    """An index whose first key is the predicate's column as it is, or ''."""
    for index, key, is_expression, _ in _keys(indexes):
        if not is_expression and key == index.keys[0] == predicate.column:
            return index.name
    return ""


def pattern_index(indexes: Iterable[Index], predicate: Predicate) -> str:
    """A btree that serves LIKE 'prefix%' on the predicate's side, or ''."""
    for index, key, is_expression, opclass in _keys(indexes):
        leads = index.access_method == "btree" and key == index.keys[0]
        bytewise = opclass.endswith("_pattern_ops") or _collation(index) in _BYTEWISE
        if leads and bytewise and _same_side(predicate, key, is_expression):
            return index.name
    return ""


def needs_trigrams(
    predicate: Predicate, read_share: float | None, prefix_index: str
) -> bool | None:
    """Whether no ordered index can serve a LIKE; None where its parameter decides.

    The text keeps no constants. So where the pattern is a parameter the reads must tell: an ILIKE
    that reads the table, or a LIKE that reads it although a prefix would have had its index.
    """
    if predicate.like is None or predicate.negated:
        return False
    if predicate.like == "leading-wildcard":
        return True
    if read_share is None:
        return None
    if read_share < _READS_LITTLE or (predicate.like != "parameter" and not _folds(predicate)):
        return False
    if read_share >= _READS_ALL and (_folds(predicate) or prefix_index):
        return True
    return None


def _folds(predicate: Predicate) -> bool:
    return predicate.operator == "ilike"


def _keys(indexes: Iterable[Index]) -> Iterator[tuple[Index, str, bool, str]]:
    """The known keys of indexes that work: index, key, whether it is an expression, opclass."""
    for index in indexes:
        if not (index.is_valid and index.is_live):
            continue
        for key, is_expression, opclass in zip(
            index.keys, index.key_is_expression, index.opclass_names, strict=True
        ):
            if key is not None:
                yield index, key, is_expression, opclass


def _same_side(predicate: Predicate, key: str, is_expression: bool) -> bool:
    if not is_expression:
        return predicate.expression == quote_ident(key)
    return compare_expressions(predicate.expression, key) != "different"


def _collation(index: Index) -> str:
    return (index.collations[0] or "").split(".", 1)[-1].strip('"')
