"""The exchange seen from outside: markets, the one way in, the one way out, doors and feeds."""
