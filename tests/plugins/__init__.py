"""Fixtures of the test suite, one subject a file."""
