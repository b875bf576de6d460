"""Private PostgreSQL clusters, for the demo, for planning and for tests."""

from pgtune_advisor.cluster.binaries import Binaries, best_binaries, find_binaries
from pgtune_advisor.cluster.cluster import PrivateCluster
from pgtune_advisor.cluster.configuration import SCRATCH_SETTINGS
from pgtune_advisor.cluster.janitor import sweep

__all__ = [
    "SCRATCH_SETTINGS",
    "Binaries",
    "PrivateCluster",
    "best_binaries",
    "find_binaries",
    "sweep",
]
