"""Our advisor beside public ones, on a shop of 1 GB and 28 statements.

python -m bench.index.shop [--budget 450MB] [--planner hypopg] [--peers dexter] [--keep DIR]
"""

from __future__ import annotations

from pathlib import Path

from bench.index.runner import compare, comparing
from bench.index.workload import Workload

if __name__ == "__main__":
    compare(Workload.of(Path(__file__).parent), comparing(__doc__).parse_args())
