"""From a server to a snapshot: what could be read, and a named gap for what could not."""
