"""Plain tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

_GAP = 2


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, width: int) -> str:
    """Columns side by side; the last one wraps so that the whole fits in `width`."""
    if not rows:
        return ""
    texts = [[str(cell) for cell in row] for row in rows]
    taken = sum(
        max(len(row[i]) for row in [list(headers), *texts]) + _GAP for i in range(len(headers) - 1)
    )
    limits = [None] * (len(headers) - 1) + [max(width - taken, 24)]
    table = tabulate(texts, headers, tablefmt="simple", maxcolwidths=limits, disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines()) + "\n"
