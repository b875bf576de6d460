"""Statements written so that an index can serve them, with the same answer; or why not.

Each module has one rewrite: `rewrite(tree, ground)`, and an EXAMPLE that is a test. A text that
is given out was written from the changed tree, read again by PostgreSQL's own parser, and stays
what it is when it is read and written once more.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.fingerprint import is_query
from pgtune_advisor.sqltext.rewrites.base import (
    Changed,
    Ground,
    Lookup,
    Outcome,
    Refused,
    TableFacts,
)
from pgtune_advisor.sqltext.unparsed import Unparsed

__all__ = ["Lookup", "Refused", "Rewritten", "TableFacts", "rewrite", "rewrites"]


_TYPES: Final = {
    "int2": "smallint",
    "int4": "int",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
}
_TYPE: Final = re.compile(rf"(?<=::)(?:{'|'.join(_TYPES)})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A statement that gives the same answer, and what must be known to use it.

    `baseline` is the statement to compare it with: the original, with an order that was left open
    settled. See Changed for the rest.
    """

    name: str
    text: str
    baseline: str
    parameters: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@cache
def rewrites() -> dict[str, ModuleType]:
    """The modules with a rewrite, by name."""
    found = (
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    )
    return {m.__name__.rpartition(".")[2]: m for m in found if hasattr(m, "rewrite")}


def rewrite(text: str, name: str, lookup: Lookup) -> Rewritten | Refused | None:
    """The statement by one of the rewrites; None where there is nothing for it to do."""
    if not is_query(text):
        return None
    written = library.deparsed(text)
    if isinstance(written, Unparsed):
        return Refused(reason="unparsed", detail="PostgreSQL's parser does not read the text")
    tree = dialect.parsed(written, keep_literals=True)
    if isinstance(tree, Unparsed):
        return Refused(reason="unparsed", detail="the text is not read with certainty")
    change: Callable[[exp.Expr, Ground], Outcome] = rewrites()[name].rewrite
    try:
        made = change(tree, Ground.of(tree, lookup))
        if not isinstance(made, Changed):
            return made
        if not _is_faithful(tree, written):
            return Refused(reason="not-read", detail="a part of it is not read as it stands")
        after = _checked(made.tree)
        before = _checked(made.baseline) if made.baseline is not None else written
    except RecursionError:
        return Refused(reason="too-deep", detail="it is nested deeper than is read safely")
    except SqlglotError:
        return Refused(reason="type", detail="the type of a column has a name that is not read")
    if after is None or before is None:
        return Refused(reason="not-written", detail="what came out could not be read again")
    return Rewritten(
        name=name,
        text=after,
        baseline=before,
        parameters=made.parameters,
        assumes=made.assumes,
        notes=made.notes,
    )


def _is_faithful(tree: exp.Expr, written: str) -> bool:
    """Whether the unchanged tree is the statement: nothing was left out, no list cut short."""
    again = library.deparsed(dialect.written(tree))
    return isinstance(again, str) and _spelt(again) == _spelt(written)


def _spelt(text: str) -> str:
    """With one name for each type: the parser's own and SQL's are the same."""
    return _TYPE.sub(lambda match: _TYPES[match[0]], text)


def _checked(tree: exp.Expr) -> str | None:
    """The tree as text, if PostgreSQL's parser and ours read it as the same."""
    text = library.deparsed(dialect.written(tree))
    if isinstance(text, Unparsed):
        return None
    again = dialect.parsed(text, keep_literals=True)
    if isinstance(again, Unparsed):
        return None
    return text if library.deparsed(dialect.written(again)) == text else None
