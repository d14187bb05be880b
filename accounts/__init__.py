"""People and their money: users, sessions, second factor, wallets, API keys, the ledger."""
