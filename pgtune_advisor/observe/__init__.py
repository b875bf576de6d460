"""Before and after: what changes did."""
