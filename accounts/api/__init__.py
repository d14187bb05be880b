"""REST about people: log-in, API keys, the account; and how every other view knows who asks."""
