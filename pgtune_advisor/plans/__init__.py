"""Plans: from EXPLAIN, or from the log, to nodes and to what is to be said of them.

`read_logged` takes whatever auto_explain wrote; `seen` tells what a plan gives to say.
"""

from pgtune_advisor.plans.failures import FailureReason, PlanError
from pgtune_advisor.plans.logged import LoggedPlan, Unreadable, UnreadableReason, read_logged
from pgtune_advisor.plans.nodes import Node, Plan
from pgtune_advisor.plans.observing import seen
from pgtune_advisor.plans.redaction import redacted

__all__ = [
    "FailureReason",
    "LoggedPlan",
    "Node",
    "Plan",
    "PlanError",
    "Unreadable",
    "UnreadableReason",
    "read_logged",
    "redacted",
    "seen",
]
