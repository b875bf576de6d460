"""What a statement's comments say, and whether they mark it as ours."""

from __future__ import annotations

import re
from typing import Final

from pgtune_advisor.sqltext import library, tokens

MARK: Final = "pgtune-advisor"

# PostgreSQL 18 writes it into lists of constants that it shortened.
_SHORTENED: Final = ", ..."
_OURS = re.compile(rf"/\*\s*{MARK}\b")
_COMMENT = re.compile(r"--|/\*")


def comment_of(text: str) -> tuple[str, ...]:
    """What the comments of the statement say, in order, without their delimiters."""
    if not _COMMENT.search(text):
        return ()
    return tuple(
        said for said in tokens.comments(library.scannable(text)) if said not in ("", _SHORTENED)
    )


def is_own(text: str) -> bool:
    """Whether the statement carries the advisor's mark, in a comment that stands anywhere.

    PostgreSQL 18 keeps no comment that stands before the first word.
    """
    return bool(_OURS.search(text)) and any(said.startswith(MARK) for said in comment_of(text))
