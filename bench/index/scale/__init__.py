"""Many statements over many tables: how far the advisor comes in a given time."""
