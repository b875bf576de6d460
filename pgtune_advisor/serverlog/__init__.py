"""The server's log: what is in it, read as it grows."""
