"""Our advisor beside a set chosen by hand, on an application for many tenants.

python -m bench.index.saas [--budget 300MB] [--planner shadow] [--runs 3] [--keep DIR]

What writes is run in a transaction that is rolled back.
"""

from __future__ import annotations

from pathlib import Path

from bench.index.runner import compare, comparing
from bench.index.workload import Workload

if __name__ == "__main__":
    compare(Workload.of(Path(__file__).parent), comparing(__doc__).parse_args())
