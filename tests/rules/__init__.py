"""Cases of rules: what is read from their files, how a case is run, and what it may say."""
