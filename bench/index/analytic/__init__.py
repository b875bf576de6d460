"""Films: joins of three to eight tables, with correlations across them that mislead the planner."""
