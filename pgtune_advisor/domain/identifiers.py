"""Names and literals of SQL: quoting, qualification, generated names that fit and stay the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from pgtune_advisor.domain.keywords import KEYWORDS

MAX_NAME_BYTES: Final = 63

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_RESERVED: Final = frozenset(KEYWORDS.split())


def quote_ident(name: str) -> str:
    """The identifier, in double quotes where SQL needs them."""
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str | None, name: str) -> str:
    """`schema.name`, each quoted where needed."""
    return f"{quote_ident(schema)}.{quote_ident(name)}" if schema else quote_ident(name)


def quote_literal(text: str) -> str:
    """The text as a string constant that reads the same with any standard_conforming_strings."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def column_list(columns: Iterable[str]) -> str:
    """`a, b, "C"`."""
    return ", ".join(quote_ident(column) for column in columns)


def _cut(text: str, size: int) -> str:
    """The longest prefix of `text` that has at most `size` bytes in UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


def index_name(table: str, columns: Iterable[str], taken: Iterable[str] = ()) -> str:
    """A name for an index: `table_a_b_idx`, at most 63 bytes, the same for the same input.

    Where it had to be cut, or is in `taken`, a hash of the whole keeps it distinct.
    """
    return _name(table, columns, "_idx", taken)


def statistics_name(table: str, columns: Iterable[str], taken: Iterable[str] = ()) -> str:
    """A name for extended statistics: `table_a_b_stat`, else as index_name()."""
    return _name(table, columns, "_stat", taken)


def _name(table: str, columns: Iterable[str], suffix: str, taken: Iterable[str]) -> str:
    parts = [table, *(re.sub(r"\W+", "_", column).strip("_") or "expr" for column in columns)]
    whole = "_".join(parts)
    name = f"{whole}{suffix}"
    used = set(taken)
    if len(name.encode()) <= MAX_NAME_BYTES and name not in used:
        return name
    for salt in range(len(used) + 1):
        digest = sha256(f"{whole}\0{salt}".encode()).hexdigest()[:8]
        name = f"{_cut(whole, MAX_NAME_BYTES - 9 - len(suffix))}_{digest}{suffix}"
        if name not in used:
            break
    return name


def slug(text: str, size: int = 48) -> str:
    """The text as a part of a file name: lower case ASCII letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:size].rstrip("_") or "x"
