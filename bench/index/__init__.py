"""Index advice measured: workloads, an evaluator that builds what was advised, and the runs."""
