"""Whether a query locks the rows that it reads."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from pgtune_advisor.sqltext import library, tokens

_STRENGTHS: Final = frozenset({"UPDATE", "SHARE", "NO", "KEY"})


def locks_rows(text: str) -> bool:
    """Whether it says FOR UPDATE, FOR SHARE, FOR NO KEY UPDATE or FOR KEY SHARE, at any depth."""
    found = [
        piece
        for piece in tokens.pieces(library.scannable(text)) or ()
        if piece.kind not in tokens.COMMENTS
    ]
    return any(
        one.keyword and one.text.upper() == "FOR" and two.keyword and two.text.upper() in _STRENGTHS
        for one, two in pairwise(found)
    )
