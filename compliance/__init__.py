"""The gate: who may sign up, trade, deposit, withdraw and link a wallet."""
