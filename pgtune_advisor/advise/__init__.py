"""From findings to recommendations: changes, grouping, ranking."""
