"""Why a text has no shape: a value to count, not an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "empty",
    "hidden",
    "too-long",
    "truncated",
    "syntax",
    "too-deep",
    "several",
    "unsupported",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """A statement text that could not be read.

    `hidden`: the role may not see it. `truncated`: it ends in the middle of a statement.
    `too-long`, `too-deep`: beyond what is read safely. `several`: more than one statement.
    `unsupported`: PostgreSQL reads it, this advisor's reader does not.
    """

    reason: Reason
