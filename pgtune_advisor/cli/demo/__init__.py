"""The demo: a private server, a shop with planted faults, and the whole loop on it."""
