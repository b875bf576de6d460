"""A shop: 1 GB, 28 statements, and the sets of indexes that public advisors chose for it."""
