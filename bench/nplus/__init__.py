"""Recordings of applications with and without N+1, for the corpus in tests/corpus/nplus."""
