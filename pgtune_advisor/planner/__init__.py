"""What-if planners: HypoPG on the target, or a shadow of it."""
