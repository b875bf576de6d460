"""What an index takes: space on disk, and work for every write."""

from __future__ import annotations

from typing import Protocol

from pgtune_advisor.domain.index_def import IndexDef


class Prices(Protocol):
    """The price of an index; pure, and the same for the same index."""

    def size(self, index: IndexDef) -> int:
        """Bytes on disk of a fresh build."""
        ...

    def share(self, index: IndexDef) -> float:
        """The share of the table's rows that the index holds, in 0 … 1."""
        ...

    def upkeep(self, index: IndexDef) -> float:
        """Planner units that writes of the window pay for it, in the weights' currency."""
        ...

    def upkeep_note(self, index: IndexDef) -> str:
        """The same in words."""
        ...

    def build_ms(self, index: IndexDef) -> float:
        """How long a build takes, roughly."""
        ...
