"""How long CREATE INDEX takes on an idle server whose tables are cached.

The constants were fitted to 55 builds of up to 3 million rows on two shared cores with PostgreSQL
15 and no parallel workers: within a factor of 2 for nine in ten. A slower disk makes it longer.
"""

from __future__ import annotations

import math
from typing import Final

from pgtune_advisor.advise.table_facts import ColumnWidth

PAGE_READ_MS: Final = 0.003
ROW_READ_MS: Final = 0.00005
PAGE_WRITTEN_MS: Final = 0.06
# For each row times the binary logarithm of their number.
SORT_MS: Final = 0.00001
SORT_IN_ORDER_MS: Final = 0.0000005
SORT_TEXT_MS: Final = 0.000018
# Abbreviated keys settle nothing where they are equal: the whole texts are compared.
SORT_TIED_TEXT_MS: Final = 0.00004
HASH_ENTRY_MS: Final = 0.0013
GIN_ENTRY_MS: Final = 0.00007
GIN_TEXT_ENTRY_MS: Final = 0.0002
GIN_PAGE_MS: Final = 0.02
TREE_ENTRY_MS: Final = 0.0012


def build_ms(
    method: str,
    leading: ColumnWidth,
    *,
    table_rows: float,
    table_pages: int,
    entries: float,
    index_pages: int,
) -> float:
    """Milliseconds to build an index of `entries` and `index_pages` over a table."""
    scan = table_pages * PAGE_READ_MS + table_rows * ROW_READ_MS
    match method:
        case "brin":
            return scan
        case "hash":
            return scan + entries * HASH_ENTRY_MS
        case "gin":
            each = GIN_ENTRY_MS if leading.base_type == "jsonb" else GIN_TEXT_ENTRY_MS
            return scan + entries * each + index_pages * GIN_PAGE_MS
        case "gist" | "spgist" | "bloom":
            return scan + entries * TREE_ENTRY_MS
        case _:
            sort = entries * math.log2(max(entries, 2)) * _comparison(leading)
            return scan + sort + index_pages * PAGE_WRITTEN_MS


def _comparison(leading: ColumnWidth) -> float:
    if leading.fixed:
        in_order = abs(leading.correlation or 0.0) > 0.9
        return SORT_IN_ORDER_MS if in_order else SORT_MS
    tied = leading.distinct is not None and leading.distinct < 1000 and leading.null_fraction < 0.9
    return SORT_TIED_TEXT_MS if tied else SORT_TEXT_MS
