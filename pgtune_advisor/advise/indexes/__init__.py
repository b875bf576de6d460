"""Index advice: from a workload and a planner to a set of indexes, with what was turned down."""
