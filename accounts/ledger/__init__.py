"""The ledger: double entry, append-only, and the only writer of money (I4, I5)."""
