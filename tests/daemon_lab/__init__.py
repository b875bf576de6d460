"""What the tests of the store and the daemon share: made-up facts, and a daemon as a process."""
