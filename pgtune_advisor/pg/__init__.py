"""Connections, sessions, capabilities, and the loader of the collection queries."""
