"""Plans: from EXPLAIN's JSON to nodes, and why a statement has none."""

from pgtune_advisor.plans.failures import FailureReason, PlanError
from pgtune_advisor.plans.nodes import Node, Plan

__all__ = ["FailureReason", "Node", "Plan", "PlanError"]
