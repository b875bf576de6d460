"""Whether our set makes a statement slower, where the planner's estimates are wrong.

python -m bench.index.analytic [--budget 300MB] [--planner hypopg] [--runs 3] [--keep DIR]

Prints the statements of each set as well; ends with status 1 if our set makes one slower.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.index.runner import compare, comparing, ours
from bench.index.workload import Workload


def main() -> int:
    options = comparing(__doc__).parse_args()
    options.statements = True
    found = compare(Workload.of(Path(__file__).parent), options)
    for one in found:
        print(
            f"{one.name}: {len(one.slower)} statements slower, total {one.cpu or 1:.3f} of before"
        )
    return int(any(one.slower for one in ours(found)))


if __name__ == "__main__":
    sys.exit(main())
